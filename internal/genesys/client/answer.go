package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// answer is what came back of one request, whichever way it was sent.
type answer struct {
	// status is the HTTP status, 0 if no answer came.
	status int
	header http.Header
	body   []byte
}

// correlationHeader is the header of an answer that names it.
const correlationHeader = "Inin-Correlation-Id"

// correlationID is what Genesys support asks for first.
func (a answer) correlationID() string {
	return clean(a.header.Get(correlationHeader), maxWord)
}

// readAnswer takes an answer in and closes it. The error says why not all of
// the body came; a body of more than limit bytes is an error too.
func readAnswer(res *http.Response, limit int64) (answer, error) {
	defer res.Body.Close()
	got := answer{status: res.StatusCode, header: res.Header}
	if got.status >= http.StatusMultipleChoices {
		limit = maxRefusal
	}
	body, err := io.ReadAll(atMost(res.Body, limit))
	got.body = body
	return got, err
}

// errMalformed is the root of all errors that make a KindMalformed one.
var errMalformed = errors.New("malformed answer")

// malformed says in which way an answer is not what the API promises.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errMalformed}, args...)...)
}

// boundedReader fails, instead of ending, when there is more than it may read.
type boundedReader struct {
	from io.Reader
	left int64
	// failed is why reading stopped before the end, nil if it did not.
	failed error
}

// atMost reads up to limit bytes; if there are more, the error is malformed.
func atMost(from io.Reader, limit int64) *boundedReader {
	return &boundedReader{from: io.LimitReader(from, limit+1), left: limit}
}

// Read implements io.Reader.
func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		err = malformed("the answer is larger than this call allows")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// expect refuses an answer whose status is not one of those that the verb knows.
func (a answer) expect(op string, statuses ...int) error {
	if slices.Contains(statuses, a.status) {
		return nil
	}
	return failure(op, a, malformed("this call never answers with this status"))
}

// object decodes a body that has to be a JSON object.
func (a answer) object(op string, into any) error {
	return a.decode(op, '{', into)
}

// list decodes a body that has to be a JSON array.
func (a answer) list(op string, into any) error {
	return a.decode(op, '[', into)
}

func (a answer) decode(op string, first byte, into any) error {
	if err := decodeJSON(a.body, first, into); err != nil {
		return failure(op, a, err)
	}
	return nil
}

// lacking is the error for an answer without a field that the verb needs.
func (a answer) lacking(op, field string) error {
	return failure(op, a, malformed("no %s", field))
}

// progress decodes the JSON object that a call is answered with at once (200), or
// while the work is running (202).
func (a answer) progress(op string, into any) error {
	if err := a.expect(op, http.StatusOK, http.StatusAccepted); err != nil {
		return err
	}
	return a.object(op, into)
}

// invalid is the error for what a caller must not ask for.
func invalid(op, format string, args ...any) error {
	return &genesys.Error{Op: op, Kind: genesys.KindInvalid, Message: fmt.Sprintf(format, args...)}
}

// checkTimeout refuses a time-out in which nothing could be answered.
func checkTimeout(op string, timeout time.Duration) error {
	if timeout <= 0 {
		return invalid(op, "a time-out of %v", timeout)
	}
	return nil
}

// checkIDs refuses ids that must not become part of a URL or a request.
func checkIDs(op string, ids ...string) error {
	for _, id := range ids {
		if !genesys.ValidID(id) {
			return invalid(op, "%q is not a UUID", clean(id, maxWord))
		}
	}
	return nil
}

// jobID passes on the id of something started if it is a UUID: otherwise it
// could never be requested again.
func (a answer) jobID(op, id string) (string, error) {
	if !genesys.ValidID(id) {
		return "", failure(op, a, malformed("%q is not the id of a job", clean(id, maxWord)))
	}
	return id, nil
}
