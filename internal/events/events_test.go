package events

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
)

const (
	conversation = "7c1cfe6c-5a3b-4f0e-9a52-0c6a3a1fbb10"
	organization = "1f4d2b7e-3c64-4a0e-8f43-5f1f0f2d9a01"
	other        = "2a4d2b7e-3c64-4a0e-8f43-5f1f0f2d9a02"
	moment       = "2026-11-29T12:00:00Z"
)

// header returns a header of these names and values.
func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// request is a request with an event.
type request struct {
	header http.Header
	body   string
}

var (
	structured = request{header("Content-Type", "application/cloudevents+json; charset=UTF-8"), `{"specversion":"1.0","id":"e-1","source":"/pbx","type":"recording.completed",
		"time":"2026-11-29T12:00:00Z","unknown":"x","datacontenttype":"application/json","data":{"conversationId":"7C1CFE6C-5a3b-4f0e-9a52-0c6a3a1fbb10",
		"mediaType":"screen","legalHold":true,"more":[1]}}`}
	binary = request{header("Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "e-1", "Ce-Source", "/pbx", "Ce-Type", "recording.completed",
		"Ce-Time", moment, "Ce-Organizationid", organization), `{"conversation_id":"` + conversation + `","media_type":"voice","legal_hold":false}`}
	webhook = request{header("Content-Type", "application/json"), `{"event_type":"conversation:recording:completed","event_id":"e-1","time":"2026-11-29T12:00:00Z",
		"payload":{"legal_hold":true,"media_type":"screen","conversation_id":"` + conversation + `","organization_id":"` + organization + `"}}`}
	eventBridge = request{header("Content-Type", "application/json"), `{"version":"0","id":"e-1","detail-type":"v2.detail.events.conversation.{id}.customer.end",
		"source":"aws.partner/genesys.com/cloud/` + organization + `/recordings","account":"1","time":"2026-11-29T12:00:00Z","region":"eu-west-1","resources":[],
		"detail":{"topicName":"v2.detail.events.conversation.x.customer.end","version":"2","eventBody":{"eventTime":1,"conversationId":"` + conversation + `","mediaType":"VOICE"}}}`}
)

