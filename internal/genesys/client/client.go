// Package client speaks with Genesys Cloud in the words of package genesys. It
// is the only importer of the Genesys SDK.
//
// Requests leave by one of two ways, with the same token, the same budget and
// the same errors:
//
//   - Through the SDK: login and the short questions (who we are, how far
//     analytics and a job are, that a job may end). The SDK writes the request, and
//     gets neither to send it nor to read an answer: it would follow redirects with
//     the token, connect to any address and read bodies of any size; and of answers
//     it loses the status and headers of 429 and 5xx, takes an empty body for
//     success and reads a date that it does not know as year 1 (SDK v133
//     apiclient.go, apiresponse.go and its models). Its hook sends the request
//     instead.
//   - Through a transport of our own: what may take longer than the 16 seconds
//     that the SDK allows, what may be large, and the media themselves. Where
//     starting something takes that long, the SDK would never learn that it was
//     started, and each new attempt would start another.
//
// Nothing is tried again here but a call whose token had run out; when to ask
// again is the caller's to decide, by the error's kind.
package client

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
)

const (
	// DefaultStallTimeout is how long a media stream may make no progress.
	DefaultStallTimeout = time.Minute
	// DefaultMaxMedia bounds a recording's file, in bytes: a screen recording of a
	// day takes less.
	DefaultMaxMedia = 64 << 30
)

// Config says where a client asks, as whom and how much.
type Config struct {
	// Endpoint is the Platform API's base URL, as "https://api.mypurecloud.ie".
	Endpoint string
	// Credentials are the OAuth client's.
	Credentials genesys.Credentials
	// Budget is the limiter of this OAuth client, shared with all who use it.
	Budget *budget.Limiter
	// StallTimeout is how long a media stream may receive nothing before it is
	// aborted, DefaultStallTimeout if 0 or less.
	StallTimeout time.Duration
	// MaxMedia bounds a recording's file, in bytes, DefaultMaxMedia if 0 or less.
	MaxMedia int64
	// Allowed are the addresses that are allowed although they are not public, or
	// over http.
	Allowed egress.List
	// Pages is what is known of how large pages may be, shared with other clients
	// that ask the same organisation; nil if there are none.
	Pages *Pages
}

// Client asks Genesys Cloud as one OAuth client. It is safe for concurrent use.
//
// Each verb's error is a [*genesys.Error]. If the caller's context ends, the
// verb returns at once with KindCancelled and the context's error as the cause.
type Client struct {
	endpoint string
	budget   *budget.Limiter
	session  *session
	// share is for whom requests are made.
	share genesys.Share
	// sdk, api and media are the ways out: of requests that the SDK writes, of our
	// own, and of media, which are taken as they are stored.
	sdk, api, media *http.Client
	allowed         egress.List
	stall           time.Duration
	maxMedia        int64
	pages           *Pages
}

// New makes a client. It does not log in yet.
func New(cfg Config) (*Client, error) {
	if err := checkEndpoint(cfg.Endpoint); err != nil {
		return nil, err
	}
	if cfg.Credentials.ClientID == "" || cfg.Credentials.ClientSecret == "" {
		return nil, errors.New("the OAuth client's id or secret is empty")
	}
	if cfg.Budget == nil {
		return nil, errors.New("a client needs a budget")
	}
	if cfg.StallTimeout <= 0 {
		cfg.StallTimeout = DefaultStallTimeout
	}
	if cfg.MaxMedia <= 0 {
		cfg.MaxMedia = DefaultMaxMedia
	}
	c := &Client{
		pages:    cmp.Or(cfg.Pages, &Pages{}),
		endpoint: cfg.Endpoint,
		budget:   cfg.Budget,
		sdk:      newSDKClient(cfg.Allowed),
		api:      newAPIClient(cfg.Allowed),
		media:    newMediaClient(cfg.Allowed),
		allowed:  cfg.Allowed,
		stall:    cfg.StallTimeout,
		maxMedia: cfg.MaxMedia,
	}
	c.session = newSession(cfg.Credentials, c.logIn)
	return c, nil
}

// As returns the same client for requests that are made for somebody else: the
// token, the budget, the connections and what is known of pages are shared.
func (c *Client) As(share genesys.Share) *Client {
	view := *c
	view.share = share
	return &view
}

// WithBudget returns the same client with another budget: the token and the
// connections are shared. A client logs in with a budget that nobody shares, and
// gets that of the OAuth client once the login has succeeded.
func (c *Client) WithBudget(limiter *budget.Limiter) *Client {
	view := *c
	view.budget = limiter
	return &view
}

// checkEndpoint wants what paths can be appended to. The URL itself stays out
// of the error, because somebody may have put a password into it.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return errors.New("the endpoint is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the endpoint's scheme is neither https nor http")
	case u.Host == "":
		return errors.New("the endpoint has no host")
	case u.User != nil || strings.ContainsAny(endpoint, "?#") || strings.HasSuffix(endpoint, "/"):
		return errors.New("the endpoint must be a scheme, a host and a path that does not end with a slash")
	default:
		return nil
	}
}

// Format shows the client without token and secret, whatever the verb.
func (c *Client) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "Genesys Cloud client "+c.session.credentials.ClientID+" at "+c.endpoint)
}
