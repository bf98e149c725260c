package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	idleTimeout      = 90 * time.Second
	keepAlive        = 30 * time.Second
	// idlePerHost is how many connections to one host are kept for the next
	// request: as many as run beside each other at most.
	idlePerHost = 16
	// maxRedirects is how often a media URL may point elsewhere.
	maxRedirects = 5
)

// newTransport makes a transport that honours HTTP_PROXY, HTTPS_PROXY and
// NO_PROXY and keeps connections alive. It bounds how long connecting takes;
// how long an answer may take is each request's own.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: idlePerHost,
		ForceAttemptHTTP2:   true,
	}
}

// newAPIClient makes the HTTP client for Platform API routes. The Platform API
// does not redirect; what does stands in between, and gets no second request.
func newAPIClient() *http.Client {
	return &http.Client{
		Transport:     newTransport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newMediaClient makes the HTTP client for media. It takes them as they are
// stored: a content encoding is neither asked for nor undone.
func newMediaClient() *http.Client {
	transport := newTransport()
	transport.DisableCompression = true
	return &http.Client{Transport: transport, CheckRedirect: followMedia}
}

// followMedia lets a media URL point elsewhere, but not to a weaker scheme, and
// not with the URL that led there in the Referer header.
func followMedia(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return errors.New("redirected too often")
	}
	if err := checkMediaURL(next.URL); err != nil {
		return err
	}
	if next.URL.Scheme == "http" && before[0].URL.Scheme == "https" {
		return errors.New("redirected from https to http")
	}
	next.Header.Del("Referer")
	return nil
}

// maxAnswer bounds an answer that is taken as a whole, in bytes. The largest is
// that of a batch request: 100 recordings with a signed URL each.
const maxAnswer = 8 << 20

// route is a request that leaves by our own transport.
type route struct {
	// method is that of HTTP; empty means GET.
	method string
	path   string
	query  url.Values
	// send is the body, as JSON; nil means none.
	send any
	// timeout bounds the whole exchange, from connecting to the last byte.
	timeout time.Duration
	// limit bounds the answer, in bytes; 0 means maxAnswer.
	limit int64
	// consume reads the body of a 200 while it comes; nil if it is small enough
	// to be taken as a whole. Its errors are malformed answers.
	consume func(io.Reader) error
}

// fetch makes a call by our own transport.
func (c *Client) fetch(ctx context.Context, op string, r route) (answer, error) {
	return c.call(ctx, op, func(ctx context.Context, token string) (answer, error) {
		ctx, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		return c.exchange(ctx, r, token)
	})
}

// fetchObject makes a call by our own transport that is answered with a JSON
// object, at once (200) or while the work continues (202), and decodes it.
func (c *Client) fetchObject(ctx context.Context, op string, r route, into any) (answer, error) {
	got, err := c.fetch(ctx, op, r)
	if err != nil {
		return got, err
	}
	return got, got.progress(op, into)
}

// exchange sends the request and reads its answer.
func (c *Client) exchange(ctx context.Context, r route, token string) (answer, error) {
	r.limit = cmp.Or(r.limit, maxAnswer)
	req, err := c.newRequest(ctx, r, token)
	if err != nil {
		return answer{}, err
	}
	res, err := c.api.Do(req)
	if err != nil {
		return answer{}, err
	}
	if res.StatusCode != http.StatusOK || r.consume == nil {
		return readAnswer(res, r.limit)
	}
	return consumeAnswer(res, r)
}

// newRequest makes the request of a route. net/http sends a POST or a PUT a
// second time only if no byte of it has left.
func (c *Client) newRequest(ctx context.Context, r route, token string) (*http.Request, error) {
	address := c.endpoint + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.send != nil {
		data, err := json.Marshal(r.send)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.method, http.MethodGet), address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// consumeAnswer has a body read while it comes.
func consumeAnswer(res *http.Response, r route) (answer, error) {
	defer res.Body.Close()
	got := answer{status: res.StatusCode, header: res.Header}
	body := atMost(res.Body, r.limit)
	err := r.consume(body)
	switch {
	case err == nil:
		return got, nil
	case body.failed != nil:
		return got, body.failed
	default:
		return got, malformed("%w", err)
	}
}
