package s3store

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gcexport/recording-export-operator/internal/egress"
)

const (
	// maxAttempts is how often a request is sent before it fails, and maxBackoff the longest
	// wait between two attempts: long enough for a server that restarts.
	maxAttempts = 6
	maxBackoff  = 4 * time.Second
	// dialTimeout is how long a connection may take, and idleTimeout how long it
	// is kept for the next request.
	dialTimeout = 10 * time.Second
	idleTimeout = 90 * time.Second
	// answerTimeout is how long the answer to a request may take.
	answerTimeout = time.Minute
	// stallTimeout is how long no byte of a file may arrive.
	stallTimeout = time.Minute
	// sendTimeout is how long sending a part may take: 64 MiB, more than a usual one has, at 1 Mbit/s.
	sendTimeout = 9 * time.Minute
	// connections is how many are kept for the next request: more than are ever in use.
	connections = 64
)

// newClient returns a client without any settings from AWS environment variables or files,
// which follows no redirects.
func newClient(config Config, credentials aws.CredentialsProvider) *s3.Client {
	options := s3.Options{
		Region: config.Region, UsePathStyle: config.PathStyle, Credentials: credentials,
		HTTPClient: config.HTTP, Retryer: retry.NewStandard(limitRetries(config.attempts)), HTTPSignerV4: signer{},
		// Writes have a SHA-256 from this package, and readers hash what they read.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if config.Endpoint != "" {
		options.BaseEndpoint = &config.Endpoint
	}
	return s3.New(options)
}

func limitRetries(most int) func(*retry.StandardOptions) {
	return func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = most, maxBackoff
		// Two conditional writes of one key at a time: the other one may fail yet.
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{"ConditionalRequestConflict": {}}})
	}
}

// signer derives the key of each signature again. The SDK's own signer keeps it by the
// access key's id for a day, so that a corrected secret would not be used
// (aws/signer/internal/v4/cache.go in v1.45.1).
type signer struct{}

// SignHTTP signs a request as S3 wants it.
func (signer) SignHTTP( //nolint:revive // its arguments are the SDK's
	ctx context.Context, c aws.Credentials, r *http.Request, payload, service, region string, at time.Time, options ...func(*v4.SignerOptions),
) error {
	fresh := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return fresh.SignHTTP(ctx, c, r, payload, service, region, at, options...)
}

// NewHTTPClient returns a client that connects to public addresses, and to others that are
// allowed for S3. Give several Buckets the same client, so that they share its
// connections.
func NewHTTPClient(allowed egress.List) *http.Client {
	transport := &http.Transport{
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: answerTimeout, ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2: true, DisableCompression: true, MaxIdleConnsPerHost: connections, IdleConnTimeout: idleTimeout,
	}
	return &http.Client{
		Transport: bounding{allowed.Transport(egress.S3, transport, net.Dialer{Timeout: dialTimeout})},
		// A request is signed for one host, and must not be sent to another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