func TestRead(t *testing.T) {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		request request
		want    Event
	}{
		"CloudEvent, structured": {structured, Event{"e-1", "/pbx", at, conversation, "", "Screen", ptr.To(true)}},
		"CloudEvent, binary":     {binary, Event{"e-1", "/pbx", at, conversation, organization, "Call", ptr.To(false)}},
		"webhook":                {webhook, Event{"e-1", webhookType, at, conversation, organization, "Screen", ptr.To(true)}},
		"EventBridge":            {eventBridge, Event{"e-1", "aws.partner/genesys.com/cloud/" + organization + "/recordings", at, conversation, organization, "Call", nil}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Read(tt.request.header, []byte(tt.request.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAWebhookWithoutAnID is known by its body, and may state its facts beside the payload.
func TestAWebhookWithoutAnID(t *testing.T) {
	body := `{"event_type":"conversation:recording:completed","timestamp":"2026-11-29T12:00:00Z","conversationId":"` + conversation + `","organizationId":"` + organization + `","payload":{}}`
	event, err := Read(webhook.header, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(event.ID, "sha256:") || event.ConversationID != conversation || event.OrganizationID != organization {
		t.Errorf("read %+v", event)
	}
	changed, err := Read(webhook.header, []byte(body+" "))
	if err != nil || changed.Key() == event.Key() {
		t.Errorf("another body has the same key %s (%v)", event.Key(), err)
	}
}

func TestReadRefuses(t *testing.T) {
	replaced := func(r request, old, with string) request {
		changed := strings.Replace(r.body, old, with, 1)
		if changed == r.body {
			t.Fatalf("the body does not contain %q", old)
		}
		return request{r.header, changed}
	}
	without := func(r request, name string) request {
		h := r.header.Clone()
		h.Del(name)
		return request{h, r.body}
	}
	typed := func(kind string) request { return request{header("Content-Type", kind), webhook.body} }
	tests := map[string]struct {
		request request
		reason  Reason
		says    string
	}{
		"no content type":         {request{http.Header{}, webhook.body}, UnsupportedContentType, "application/json"},
		"a form":                  {typed("application/x-www-form-urlencoded"), UnsupportedContentType, ""},
		"another charset":         {typed("application/json; charset=utf-16"), UnsupportedContentType, "UTF-8"},
		"a batch of CloudEvents":  {typed("application/cloudevents-batch+json"), UnsupportedContentType, ""},
		"too long":                {request{webhook.header, strings.Repeat(" ", MaxBody+1)}, TooLarge, "64 KiB"},
		"nested deep":             {request{webhook.header, strings.Repeat("[", 40)}, Malformed, "nested"},
		"many values":             {request{webhook.header, "[" + strings.Repeat("0,", 5000) + "0]"}, Malformed, "too many values"},
		"nothing":                 {request{webhook.header, ""}, Malformed, "JSON object"},
		"an array":                {request{webhook.header, "[]"}, Malformed, "JSON object"},
		"two objects":             {request{webhook.header, webhook.body + webhook.body}, Malformed, "JSON object"},
		"of no known shape":       {request{webhook.header, "{}"}, Malformed, "event_type"},
		"another event type":      {replaced(webhook, "recording:completed", "started"), Malformed, webhookType},
		"no payload":              {replaced(webhook, `"payload"`, `"load"`), Malformed, "payload"},
		"a text for a hold":       {replaced(webhook, `"legal_hold":true`, `"legal_hold":"true"`), Malformed, "payload"},
		"no conversation":         {replaced(webhook, `"conversation_id"`, `"conversation"`), Malformed, "conversation id is missing"},
		"no UUID":                 {replaced(webhook, conversation, "../"+conversation[3:]), Malformed, "not a UUID"},
		"a long UUID":             {replaced(webhook, conversation, conversation+"0"), Malformed, "not a UUID"},
		"two conversations":       {replaced(webhook, `"media_type"`, `"conversationId":"`+other+`","media_type"`), Malformed, "two conversations"},
		"two organisations":       {replaced(webhook, `"media_type"`, `"organizationId":"`+other+`","media_type"`), Malformed, "two organisations"},
		"no organisation's id":    {replaced(webhook, organization, "acme"), Malformed, "organisation id is not a UUID"},
		"two ids":                 {replaced(webhook, `"event_id"`, `"id":"x","event_id"`), Malformed, "two ids"},
		"a long id":               {replaced(webhook, "e-1", strings.Repeat("x", 2000)), Malformed, "too long"},
		"no time":                 {replaced(webhook, `"time"`, `"when"`), Malformed, "time of the event"},
		"a time of no kind":       {replaced(webhook, moment, "yesterday"), Malformed, "RFC 3339"},
		"structured: version 0.3": {replaced(structured, `"1.0"`, `"0.3"`), Malformed, "CloudEvent"},
		"structured: no id":       {replaced(structured, `"id":"e-1",`, ``), Malformed, "CloudEvent"},
		"structured: no time":     {replaced(structured, `"time":"2026-11-29T12:00:00Z",`, ``), Malformed, "time of the event"},
		"structured: a bad time":  {replaced(structured, moment, "12:00"), Malformed, "CloudEvent"},
		"structured: text":        {request{structured.header, `{"specversion":"1.0","id":"e-1","source":"/pbx","type":"t","time":"2026-11-29T12:00:00Z","data":"text"}`}, Malformed, "data"},
		"structured: not JSON":    {request{structured.header, "x"}, Malformed, "CloudEvent"},
		"binary: no id":           {without(binary, "Ce-Id"), Malformed, "CloudEvent"},
		"binary: no time":         {without(binary, "Ce-Time"), Malformed, "time of the event"},
		"binary: no data":         {request{binary.header, ""}, Malformed, "data"},
		"binary: another's":       {replaced(binary, `"media_type"`, `"organizationId":"`+other+`","media_type"`), Malformed, "two organisations"},
		"EventBridge: no id":      {replaced(eventBridge, `"id":"e-1",`, ``), Malformed, "id of the event"},
		"EventBridge: no time":    {replaced(eventBridge, `"time":"2026-11-29T12:00:00Z",`, ``), Malformed, "time of the event"},
		"EventBridge: a bad time": {replaced(eventBridge, moment, "12:00"), Malformed, "EventBridge"},
		"EventBridge: another's":  {replaced(eventBridge, `"mediaType"`, `"organizationId":"`+other+`","mediaType"`), Malformed, "two organisations"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			event, err := Read(tt.request.header, []byte(tt.request.body))
			var refused *Error
			if !errors.As(err, &refused) || refused.Reason != tt.reason || !strings.Contains(refused.Message, tt.says) {
				t.Errorf("read %+v, %v; want %s: %s", event, err, tt.reason, tt.says)
			}
		})
	}
}

// FuzzRead: whatever is read names a conversation, and an error contains nothing of the request.
func FuzzRead(f *testing.F) {
	for _, r := range []request{structured, binary, webhook, eventBridge} {
		f.Add(r.header.Get("Content-Type"), r.header.Get("Ce-Specversion"), r.header.Get("Ce-Id"), r.header.Get("Ce-Time"), []byte(r.body))
	}
	f.Fuzz(func(t *testing.T, kind, version, id, at string, body []byte) {
		h := header("Content-Type", kind)
		if version != "" {
			h = header("Content-Type", kind, "Ce-Specversion", version, "Ce-Id", id, "Ce-Source", "/fuzz", "Ce-Type", "t", "Ce-Time", at)
		}
		event, err := Read(h, body)
		var refused *Error
		if err != nil {
			if !errors.As(err, &refused) || len(refused.Message) > 120 {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if !uuid.MatchString(event.ConversationID) || event.ConversationID != strings.ToLower(event.ConversationID) || event.Time.IsZero() || len(event.Key()) != 16 {
			t.Fatalf("read %+v", event)
		}
	})
}
