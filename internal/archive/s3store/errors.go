package s3store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"regexp"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// kinds are the kinds for S3's error codes; for others the kind follows from the HTTP
// status.
var kinds = map[string]archive.Kind{
	"NoSuchBucket": archive.KindNoBucket,

	"ExpiredToken":                archive.KindCredentials,
	"ExpiredTokenException":       archive.KindCredentials,
	"InvalidAccessKeyId":          archive.KindCredentials,
	"InvalidSecurity":             archive.KindCredentials,
	"InvalidToken":                archive.KindCredentials,
	"SignatureDoesNotMatch":       archive.KindCredentials,
	"TokenRefreshRequired":        archive.KindCredentials,
	"UnrecognizedClientException": archive.KindCredentials,

	"RequestTimeTooSkewed": archive.KindRefused,

	"ObjectLockConfigurationNotFoundError": archive.KindNotLocked,

	// An upload that another process aborted, or that was completed though the answer was
	// lost: the next attempt finds out.
	"NoSuchUpload":                archive.KindUnavailable,
	"InvalidPart":                 archive.KindUnavailable,
	"ConditionalRequestConflict":  archive.KindUnavailable,
	"OperationAborted":            archive.KindUnavailable,
	"RequestTimeout":              archive.KindUnavailable,
	"SlowDown":                    archive.KindUnavailable,
	"BadDigest":                   archive.KindUnavailable,
	"XAmzContentChecksumMismatch": archive.KindUnavailable,
}

// remedies say how to fix errors whose code does not say it.
var remedies = map[string]string{
	"RequestTimeTooSkewed": "; set the clock of the manager's node or of the service, which is wrong",
}

// printable matches words of a service that may be passed on.
var printable = regexp.MustCompile(`^[A-Za-z0-9._/+=-]{1,100}$`)

// errorCode returns S3's error code, empty if there is none.
func errorCode(err error) string {
	var said smithy.APIError
	if errors.As(err, &said) {
		return said.ErrorCode()
	}
	return ""
}

// isNotFound tells whether the object does not exist.
func isNotFound(err error) bool {
	said := errorCode(err)
	return said == "NoSuchKey" || said == "NotFound"
}

// wrapError turns an error of the SDK into one of package archive, or of io/fs.
func (b *Buckets) wrapError(ctx context.Context, op string, err error) error {
	var given sourceError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", op, ctx.Err())
	case errors.As(err, &given):
		return fmt.Errorf("%s: %w", op, given.error)
	case isNotFound(err):
		return fmt.Errorf("%s: %w", op, fs.ErrNotExist)
	case errorCode(err) == "PreconditionFailed":
		return fmt.Errorf("%s: %w", op, fs.ErrExist)
	}
	known := classify(err)
	known.Op = op
	if known.Kind == archive.KindCredentials || known.Kind == archive.KindDenied {
		b.credentials.Invalidate()
	}
	return known
}

// classify returns an error with only what may be shown.
func classify(err error) *archive.Error {
	var answered *smithyhttp.ResponseError
	if !errors.As(err, &answered) || answered.HTTPStatusCode() == 0 {
		return &archive.Error{Kind: archive.KindUnavailable, Message: noAnswerMessage(err)}
	}
	status, said := answered.HTTPStatusCode(), errorCode(err)
	kind, ok := kinds[said]
	if !ok {
		kind = kindOfStatus(status)
	}
	if !printable.MatchString(said) {
		said = "no reason given"
	}
	known := &archive.Error{Kind: kind, Message: fmt.Sprintf("%s, HTTP status %d%s", said, status, remedies[said])}
	var named interface{ ServiceRequestID() string }
	if errors.As(err, &named) && printable.MatchString(named.ServiceRequestID()) {
		known.RequestID = named.ServiceRequestID()
	}
	return known
}

// kindOfStatus is the kind for an answer whose code is unknown.
func kindOfStatus(status int) archive.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return archive.KindCredentials
	case status == http.StatusForbidden:
		return archive.KindDenied
	case status < http.StatusMultipleChoices, status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return archive.KindUnavailable
	default:
		return archive.KindRefused
	}
}

// noAnswerMessage says why there is no answer, without the address.
func noAnswerMessage(err error) string {
	var request *url.Error
	var network *net.OpError
	switch {
	case errors.As(err, &request):
		return "no answer: " + request.Err.Error()
	case errors.As(err, &network):
		return "no answer: " + network.Error()
	default:
		return "no usable answer"
	}
}
