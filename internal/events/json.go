package events

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// facts are what every kind of event may state about a conversation, in either spelling.
type facts struct {
	ConversationID      string `json:"conversationId"`
	ConversationIDSnake string `json:"conversation_id"`
	OrganizationID      string `json:"organizationId"`
	OrganizationIDSnake string `json:"organization_id"`
	MediaType           string `json:"mediaType"`
	MediaTypeSnake      string `json:"media_type"`
	LegalHold           *bool  `json:"legalHold"`
	LegalHoldSnake      *bool  `json:"legal_hold"`
}

// event makes an event of the facts.
func (f facts) event(id, source string, at time.Time) (Event, error) {
	conversation, isOne := either(f.ConversationID, f.ConversationIDSnake)
	if !isOne {
		return Event{}, malformed("the event names two conversations")
	}
	organization, isOne := either(f.OrganizationID, f.OrganizationIDSnake)
	if !isOne {
		return Event{}, malformed("the event names two organisations")
	}
	medium, _ := either(f.MediaType, f.MediaTypeSnake)
	hold := f.LegalHold
	if hold == nil {
		hold = f.LegalHoldSnake
	}
	return Event{
		ID: id, Source: source, Time: at, ConversationID: conversation, OrganizationID: organization,
		Medium: media[strings.ToLower(medium)], LegalHold: hold,
	}, nil
}

// either returns the one of two values that is set. isOne is false if they differ.
func either(a, b string) (value string, isOne bool) {
	if a == "" {
		return b, true
	}
	return a, b == "" || a == b
}

// media are the names of media in events.
var media = map[string]string{
	"screen": "Screen", "call": "Call", "voice": "Call", "audio": "Call", "phone": "Call", "chat": "Chat", "email": "Email", "message": "Message", "sms": "Message",
}

// webhookType is the only type of event that a webhook sends.
const webhookType = "conversation:recording:completed"

// readWebhook reads the JSON of a plain webhook.
func readWebhook(body []byte) (Event, error) {
	var webhook struct {
		EventType string `json:"event_type"`
		EventID   string `json:"event_id"`
		ID        string `json:"id"`
		Time      string `json:"time"`
		Timestamp string `json:"timestamp"`
		Payload   *facts `json:"payload"`
		facts
	}
	if err := json.Unmarshal(body, &webhook); err != nil || webhook.EventType != webhookType || webhook.Payload == nil {
		return Event{}, malformed("the body is not an event " + webhookType + " with a payload")
	}
	id, isOne := either(webhook.EventID, webhook.ID)
	if !isOne {
		return Event{}, malformed("the event has two ids")
	}
	if id == "" {
		digest := sha256.Sum256(body)
		id = "sha256:" + hex.EncodeToString(digest[:])
	}
	text, _ := either(webhook.Time, webhook.Timestamp)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return Event{}, malformed("the time of the event is missing or is not in RFC 3339")
	}
	return webhook.Payload.or(webhook.facts).event(id, webhookType, at)
}

// or adds to the facts of a payload what only its envelope states.
func (f facts) or(envelope facts) facts {
	if f.ConversationID == "" && f.ConversationIDSnake == "" {
		f.ConversationID, f.ConversationIDSnake = envelope.ConversationID, envelope.ConversationIDSnake
	}
	if f.OrganizationID == "" && f.OrganizationIDSnake == "" {
		f.OrganizationID, f.OrganizationIDSnake = envelope.OrganizationID, envelope.OrganizationIDSnake
	}
	return f
}

// readEnvelope reads the envelope in which Amazon EventBridge passes an event of Genesys Cloud on.
func readEnvelope(body []byte) (Event, error) {
	var envelope struct {
		ID     string    `json:"id"`
		Source string    `json:"source"`
		Time   time.Time `json:"time"`
		Detail struct {
			EventBody *facts `json:"eventBody"`
			facts
		} `json:"detail"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return Event{}, malformed("the body is not an envelope of EventBridge with id, source, time and detail")
	}
	found := envelope.Detail.facts
	if envelope.Detail.EventBody != nil {
		found = envelope.Detail.EventBody.or(found)
	}
	named := organizationOf(envelope.Source)
	if found.OrganizationID == "" && found.OrganizationIDSnake == "" {
		found.OrganizationID = named
	} else if named != "" && !strings.EqualFold(named, found.OrganizationID+found.OrganizationIDSnake) {
		return Event{}, malformed("the event names two organisations")
	}
	return found.event(envelope.ID, envelope.Source, envelope.Time)
}

// organizationOf returns the organisation's id in the source of an event, which is
// aws.partner/genesys.com/cloud/<organisation>/<name>; empty if there is none.
func organizationOf(source string) string {
	for part := range strings.SplitSeq(source, "/") {
		if uuid.MatchString(part) {
			return part
		}
	}
	return ""
}
