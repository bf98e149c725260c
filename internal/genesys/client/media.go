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

	"github.com/gcexport/recording-export-operator/internal/failpoint"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const opMedia = "read media"

// errStalled is why a stream was given up.
var errStalled = fmt.Errorf("the stream stood still: %w", os.ErrDeadlineExceeded)

// OpenMedia opens a recording's content. The signed URL is the permission: no
// token is sent, and the request is not counted in the budget. A stream may take
// as long as it needs but must not stand still for longer than the client's
// stall time-out.
//
// A URL that has run out is KindForbidden or KindNotFound, never
// KindUnauthorized, which speaks of the OAuth client. The URL is in no error.
// Errors of reading the body are *genesys.Error too; cancelling ctx ends it.
func (c *Client) OpenMedia(ctx context.Context, signed genesys.SignedURL) (*genesys.Media, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, signed.Reveal(), nil)
	if err != nil {
		return nil, invalid(opMedia, "the address is not a URL") // err holds it
	}
	if err := checkMediaURL(req.URL); err != nil {
		return nil, invalid(opMedia, "%v", err)
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
		return nil, failure(opMedia, answer{status: res.StatusCode, header: res.Header}, malformed("the answer does not say where it ends"))
	}
	return &genesys.Media{
		Body:        stream,
		ContentType: clean(res.Header.Get("Content-Type"), maxWord),
		Length:      res.ContentLength,
	}, nil
}

// marksEnd tells whether an answer that is cut short can be told from a whole one:
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

// stream is a body that is given up when it stands still.
type stream struct {
	body io.ReadCloser
	// callerErr is why who opened the stream has given up, nil if they have not.
	callerErr func() error
	cancel    context.CancelFunc
	stall     time.Duration
	watch     *time.Timer
	stalled   atomic.Bool
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
// does not count as standing still.
func (s *stream) Read(p []byte) (int, error) {
	s.watch.Reset(s.stall)
	n, err := failpoint.Get(failpoint.MediaRead, "", func() (int, error) { return s.body.Read(p) })
	s.pause()
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, s.explain(err)
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
