package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/failpoint"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const opMedia = "read media"

const (
	// slowStart is how long one may wait for the bytes of a stream before its rate
	// counts, and leastRate the bytes that must have come for each second of waiting
	// behind that: 64 downloads at a time need a line of 8 Mbit/s. A file that comes
	// a byte at a time ends with that, and one of N bytes after slowStart and
	// N/leastRate seconds at the latest.
	slowStart = 10 * time.Minute
	leastRate = 16 << 10
)

var (
	// errStalled and errSlow are the reasons for aborting a stream.
	errStalled = fmt.Errorf("no bytes arrived for too long: %w", os.ErrDeadlineExceeded)
	errSlow    = fmt.Errorf("the stream was slower than %d KiB/s: %w", leastRate>>10, os.ErrDeadlineExceeded)
)

// OpenMedia opens a recording's content. The signed URL is the permission: no
// token is sent, and the request is not counted in the budget. A stream may take
// as long as it needs but must not pause for longer than the client's
// stall time-out, must not be slower than leastRate, and must not be longer than
// the client's MaxMedia, whether it says how long it is or not.
//
// The address must be public and https, or on the client's list of allowed
// addresses; it may redirect to the same host alone. Another one is KindMalformed,
// because it is what Genesys Cloud answered.
//
// A URL that has run out is KindForbidden or KindNotFound, never
// KindUnauthorized, which speaks of the OAuth client. The URL is in no error.
// Errors of reading the body are *genesys.Error too; cancelling ctx ends it.
func (c *Client) OpenMedia(ctx context.Context, signed genesys.SignedURL) (*genesys.Media, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, signed.Reveal(), nil)
	if err != nil {
		return nil, invalid(opMedia, "the address is not a URL") // err contains it
	}
	if err := checkMediaURL(req.URL); err != nil {
		return nil, invalid(opMedia, "%v", err)
	}
	if err := c.allowed.Check(egress.Media, req.URL); err != nil {
		return nil, failure(opMedia, answer{}, err)
	}
	req.Header.Set("User-Agent", userAgent)
	stream, ctx := c.newStream(ctx)
	res, err := failpoint.Get(failpoint.MediaOpen, req.URL.Path, func() (*http.Response, error) { return c.media.Do(req.WithContext(ctx)) }) //nolint:bodyclose // the stream closes it
	if err != nil {
		stream.end()
		return nil, stream.explain(err)
	}
	stream.pause()
	stream.body = res.Body
	if res.StatusCode != http.StatusOK {
		defer func() { _ = stream.Close() }()
		return nil, mediaRefusal(res)
	}
	if !marksEnd(res) {
		defer func() { _ = stream.Close() }()
		return nil, failure(opMedia, answer{status: res.StatusCode, header: res.Header}, malformed("the answer has neither a length nor a marked end"))
	}
	if res.ContentLength > c.maxMedia {
		defer func() { _ = stream.Close() }()
		return nil, failure(opMedia, answer{status: res.StatusCode, header: res.Header}, c.tooLong())
	}
	stream.most, stream.tooLong = c.maxMedia, c.tooLong
	return &genesys.Media{
		Body:        stream,
		ContentType: clean(res.Header.Get("Content-Type"), maxWord),
		Length:      res.ContentLength,
	}, nil
}

// tooLong is the error of a file that is longer than any may be.
func (c *Client) tooLong() error {
	return malformed("a file of more than %d bytes (--max-recording-size)", c.maxMedia)
}

// marksEnd reports whether an answer that is cut short can be told from a whole one:
// it can if its length is known, if it comes in chunks, or over HTTP/2. Where the
// end of the connection is its only end (RFC 9112, section 6.3), it cannot.
func marksEnd(res *http.Response) bool {
	return res.ContentLength >= 0 || len(res.TransferEncoding) > 0 || res.ProtoMajor > 1
}

// checkMediaURL refuses what media cannot be at. Its errors are without the URL.
func checkMediaURL(target *url.URL) error {
	switch {
	case target.Scheme != "https" && target.Scheme != "http":
		return errors.New("the address's scheme is neither https nor http")
	case target.Host == "":
		return errors.New("the address has no host")
	case target.User != nil: // it would be sent as Authorization
		return errors.New("the address has a user")
	default:
		return nil
	}
}

// mediaRefusal is the error of an answer without media. Its body stays out: the
// store's explanations of a bad signature quote what was signed.
func mediaRefusal(res *http.Response) error {
	got := answer{status: res.StatusCode, header: res.Header}
	refused := &genesys.Error{
		Op: opMedia, Kind: kindOf(got.status), Status: got.status,
		RetryAfter: retryAfter(got.header), CorrelationID: got.correlationID(),
	}
	if refused.Kind == genesys.KindUnauthorized {
		refused.Kind = genesys.KindForbidden
	}
	return refused
}

// stream is a body that aborts itself when it receives nothing for too long.
type stream struct {
	body io.ReadCloser
	// callerErr is the error of the caller's context, nil while it is not cancelled.
	callerErr func() error
	cancel    context.CancelFunc
	stall     time.Duration
	watch     *time.Timer
	stalled   atomic.Bool
	// waited is how long the reader has waited for the bytes that it got, and most how
	// many may come.
	waited    time.Duration
	got, most int64
	tooLong   func() error
}

// newStream makes a stream whose watch runs already, for the answer's header.
// The request is to be made with the context.
func (c *Client) newStream(caller context.Context) (*stream, context.Context) {
	ctx, cancel := context.WithCancel(caller)
	s := &stream{callerErr: caller.Err, cancel: cancel, stall: c.stall}
	s.watch = time.AfterFunc(c.stall, func() {
		s.stalled.Store(true)
		cancel()
	})
	return s, ctx
}

// Read implements io.Reader. The time between two reads is the reader's own and
// does not count as a pause.
func (s *stream) Read(p []byte) (int, error) {
	left := slowStart + time.Duration(s.got/leastRate)*time.Second - s.waited
	if left <= 0 {
		return 0, failure(opMedia, answer{}, errSlow)
	}
	began := time.Now()
	s.watch.Reset(min(s.stall, left))
	n, err := failpoint.Get(failpoint.MediaRead, "", func() (int, error) { return s.body.Read(p) })
	s.pause()
	s.waited += time.Since(began)
	s.got += int64(n)
	switch {
	case s.got > s.most:
		return 0, failure(opMedia, answer{}, s.tooLong())
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case s.stalled.Load() && left < s.stall && s.callerErr() == nil:
		return n, failure(opMedia, answer{}, errSlow)
	default:
		return n, s.explain(err)
	}
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.end()
	return s.body.Close()
}

func (s *stream) pause() { s.watch.Stop() }

func (s *stream) end() {
	s.pause()
	s.cancel()
}

// explain makes an error of why the stream failed.
func (s *stream) explain(err error) error {
	switch {
	case s.callerErr() != nil:
		return cancelled(opMedia, s.callerErr())
	case s.stalled.Load():
		return failure(opMedia, answer{}, errStalled)
	default:
		return failure(opMedia, answer{}, err)
	}
}
