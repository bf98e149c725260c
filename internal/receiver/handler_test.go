package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gcexport/recording-export-operator/internal/events"
)

const body = `{"event_type":"conversation:recording:completed","event_id":"e-1","time":"2026-11-29T12:00:00Z","payload":{"conversation_id":"7c1cfe6c-5a3b-4f0e-9a52-0c6a3a1fbb10"}}`

var (
	secret = []byte("a secret that has at least 32 bytes")
	held   = Name{"legal", "held"}
	now    = time.Unix(1_800_000_000, 0)
)

// fakeTriggers has one trigger.
type fakeTriggers struct {
	findErr, acceptErr error
	perMinute          int
	accepted           []Delivery
}

func (f *fakeTriggers) Find(_ context.Context, name Name) (Trigger, error) {
	if name != held {
		return Trigger{}, ErrUnknown
	}
	return Trigger{Name: name, Secrets: [][]byte{secret}, EventsPerMinute: f.perMinute, Wants: func(events.Event) bool { return true }}, f.findErr
}

func (f *fakeTriggers) Accept(_ context.Context, _ Name, delivery Delivery) (Receipt, error) {
	f.accepted = append(f.accepted, delivery)
	return Receipt{Export: "held-1"}, f.acceptErr
}

func newHandler(triggers Triggers) *Handler {
	return NewHandler(triggers, func() time.Time { return now }, logr.Discard())
}

// post sends a signed body to the trigger.
func post(h http.Handler) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, held.Path(), strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	events.Sign(secret, now, request.Header, []byte(body))
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

// TestAnswers: what accepting an event comes to decides the answer, which contains no error of the manager's.
func TestAnswers(t *testing.T) {
	internal := errors.New("dial tcp 10.0.0.1:6443: connection refused")
	tests := map[string]struct {
		triggers fakeTriggers
		status   int
		result   string
		retries  bool
	}{
		"accepted":         {fakeTriggers{}, 202, "Accepted", false},
		"replayed":         {fakeTriggers{acceptErr: ErrReplayed}, 409, "Replayed", false},
		"full":             {fakeTriggers{acceptErr: ErrFull}, 429, "WindowFull", true},
		"deleted":          {fakeTriggers{acceptErr: ErrUnknown}, 404, "UnknownTrigger", false},
		"API server":       {fakeTriggers{acceptErr: internal}, 503, "Unavailable", true},
		"no secrets":       {fakeTriggers{findErr: internal}, 503, "Unavailable", true},
		"no time for that": {fakeTriggers{acceptErr: context.DeadlineExceeded}, 503, "Unavailable", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.triggers.perMinute = 1
			got := post(newHandler(&tt.triggers))
			if got.Code != tt.status || !strings.Contains(got.Body.String(), `"`+tt.result+`"`) || (got.Header().Get("Retry-After") != "") != tt.retries {
				t.Errorf("%d %v %s; want %d %s", got.Code, got.Header(), got.Body, tt.status, tt.result)
			}
			if strings.Contains(got.Body.String(), "10.0.0.1") {
				t.Errorf("the answer reveals %s", got.Body)
			}
		})
	}
}

// TestRates: a trigger accepts as many events as it may in a minute, and more a while later.
// Requests that nobody signed do not use up the rate.
func TestRates(t *testing.T) {
	triggers := &fakeTriggers{perMinute: 3}
	at := now
	h := NewHandler(triggers, func() time.Time { return at }, logr.Discard())
	for range 10 {
		request := httptest.NewRequest(http.MethodPost, held.Path(), strings.NewReader(body))
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusUnauthorized {
			t.Fatalf("unsigned: %d", recorder.Code)
		}
	}
	var codes []int
	for range 5 {
		codes = append(codes, post(h).Code)
	}
	at = at.Add(20 * time.Second)
	codes = append(codes, post(h).Code, post(h).Code)
	if want := []int{202, 202, 202, 429, 429, 202, 429}; !slices.Equal(codes, want) {
		t.Errorf("answers %v, want %v", codes, want)
	}
}

