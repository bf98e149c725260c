package genesys

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what an error asks of whoever made the call.
type Kind string

// The kinds of errors.
const (
	// KindThrottled: Genesys Cloud told the OAuth client to wait (429). Not a failure
	// and not an attempt.
	KindThrottled Kind = "Throttled"
	// KindOverloaded: Genesys Cloud refused this one request for now (429) although
	// the OAuth client is far below what it may send: it is not the client that is
	// throttled, but what was requested, such as one conversation. RetryAfter is as
	// told. Everything else may be asked meanwhile, and another client would fare no
	// better.
	KindOverloaded Kind = "Overloaded"
	// KindTimeout: no answer in time, ours (client time-out) or theirs (408, 504).
	KindTimeout Kind = "Timeout"
	// KindTransient: may work when tried again (network, other 5xx).
	KindTransient Kind = "Transient"
	// KindUnauthorized: the credentials are refused (401, or the login itself).
	KindUnauthorized Kind = "Unauthorized"
	// KindForbidden: the credentials are good, a permission is missing (403).
	KindForbidden Kind = "Forbidden"
	// KindNotFound: what was requested does not exist (404).
	KindNotFound Kind = "NotFound"
	// KindInvalid: Genesys Cloud refuses the request as it stands (other 4xx, 501).
	KindInvalid Kind = "Invalid"
	// KindMalformed: the answer is not what the API promises (empty, cut short, of
	// another form); asked again, it may be.
	KindMalformed Kind = "Malformed"
	// KindOrphaned: the OAuth client that started it is out; with another it has
	// to be started again. Not a failure and not an attempt.
	KindOrphaned Kind = "Orphaned"
	// KindCancelled: the caller's context ended. It says nothing about Genesys
	// Cloud.
	KindCancelled Kind = "Cancelled"
)

// Error is the one error type of calls to Genesys Cloud. It never contains an
// URL with a query, a token or a secret.
type Error struct {
	// Op says what was being done, as "read recording metadata".
	Op   string
	Kind Kind
	// Status is the HTTP status, 0 if there was no answer.
	Status int
	// Code and Message are Genesys Cloud's own, if it gave any.
	Code    string
	Message string
	// RetryAfter is how long Genesys Cloud said to wait, 0 if it did not say.
	RetryAfter time.Duration
	// CorrelationID is what Genesys support asks for first.
	CorrelationID string
	// Err is the cause, if it is not an answer; already without secrets.
	Err error
}

// Error says what was done, what came back and, for Genesys support, the correlation id.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.CorrelationID != "" {
		fmt.Fprintf(&b, " (correlation id %s)", e.CorrelationID)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the *Error in err's chain, empty if there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// RetryAfterOf returns how long the *Error in err's chain was told to wait, 0 if it was not.
func RetryAfterOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
