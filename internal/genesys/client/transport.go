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

	"github.com/gcexport/recording-export-operator/internal/egress"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	idleTimeout      = 90 * time.Second
	keepAlive        = 30 * time.Second
	// idlePerHost is how many connections to one host are kept for the next
	// request: as many as run beside each other at most.
	idlePerHost = 16
	// sdkTimeout is how long a request that the SDK writes may take, from connecting
	// to the last byte (SDK v133 apiclient.go).
	sdkTimeout = 16 * time.Second
	// maxRedirects is how often a media URL may point elsewhere.
	maxRedirects = 5
)

// newTransport makes a transport that honours HTTP_PROXY, HTTPS_PROXY and
// NO_PROXY, keeps connections alive, and connects to public and allowed addresses
// alone (package egress). It bounds how long connecting takes; how long an answer
// may take is each request's own.
func newTransport(allowed egress.List, purpose egress.Purpose, change func(*http.Transport)) http.RoundTripper {
	transport := &http.Transport{
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: idlePerHost,
		ForceAttemptHTTP2:   true,
	}
	change(transport)
	return allowed.Transport(purpose, transport, net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive})
}

// newAPIClient makes the HTTP client for Platform API routes.
func newAPIClient(allowed egress.List) *http.Client {
	return &http.Client{
		Transport:     newTransport(allowed, egress.Genesys, func(*http.Transport) {}),
		CheckRedirect: followNone,
	}
}

// newSDKClient makes the HTTP client for requests that the SDK writes, with the
// time-out that the SDK has. It makes a connection for each, because none of them
// may be sent twice: the SDK writes them so that they cannot be.
func newSDKClient(allowed egress.List) *http.Client {
	return &http.Client{
		Transport:     newTransport(allowed, egress.Genesys, func(t *http.Transport) { t.DisableKeepAlives = true }),
		CheckRedirect: followNone,
		Timeout:       sdkTimeout,
	}
}

// followNone follows no redirect. The Platform API makes none; what does stands in
// between, and gets neither a second request nor a token.
func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// newMediaClient makes the HTTP client for media. It takes them as they are
// stored: a content encoding is neither asked for nor undone.
func newMediaClient(allowed egress.List) *http.Client {
	return &http.Client{
		Transport:     newTransport(allowed, egress.Media, func(t *http.Transport) { t.DisableCompression = true }),
		CheckRedirect: followMedia,
	}
}

// followMedia lets a media URL point to another path of the same host, without the
// URL that led there in the Referer header.
func followMedia(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return errors.New("too many redirects")
	}
	if next.URL.Scheme != before[0].URL.Scheme || next.URL.Host != before[0].URL.Host || next.URL.User != nil {
		return malformed("redirected to another host")
	}
	next.Header.Del("Referer")
	return nil
}

const (
	// maxAnswer bounds an answer that is taken as a whole, in bytes, after it was
	// decompressed. The largest is that of a batch request: 100 recordings with a
	// signed URL each.
	maxAnswer = 8 << 20
	// maxRefusal bounds the answer to a request that is refused. The rest is not
	// read, because the status says enough.
	maxRefusal = 256 << 10
)

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
	// limit bounds the answer, in bytes after it was decompressed; 0 means maxAnswer.
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
// object, at once (200) or while the work is running (202), and decodes it.
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
	err := r.consume(pages.Reader(body))
	switch {
	case err == nil:
		return got, nil
	case body.failed != nil:
		return got, body.failed
	default:
		return got, malformed("%w", err)
	}
}
