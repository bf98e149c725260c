package genesys

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is the kind of an error, which decides what to do about it (outcome.go).
type Kind string

// The kinds of errors.
const (
	// KindThrottled: Genesys Cloud told the OAuth client to wait (429). This does not count
	// as a failure or an attempt.
	KindThrottled Kind = "Throttled"
	// KindOverloaded: Genesys Cloud refused this one request for now (429) although the
	// OAuth client is far below its limit. So it does not throttle the client, but requests
	// for this item, such as one conversation. RetryAfter is its answer. Other requests may
	// be made meanwhile, and another client would get the same answer.
	KindOverloaded Kind = "Overloaded"
	// KindTimeout: no answer in time, by our time limit or theirs (408, 504).
	KindTimeout Kind = "Timeout"
	// KindTransient: a retry may work (network, other 5xx).
	KindTransient Kind = "Transient"
	// KindUnauthorized: the credentials are refused (401, or the login itself).
	KindUnauthorized Kind = "Unauthorized"
	// KindForbidden: the credentials are accepted, but a permission is missing (403).
	KindForbidden Kind = "Forbidden"
	// KindNotFound: the requested item does not exist (404).
	KindNotFound Kind = "NotFound"
	// KindInvalid: Genesys Cloud refuses the request as it is (other 4xx, 501).
	KindInvalid Kind = "Invalid"
	// KindMalformed: the answer is not as the API promises (empty, cut off, another form).
	// The answer to a retry may be.
	KindMalformed Kind = "Malformed"
	// KindOrphaned: the OAuth client that started a job is inactive, so the job has to be
	// started again with another one. This does not count as a failure or an attempt.
	KindOrphaned Kind = "Orphaned"
	// KindCancelled: the caller's context ended. It says nothing about Genesys Cloud.
	KindCancelled Kind = "Cancelled"
)

// Error is the one error type of calls to Genesys Cloud. It never contains a URL with a
// query, a token or a secret.
type Error struct {
	// Op says what was attempted, for example "read recording metadata".
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
	// Err is the cause if there was no answer; it contains no secrets.
	Err error
}

// Error says what was attempted, the answer and, for Genesys support, the correlation id.
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

// RetryAfterOf returns the RetryAfter of the *Error in err's chain, 0 if there is none.
func RetryAfterOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
