package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bucket is a bucket of an S3 server. The zero value is none.
type Bucket struct {
	// Endpoint is the scheme and host of the server, without a slash at its end.
	Endpoint string
	Region   string
	Name     string
	// AccessKeyID and SecretAccessKey are those of somebody who may write.
	AccessKeyID, SecretAccessKey string
}

// exists reports whether there is a bucket.
func (b Bucket) exists() bool { return b != Bucket{} }

func (b Bucket) validate() error {
	endpoint, err := url.Parse(b.Endpoint)
	if b.exists() && (err != nil || endpoint.Host == "" || b.Name == "" || b.Region == "" || b.AccessKeyID == "" || b.SecretAccessKey == "") {
		return errors.New("ExportBucket needs an endpoint, a region, a name and both keys")
	}
	return nil
}

// bucketTimeout bounds the writing of an object.
const bucketTimeout = 30 * time.Second

// put writes an object.
func (b Bucket) put(ctx context.Context, key string, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, b.Endpoint, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("write object: %w", err)
	}
	request.URL.Path, request.URL.RawPath = "/"+b.Name+"/"+key, "/"+b.Name+"/"+escapeKey(key)
	b.sign(request, content, time.Now())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("write object: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		problem, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("write object %s: %s: %s", key, response.Status, problem)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

const (
	amzDate     = "20060102T150405Z"
	amzContent  = "X-Amz-Content-Sha256"
	amzSigned   = "host;x-amz-content-sha256;x-amz-date"
	amzProtocol = "AWS4-HMAC-SHA256"
)

// sign signs a request as S3 wants it: Signature Version 4.
func (b Bucket) sign(r *http.Request, content []byte, now time.Time) {
	at, sum := now.UTC().Format(amzDate), sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Date", at)
	r.Header.Set(amzContent, digest)
	canonical := strings.Join([]string{
		r.Method, r.URL.RawPath, "", "host:" + r.URL.Host, "x-amz-content-sha256:" + digest, "x-amz-date:" + at, "", amzSigned, digest,
	}, "\n")
	scope := strings.Join([]string{at[:8], b.Region, "s3", "aws4_request"}, "/")
	hashed := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + b.SecretAccessKey)
	for part := range strings.SplitSeq(scope, "/") {
		key = authenticate(key, part)
	}
	signature := authenticate(key, strings.Join([]string{amzProtocol, at, scope, hex.EncodeToString(hashed[:])}, "\n"))
	r.Header.Set("Authorization", fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%x", amzProtocol, b.AccessKeyID, scope, amzSigned, signature))
}

func authenticate(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// escapeKey writes a key as signatures want it: everything but letters, digits, "-._~" and the
// slash is escaped.
func escapeKey(key string) string {
	var out strings.Builder
	for _, b := range []byte(key) {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte("-._~/", b) >= 0:
			out.WriteByte(b)
		default:
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}
