package s3store

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Credentials are an access key. Only its id is ever printed.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// String names the key and hides the rest.
func (c Credentials) String() string { return c.AccessKeyID + ":[redacted]" }

// Format is String whatever the verb, so that %#v and %d hide the secret too.
func (c Credentials) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// LogValue is String for structured logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText is String for encoders.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// credentialsLifetime is how long credentials are used before they are read again.
const credentialsLifetime = time.Minute

// credentialSource gives the SDK the credentials of a Config.
type credentialSource struct {
	read func(context.Context) (Credentials, error)
	now  func() time.Time
}

// sourceError marks an error of Config.Credentials, as opposed to errors of the SDK.
type sourceError struct{ error }

// Unwrap returns the error itself.
func (e sourceError) Unwrap() error { return e.error }

// Retrieve reads the credentials.
func (s credentialSource) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := s.read(ctx)
	if err != nil {
		return aws.Credentials{}, sourceError{err}
	}
	return aws.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		CanExpire: true, Expires: s.now().Add(credentialsLifetime),
	}, nil
}