// TestRoom: as many requests as have room are handled at the same time, and others are refused at once.
func TestRoom(t *testing.T) {
	h := newHandler(&fakeTriggers{perMinute: 1000})
	for range maxConcurrent {
		h.room <- struct{}{}
	}
	if got := post(h); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "Busy") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	<-h.room
	if got := post(h); got.Code != http.StatusAccepted {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// TestWhatIsRememberedIsBounded: triggers that come and go do not fill the memory.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	h := newHandler(&fakeTriggers{})
	for i := range 2 * maxTriggers {
		name := Name{"legal", time.Duration(i).String()}
		h.counts.add(name, "Accepted")
		h.rates.allow(Trigger{Name: name, EventsPerMinute: 1}, now)
	}
	if len(h.rates.limits) > maxTriggers || len(h.counts.triggers) > maxTriggers+1 {
		t.Errorf("%d limits and %d counts", len(h.rates.limits), len(h.counts.triggers))
	}
	var sum int64
	for _, c := range h.Counts() {
		sum += c.Count
	}
	if sum != 2*maxTriggers {
		t.Errorf("%d requests counted", sum)
	}
	if !h.rates.allow(Trigger{Name: held, EventsPerMinute: 1}, now.Add(time.Hour)) || len(h.rates.limits) != 1 {
		t.Errorf("%d limits after an hour", len(h.rates.limits))
	}
}

// TestABodyThatEnds early is not an event.
func TestABodyThatEnds(t *testing.T) {
	request := httptest.NewRequest(http.MethodPost, held.Path(), io.MultiReader(strings.NewReader("{"), failingReader{}))
	recorder := httptest.NewRecorder()
	newHandler(&fakeTriggers{perMinute: 1}).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusBadRequest || !strings.Contains(recorder.Body.String(), "BodyIncomplete") {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// FuzzHandler: whatever arrives, the answer is JSON with a known status, and an event is accepted only
// if it is signed and names a conversation.
func FuzzHandler(f *testing.F) {
	f.Add(http.MethodPost, "/events/legal/held", "application/json", "", true, []byte(body))
	f.Add(http.MethodPost, "/events/legal/held", "application/json", "1.0", true, []byte(`{"conversationId":"7c1cfe6c-5a3b-4f0e-9a52-0c6a3a1fbb10"}`))
	f.Add(http.MethodPost, "/events/legal/held", "application/cloudevents+json", "", false, []byte(`{"specversion":"1.0"}`))
	f.Add(http.MethodGet, "/events/legal/../held", "text/plain", "0.3", true, []byte("x"))
	known := []int{200, 202, 400, 401, 404, 405, 413, 415, 429}
	f.Fuzz(func(t *testing.T, method, path, kind, version string, isSigned bool, text []byte) {
		request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(text))
		request.Method, request.URL.Path = method, path
		request.Header.Set("Content-Type", kind)
		if version != "" {
			for name, value := range map[string]string{"Ce-Specversion": version, "Ce-Id": version, "Ce-Source": "/s", "Ce-Type": "t", "Ce-Time": "2026-11-29T12:00:00Z"} {
				request.Header.Set(name, value)
			}
		}
		if isSigned {
			events.Sign(secret, now, request.Header, text)
		}
		triggers := &fakeTriggers{perMinute: 1}
		recorder := httptest.NewRecorder()
		newHandler(triggers).ServeHTTP(recorder, request)
		var got answer
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil || !slices.Contains(known, recorder.Code) || got.Result == "" {
			t.Fatalf("%d %s (%v)", recorder.Code, recorder.Body, err)
		}
		if (recorder.Code == http.StatusAccepted) != (len(triggers.accepted) == 1) {
			t.Fatalf("answered %d, accepted %v", recorder.Code, triggers.accepted)
		}
		for _, delivery := range triggers.accepted {
			if !isSigned || method != http.MethodPost || path != held.Path() || len(delivery.Event.ConversationID) != 36 || !delivery.Signed.Equal(now) {
				t.Fatalf("accepted %+v", delivery)
			}
		}
	})
}
