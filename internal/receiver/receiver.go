// Package receiver is the HTTP server that receives events about recordings.
//
//	step          refused with                                   file
//	address       404 UnknownTrigger, 405 MethodNotAllowed       handler.go
//	room          503 Busy                                       handler.go
//	body          413 TooLarge, 400 BodyIncomplete               handler.go
//	signature     401 SignatureMissing, SignatureStale, …        internal/events
//	rate          429 RateExceeded                               rates.go
//	event         415 UnsupportedContentType, 400 Malformed      internal/events
//	organisation  403 OtherOrganization                          handler.go
//	filter        200 Ignored                                    handler.go
//	acceptance    202 Accepted, 200 Duplicate, 409 Replayed      Triggers
//
// Every replica serves. What is known about a trigger, and which events it has accepted, is
// in the API server, behind the interface Triggers. A refusal says why, and contains nothing
// of the request or of the trigger.
package receiver

import (
	"context"
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/events"
)

// Name is the namespace and name of a trigger.
type Name struct{ Namespace, Name string }

// Path is where events for a trigger are sent.
func (n Name) Path() string { return "/events/" + n.Namespace + "/" + n.Name }

// Trigger is what decides whether an event is accepted.
type Trigger struct {
	Name
	// Secrets are those with which senders sign.
	Secrets [][]byte
	// EventsPerMinute is how many events are accepted in a minute.
	EventsPerMinute int
	// OrganizationID is the id of the trigger's organisation, empty while it is not known.
	OrganizationID string
	// Wants reports whether the trigger is about what an event states.
	Wants func(events.Event) bool
}

// Delivery is an event with the time at which its sender signed it.
type Delivery struct {
	Event  events.Event
	Signed time.Time
}

// Receipt is what became of an event.
type Receipt struct {
	// Export has the event's conversation.
	Export string
	// IsDuplicate is true if the event had been accepted before, from another request.
	IsDuplicate bool
}

// Triggers are the triggers of the API server.
type Triggers interface {
	// Find returns a trigger, or ErrUnknown.
	Find(ctx context.Context, name Name) (Trigger, error)
	// Accept returns once the API server has an export with the event's conversation. Its errors
	// include ErrReplayed and ErrFull.
	Accept(ctx context.Context, name Name, delivery Delivery) (Receipt, error)
}

var (
	// ErrUnknown tells that there is no such trigger.
	ErrUnknown = errors.New("the trigger does not exist")
	// ErrReplayed tells that the same request was accepted before.
	ErrReplayed = errors.New("the request was accepted before")
	// ErrFull tells that the window of the event has as many exports as it may have.
	ErrFull = errors.New("the window has too many exports")
)
