package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// signedPath returns the address of a recording's i-th file, below the server's
// own, with a signature that is good for Options.ResultURLTTL from its making.
// The epoch lets all addresses made so far expire at once.
func (s *Simulator) signedPath(r *Recording, i, epoch int, made time.Time) string {
	path := fmt.Sprintf("/media/%s/%s/%d.%s",
		url.PathEscape(r.ConversationID), url.PathEscape(r.ID), i, r.Medium.extension())
	query := url.Values{
		"Expires": {strconv.FormatInt(made.Add(s.options.ResultURLTTL).UnixMilli(), 10)},
		"Epoch":   {strconv.Itoa(epoch)},
	}
	query.Set("Signature", s.urlSignature(path, query))
	return path + "?" + query.Encode()
}

// urlSignature makes the signature of an address.
func (s *Simulator) urlSignature(path string, query url.Values) string {
	mac := hmac.New(sha256.New, s.signing)
	fmt.Fprintf(mac, "%s\n%s\n%s", path, query.Get("Expires"), query.Get("Epoch"))
	return hex.EncodeToString(mac.Sum(nil))
}

// storageError is how S3, where Genesys Cloud keeps media, tells what is wrong.
const storageError = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId><HostId>simulator</HostId></Error>
`

func storageFailure(c *call, status int, code, message string) *reply {
	return &reply{
		status:      status,
		contentType: "application/xml",
		body:        fmt.Appendf(nil, storageError, code, message, c.correlation),
	}
}

// verify checks an address: made here, not expired, and without a token next to
// the signature, which S3 refuses as well.
func (s *Simulator) verify(c *call) *reply {
	query := c.URL.Query()
	expires, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	good := hmac.Equal([]byte(query.Get("Signature")), []byte(s.urlSignature(c.URL.EscapedPath(), query)))
	switch {
	case c.Header.Get("Authorization") != "":
		return storageFailure(c, http.StatusBadRequest, "InvalidArgument", "Only one auth mechanism allowed")
	case err != nil || !good:
		return storageFailure(c, http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided.")
	case s.now().UnixMilli() >= expires || query.Get("Epoch") != strconv.Itoa(s.epoch()):
		return storageFailure(c, http.StatusForbidden, "AccessDenied", "Request has expired")
	default:
		return nil
	}
}

func (s *Simulator) epoch() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.urlEpoch
}

// download answers with the bytes of one file of a recording.
func (s *Simulator) download(c *call) reply {
	if refusal := s.verify(c); refusal != nil {
		return *refusal
	}
	r, i := s.fileOf(c)
	if r == nil || !r.FileState.Downloadable() {
		return *storageFailure(c, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	return reply{status: http.StatusOK, contentType: r.ContentType, body: r.Media(i)}
}

// fileOf finds what an address names. The recording is a copy, nil if there is
// none any more.
func (s *Simulator) fileOf(c *call) (*Recording, int) {
	var i int
	if _, err := fmt.Sscanf(c.PathValue("file"), "%d.", &i); err != nil {
		return nil, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	conversation := s.known(c.PathValue("conversationId"), now)
	if conversation == nil {
		return nil, 0
	}
	r := s.find(conversation, c.PathValue("recordingId"), now)
	if r == nil {
		return nil, 0
	}
	found := *r
	return &found, i
}
