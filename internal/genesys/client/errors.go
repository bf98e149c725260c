package client

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/redact"
)

// maxRetryAfter bounds how long an answer can make us wait before we ask again.
const maxRetryAfter = time.Hour

// kindOf is the kind of error that an HTTP status makes, if the answer is in
// Genesys Cloud's own words.
func kindOf(status int) genesys.Kind {
	switch {
	case status < http.StatusBadRequest:
		return genesys.KindMalformed // not an error, but not what was due either
	case status == http.StatusUnauthorized:
		return genesys.KindUnauthorized
	case status == http.StatusForbidden:
		return genesys.KindForbidden
	case status == http.StatusNotFound:
		return genesys.KindNotFound
	case status == http.StatusTooManyRequests:
		return genesys.KindThrottled
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return genesys.KindTimeout
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		return genesys.KindTransient
	default:
		return genesys.KindInvalid
	}
}

// believed is the kind of error that a refusal makes, and why it is not the one
// of its status. A status that says that the request will never work (4xx but
// 401, 408 and 429; 501) counts only in Genesys Cloud's own words, which have a
// code: a proxy, a gateway or a load balancer answers with such a status too, with
// a page of its own, and the next answer may be Genesys Cloud's. A 404 has to say
// for certain that what was requested does not exist.
func believed(op string, status int, code string) (genesys.Kind, error) {
	switch kind := kindOf(status); kind {
	case genesys.KindNotFound:
		if code != "" && !absent(op, code) {
			return genesys.KindMalformed, errUncertain
		}
		fallthrough
	case genesys.KindForbidden, genesys.KindInvalid:
		if code == "" {
			return genesys.KindMalformed, errForeign
		}
		return kind, nil
	default:
		return kind, nil
	}
}

var (
	errForeign   = malformed("the answer has no code of Genesys Cloud and may come from a proxy")
	errUncertain = malformed("the code does not prove that the item does not exist")
)

// errorBody is what Genesys Cloud writes into the answer of a refused request
// (ErrorBody in the Platform API).
type errorBody struct {
	Message       string         `json:"message"`
	Code          string         `json:"code"`
	ContextID     string         `json:"contextId"`
	MessageParams map[string]any `json:"messageParams"`
}

// refusal is the error of an answer with an error status. Should the answer
// echo a secret, it is removed.
func refusal(op string, got answer, secrets ...string) *genesys.Error {
	var body errorBody
	// Fields of a wrong type stay empty, the others are kept.
	_ = unmarshal(got.body, refusals, &body)
	tidy := func(text string, limit int) string { return clean(redact.Text(text, secrets...), limit) }
	code := tidy(body.Code, maxWord)
	kind, why := believed(op, got.status, code)
	return &genesys.Error{
		Op: op, Kind: kind, Status: got.status, Err: why,
		Code:          code,
		Message:       tidy(body.explained(), maxMessage),
		RetryAfter:    retryAfter(got.header),
		CorrelationID: cmp.Or(tidy(got.header.Get(correlationHeader), maxWord), tidy(body.ContextID, maxWord)),
	}
}

// explained is the message with those of its parameters that it does not
// mention: they name the missing permission.
func (b errorBody) explained() string {
	message := b.Message
	for _, name := range slices.Sorted(maps.Keys(b.MessageParams)) {
		value, ok := b.MessageParams[name].(string)
		if ok && !strings.Contains(message, value) {
			message += " (" + name + ": " + value + ")"
		}
	}
	return message
}

// failure is the error of a request without an answer, or with one that is not
// what the API promises.
func failure(op string, got answer, err error) error {
	return &genesys.Error{
		Op: op, Kind: kindOfFailure(err), Status: got.status,
		CorrelationID: got.correlationID(), Err: cause(err),
	}
}

// kindOfFailure is the kind of error that a cause other than a status makes.
func kindOfFailure(err error) genesys.Kind {
	var network net.Error
	var refused *egress.Refused
	switch {
	case errors.As(err, &refused), errors.Is(err, errMalformed), errors.Is(err, io.ErrUnexpectedEOF):
		return genesys.KindMalformed
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return genesys.KindTimeout
	default:
		return genesys.KindTransient
	}
}

// cause is what lies under err, without the URL that *url.Error and the SDK put
// around it. Only the text is kept: what is further down may contain it again.
func cause(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return errors.New(clean(err.Error(), maxMessage))
}

// cancelled is the error of a call whose caller was cancelled.
func cancelled(op string, err error) error {
	return &genesys.Error{Op: op, Kind: genesys.KindCancelled, Err: err}
}

// retryAfter is how long an answer says to wait, 0 if it does not say.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return withinMax(time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	// Measured by the clock that wrote it, if that shows.
	if now, err := http.ParseTime(header.Get("Date")); err == nil {
		return withinMax(at.Sub(now))
	}
	return withinMax(time.Until(at))
}

func withinMax(d time.Duration) time.Duration { return min(max(d, 0), maxRetryAfter) }
