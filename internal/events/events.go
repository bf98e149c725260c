// Package events reads events about recordings from HTTP requests: CloudEvents, the JSON
// of a plain webhook, and the envelope of Amazon EventBridge. signature.go verifies who
// sent them.
//
// An event only hints at a conversation that may have to be exported. Whatever else it
// states is never believed: the export asks Genesys Cloud. So the package is strict about
// what selects the conversation, the organisation and the time, and ignores unknown fields.
package events

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// MaxBody is the length of the longest body, in bytes.
const MaxBody = 64 << 10

// bounds of the structure of a body.
var bounds = bounded.JSON{Depth: 16, Values: 4096}

// Event is what an event states.
type Event struct {
	// ID identifies the event among those of Source.
	ID, Source string
	Time       time.Time
	// ConversationID is a UUID in lower case.
	ConversationID string
	// OrganizationID is a UUID in lower case, empty if the event names no organisation.
	OrganizationID string
	// Medium is Call, Screen, Chat, Email or Message, empty if the event names none of them.
	Medium string
	// LegalHold is whether the event states that the conversation is under legal hold, nil if
	// it does not state anything about that.
	LegalHold *bool
}

// Key returns a short text that distinguishes the event from all others.
func (e Event) Key() string {
	digest := sha256.Sum256([]byte(e.Source + "\x00" + e.ID))
	return base64.RawURLEncoding.EncodeToString(digest[:keyLength])
}

// keyLength makes a key 16 characters long.
const keyLength = 12

// maxName bounds the ids and sources of events.
const maxName = 1024

// Read reads the event of a request with this header and body.
func Read(header http.Header, body []byte) (Event, error) {
	if len(body) > MaxBody {
		return Event{}, &Error{TooLarge, "the body is longer than 64 KiB"}
	}
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return Event{}, unsupported()
	}
	if err := bounds.Check(body); err != nil {
		return Event{}, malformed("the body contains too many values, or they are nested too deep")
	}
	var event Event
	switch {
	case kind == structuredType, kind == jsonType && header.Get(versionHeader) != "":
		event, err = readCloudEvent(header, body)
	case kind == jsonType:
		event, err = readJSON(body)
	default:
		return Event{}, unsupported()
	}
	if err != nil {
		return Event{}, err
	}
	return event, event.check()
}

const jsonType = "application/json"

func unsupported() error {
	return &Error{UnsupportedContentType, "send application/json or application/cloudevents+json, in UTF-8"}
}

// readJSON reads an event that is not a CloudEvent.
func readJSON(body []byte) (Event, error) {
	var shape struct {
		EventType  string          `json:"event_type"`
		DetailType string          `json:"detail-type"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(body, &shape); err != nil {
		return Event{}, malformed("the body is not a JSON object that describes an event")
	}
	switch {
	case shape.DetailType != "" && len(shape.Detail) > 0:
		return readEnvelope(body)
	case shape.EventType != "":
		return readWebhook(body)
	default:
		return Event{}, malformed("the body is neither a CloudEvent nor has it event_type, or detail-type and detail")
	}
}

// check checks what every event must state.
func (e *Event) check() error {
	switch {
	case e.ID == "":
		return malformed("the id of the event is missing")
	case len(e.ID) > maxName || len(e.Source) > maxName:
		return malformed("the id or the source of the event is too long")
	case e.Time.IsZero():
		return malformed("the time of the event is missing")
	case !uuid.MatchString(e.ConversationID):
		return malformed("the conversation id is missing or is not a UUID")
	case e.OrganizationID != "" && !uuid.MatchString(e.OrganizationID):
		return malformed("the organisation id is not a UUID")
	}
	e.ConversationID, e.OrganizationID = strings.ToLower(e.ConversationID), strings.ToLower(e.OrganizationID)
	return nil
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
