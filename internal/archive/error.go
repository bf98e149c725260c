package archive

import (
	"errors"
	"fmt"
)

// Kind says what is wrong with a store that is a service, and with that what has to be
// done about it (outcome.go).
type Kind string

// The kinds of errors.
const (
	// KindUnavailable: the service does not answer, or says to wait; the operator retries.
	KindUnavailable Kind = "Unavailable"
	// KindCredentials: the service does not accept the access key.
	KindCredentials Kind = "Credentials"
	// KindDenied: the owner of the access key lacks a permission.
	KindDenied Kind = "Denied"
	// KindNoBucket: the bucket does not exist.
	KindNoBucket Kind = "NoBucket"
	// KindNotLocked: the bucket lacks the Object Lock that the spec demands.
	KindNotLocked Kind = "NotLocked"
	// KindRetention: the bucket's default retention differs from the one that the spec demands.
	KindRetention Kind = "Retention"
	// KindWorkLocked: working artifacts could not be removed.
	KindWorkLocked Kind = "WorkLocked"
	// KindRefused: the service refuses the request as it is.
	KindRefused Kind = "Refused"
)

// Error is a failure of a store that is a service. It contains no address, and of the
// service's answer only its error code.
type Error struct {
	// Op says what was attempted.
	Op   string
	Kind Kind
	// Message says what is wrong.
	Message string
	// RequestID is the service's id of the request, if it gave one.
	RequestID string
}

func (e *Error) Error() string {
	if e.RequestID == "" {
		return e.Op + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s (request %s)", e.Op, e.Message, e.RequestID)
}

// KindOf returns the kind of the *Error in err's chain, empty if there is none.
func KindOf(err error) Kind {
	var known *Error
	if errors.As(err, &known) {
		return known.Kind
	}
	return ""
}
