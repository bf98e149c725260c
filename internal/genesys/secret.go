package genesys

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

const redacted = "[redacted]"

// Credentials are an OAuth client's id and secret (client credentials grant).
// However they are printed, the secret is not.
type Credentials struct {
	ClientID     string
	ClientSecret string
}

// String names the client and hides its secret.
func (c Credentials) String() string { return c.ClientID + ":" + redacted }

// Format is String whatever the verb, so that %#v and %d hide the secret too.
func (c Credentials) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// LogValue is String for structured logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText is String for encoders.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// SignedURL is an address that lets whoever has it read a recording: a
// credential for as long as it lives. However it is printed, only its host shows.
type SignedURL struct{ raw string }

// NewSignedURL wraps an address as received.
func NewSignedURL(raw string) SignedURL { return SignedURL{raw: raw} }

// Reveal returns the address itself, for the one place that sends the request.
func (u SignedURL) Reveal() string { return u.raw }

// Empty reports whether there is no address.
func (u SignedURL) Empty() bool { return u.raw == "" }

// String shows the host alone.
func (u SignedURL) String() string {
	parsed, err := url.Parse(u.raw)
	if err != nil || u.raw == "" {
		return redacted
	}
	return parsed.Scheme + "://" + parsed.Host + "/" + redacted
}

// Format is String whatever the verb, so that %#v and %d hide the address too.
func (u SignedURL) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, u.String()) }

// LogValue is String for structured logs.
func (u SignedURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText is String for encoders.
func (u SignedURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
