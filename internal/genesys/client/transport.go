package client

import (
	"context"
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

// route is a request that leaves by our own transport.
type route struct {
	path  string
	query url.Values
	// timeout bounds the whole exchange, from connecting to the last byte.
	timeout time.Duration
	// limit bounds the answer, in bytes.
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

// exchange sends the request and reads its answer.
func (c *Client) exchange(ctx context.Context, r route, token string) (answer, error) {
	address := c.endpoint + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	res, err := c.api.Do(req)
	if err != nil {
		return answer{}, err
	}
	if res.StatusCode != http.StatusOK || r.consume == nil {
		return readAnswer(res, r.limit)
	}
	return consumeAnswer(res, r)
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
