// Package rfc3161 requests time-stamps from a time-stamping authority.
package rfc3161

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/digitorus/timestamp"
)

const (
	// timeout is how long an authority may take to answer.
	timeout = 30 * time.Second
	// longest answer that is read, in bytes: a token with its chain of certificates
	// takes less than 10 KiB.
	longest = 256 << 10
	// nonceBits make it impossible to pass off an old answer as a new one.
	nonceBits = 128
)

// Error tells that an authority did not attest the time. It contains only the host of the
// authority's address, and nothing from its answer.
type Error struct {
	Host string
	// Refused tells that the authority answered, and that a retry would not help.
	Refused bool
	Says    string
}

func (e *Error) Error() string {
	return fmt.Sprintf("time-stamp from %s: %s", e.Host, e.Says)
}

// Authority is a time-stamping authority with an HTTP interface (RFC 3161, section 3.4).
type Authority struct{ URL *url.URL }

// client follows no redirects: they may lead to where nobody has allowed to ask.
var client = &http.Client{
	Timeout:       timeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Timestamp has the authority attest that a message exists now. The answer that it returns is
// for this message and this request, and its signature matches the certificate in it. Verifiers
// decide whether to trust that certificate.
func (a Authority) Timestamp(ctx context.Context, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), nonceBits))
	if err != nil {
		return nil, err
	}
	question := timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Nonce: nonce, Certificates: true}
	body, err := question.Marshal()
	if err != nil {
		return nil, err
	}
	answer, err := a.ask(ctx, body)
	if err != nil {
		return nil, err
	}
	if says := unfit(answer, digest[:], nonce); says != "" {
		return nil, a.refused(says)
	}
	return answer, nil
}

// parsing keeps answers from being parsed at the same time: digitorus/pkcs7 counts
// in a variable of its package how deep it is in one.
var parsing sync.Mutex

func parse(answer []byte) (*timestamp.Timestamp, error) {
	parsing.Lock()
	defer parsing.Unlock()
	return timestamp.ParseResponse(answer)
}

// unfit says why an answer is not one to a question about a digest; empty if it is.
func unfit(answer, digest []byte, nonce *big.Int) string {
	stamp, err := parse(answer)
	switch {
	case err != nil:
		return "the answer is not a valid time-stamp"
	case !bytes.Equal(stamp.HashedMessage, digest) || stamp.HashAlgorithm != crypto.SHA256:
		return "the time-stamp is for another digest"
	case stamp.Nonce == nil || stamp.Nonce.Cmp(nonce) != 0:
		return "the time-stamp answers another request"
	case len(stamp.Certificates) == 0:
		return "the answer contains no certificate to verify it with"
	default:
		return ""
	}
}

// ask sends a question and returns the answer.
func (a Authority) ask(ctx context.Context, question []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL.String(), bytes.NewReader(question))
	if err != nil {
		return nil, a.refused("cannot connect to its address")
	}
	request.Header.Set("Content-Type", "application/timestamp-query")
	response, err := client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &Error{Host: a.URL.Host, Says: "no answer: " + cause(err)}
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, &Error{
			Host: a.URL.Host, Says: fmt.Sprintf("HTTP %d", response.StatusCode),
			Refused: response.StatusCode < http.StatusInternalServerError && response.StatusCode != http.StatusTooManyRequests,
		}
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, longest+1))
	switch {
	case err != nil:
		return nil, &Error{Host: a.URL.Host, Says: "the answer broke off"}
	case len(answer) > longest:
		return nil, a.refused("the answer is too long for a time-stamp")
	}
	return answer, nil
}

func (a Authority) refused(says string) error {
	return &Error{Host: a.URL.Host, Refused: true, Says: says}
}

// cause is an error of the HTTP client without the address.
func cause(err error) string {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}
