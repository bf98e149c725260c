package archive

import (
	"errors"
	"fmt"
)

// Kind says what is wrong with a store that is somebody's service, and with
// that what is to be done about it.
type Kind string

// The kinds of errors.
const (
	// KindUnavailable: it does not answer, or says to wait; it is asked again.
	KindUnavailable Kind = "Unavailable"
	// KindCredentials: it does not accept who asks.
	KindCredentials Kind = "Credentials"
	// KindDenied: who asks lacks a permission.
	KindDenied Kind = "Denied"
	// KindNoBucket: there is no such bucket.
	KindNoBucket Kind = "NoBucket"
	// KindNotLocked: the bucket lacks the Object Lock that is demanded.
	KindNotLocked Kind = "NotLocked"
	// KindRetention: the bucket's own retention contradicts the one demanded.
	KindRetention Kind = "Retention"
	// KindWorkLocked: working artifacts could not be removed again.
	KindWorkLocked Kind = "WorkLocked"
	// KindRefused: it refuses what was asked, as it stands.
	KindRefused Kind = "Refused"
)

// Error is what went wrong at a store that is somebody's service. It holds no
// address and nothing that the service said but its words for what is wrong.
type Error struct {
	// Op says what was tried.
	Op   string
	Kind Kind
	// Message is what is wrong.
	Message string
	// RequestID is the service's name for the request, if it gave one.
	RequestID string
}

func (e *Error) Error() string {
	if e.RequestID == "" {
		return e.Op + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s (request %s)", e.Op, e.Message, e.RequestID)
}

// KindOf returns the kind of err, empty if it is no Error.
func KindOf(err error) Kind {
	var known *Error
	if errors.As(err, &known) {
		return known.Kind
	}
	return ""
}
