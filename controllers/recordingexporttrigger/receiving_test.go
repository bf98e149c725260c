package recordingexporttrigger

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/receiver"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestEventsBecomeOneExport: the events of a window, in every form, join one export that exists
// before the sender is answered and waits for the end of the window.
func TestEventsBecomeOneExport(t *testing.T) {
	w := newWorld(t, nil)
	r := w.replica()
	now := w.clock.Now()
	structured := message{kind: "application/cloudevents+json", body: `{"specversion":"1.0","id":"e-2","source":"/pbx","type":"t","time":"2026-11-29T12:00:00Z","data":{"conversationId":"` + conversation(2) + `"}}`}
	binary := message{
		header: http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"e-3"}, "Ce-Source": {"/pbx"}, "Ce-Type": {"t"}, "Ce-Time": {"2026-11-29T12:00:00Z"}},
		body:   `{"conversationId":"` + conversation(3) + `"}`,
	}
	bridge := message{body: `{"id":"e-4","detail-type":"v2.detail.events.conversation.{id}.customer.end","source":"aws.partner/genesys.com/cloud/` + organization +
		`/x","time":"2026-11-29T12:00:00Z","detail":{"eventBody":{"conversationId":"` + conversation(4) + `"}}}`}
	name := ""
	for i, m := range []message{event("e-1", conversation(1)), structured, binary, bridge, event("e-5", conversation(1))} {
		got := r.send(m.signed(secretA, now.Add(time.Duration(i)*time.Second)))
		if got.Status != http.StatusAccepted || got.Export == "" || name != "" && got.Export != name {
			t.Fatalf("event %d: %v; want it in %q", i, got, name)
		}
		name = got.Export
		exports := w.exports()
		if len(exports) != 1 || exports[0].Name != name || !exports[0].Spec.Suspend {
			t.Fatalf("after event %d there are %d exports", i, len(exports))
		}
	}
	export := w.exports()[0]
	if got := fmt.Sprint(conversations(&export)); got != fmt.Sprint([]string{conversation(1), conversation(2), conversation(3), conversation(4)}) {
		t.Errorf("the export names %s", got)
	}
	window := windowOf(w.trigger(), now)
	if !export.Spec.Window.End.Time.Equal(window.end) || !export.Spec.Window.Start.Time.Equal(window.start.Add(-168*time.Hour)) {
		t.Errorf("the export's window is %v to %v", export.Spec.Window.Start, export.Spec.Window.End)
	}
}

// TestRefusals: each request that is not an event for the trigger is refused with its own
// reason, counted, and leads to nothing.
func TestRefusals(t *testing.T) {
	w := newWorld(t, func(trigger *v1alpha1.RecordingExportTrigger) {
		trigger.Spec.Filter = v1alpha1.EventFilter{MediaTypes: []v1alpha1.Medium{v1alpha1.MediumScreen}, LegalHold: v1alpha1.FilterHoldOnly}
	})
	r := w.replica()
	now := w.clock.Now()
	plain := event("e", conversation(1))
	replaced := func(old, with string) message {
		m := plain
		if m.body = strings.Replace(plain.body, old, with, 1); m.body == plain.body {
			t.Fatalf("the body has no %q", old)
		}
		return m.signed(secretA, now)
	}
	at := func(path string) message {
		m := plain.signed(secretA, now)
		m.path = path
		return m
	}
	as := func(kind string) message {
		m := plain.signed(secretA, now)
		m.kind = kind
		return m
	}
	get := plain.signed(secretA, now)
	get.method, get.body = http.MethodGet, ""
	long := message{body: strings.Repeat(" ", 65<<10)}
	tests := map[string]struct {
		message message
		status  int
		result  string
	}{
		"unsigned":             {plain, 401, "SignatureMissing"},
		"wrong secret":         {plain.signed(secretB, now), 401, "SignatureWrong"},
		"stale":                {plain.signed(secretA, now.Add(-6*time.Minute)), 401, "SignatureStale"},
		"future":               {plain.signed(secretA, now.Add(6*time.Minute)), 401, "SignatureStale"},
		"oversized":            {long.signed(secretA, now), 413, "TooLarge"},
		"malformed":            {replaced("{", "["), 400, "Malformed"},
		"no conversation":      {replaced(conversation(1), "all"), 400, "Malformed"},
		"content type":         {as("text/plain"), 415, "UnsupportedContentType"},
		"another organisation": {replaced(organization, foreign), 403, "OtherOrganization"},
		"another medium":       {replaced("screen", "voice"), 200, "Ignored"},
		"no legal hold":        {replaced("true", "false"), 200, "Ignored"},
		"unknown trigger":      {at("/events/" + w.namespace + "/other"), 404, "UnknownTrigger"},
		"unknown namespace":    {at("/events/nowhere/held"), 404, "UnknownTrigger"},
		"no trigger":           {at("/"), 404, "UnknownTrigger"},
		"unclean path":         {at("/events/" + w.namespace + "/held/"), 404, "UnknownTrigger"},
		"method":               {get, 405, "MethodNotAllowed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.send(tt.message)
			if got.Status != tt.status || got.Result != tt.result || got.Export != "" {
				t.Errorf("%v; want %d %s", got, tt.status, tt.result)
			}
			for _, hidden := range []string{conversation(1), organization, foreign, secretA, "held"} {
				if strings.Contains(got.Message, hidden) {
					t.Errorf("the answer reveals %s: %s", hidden, got.Message)
				}
			}
			counted := false
			for _, c := range r.handler.Counts() {
				counted = counted || c.Result == tt.result
				if strings.Contains(tt.result, "Unknown") && c.Result == tt.result && c.Name != (receiver.Name{}) {
					t.Errorf("counted under the name %v that a sender chose", c.Name)
				}
			}
			if !counted {
				t.Errorf("%s is not counted", tt.result)
			}
		})
	}
	if exports := w.exports(); len(exports) != 0 {
		t.Errorf("%d exports were created", len(exports))
	}
}

// TestAnEventIsAcceptedOnce: a request that arrives a second time is refused, and an event that
// its sender signs a second time, soon or in another window, changes nothing.
func TestAnEventIsAcceptedOnce(t *testing.T) {
	w := newWorld(t, nil)
	first, second := w.replica(), w.replica()
	now := w.clock.Now()
	sent := event("e-1", conversation(1)).signed(secretA, now)
	accepted := first.send(sent)
	if accepted.Status != http.StatusAccepted {
		t.Fatal(accepted)
	}
	for _, r := range []*replica{first, second} {
		if got := r.send(sent); got.Status != http.StatusConflict || got.Result != "Replayed" {
			t.Errorf("the same request: %v", got)
		}
		if got := r.send(event("e-1", conversation(1)).signed(secretA, now.Add(time.Second))); got.Status != http.StatusOK || got.Result != "Duplicate" || got.Export != accepted.Export {
			t.Errorf("the same event, signed again: %v", got)
		}
	}
	w.clock.SetTime(now.Add(time.Hour))
	for _, r := range []*replica{first, second} {
		testenv.Eventually(t, "the event is known in the next window", func() bool {
			got := r.send(event("e-1", conversation(1)).signed(secretA, now.Add(time.Hour)))
			return got.Result == "Duplicate" || got.Result == "Replayed"
		})
	}
	if got := w.named(); got[conversation(1)] != 1 {
		t.Errorf("conversations in exports: %v", got)
	}
}

// TestReplicasReceiveTheSameRequest: of two replicas that receive a request at the same time,
// exactly one accepts it.
func TestReplicasReceiveTheSameRequest(t *testing.T) {
	w := newWorld(t, nil)
	replicas := []*replica{w.replica(), w.replica()}
	var group sync.WaitGroup
	const requests = 40
	var mu sync.Mutex
	results := map[int]map[string]int{}
	for i := range requests {
		sent := event(fmt.Sprintf("e-%d", i), conversation(i)).signed(secretA, w.clock.Now())
		results[i] = map[string]int{}
		for _, r := range replicas {
			group.Go(func() {
				got := r.send(sent)
				mu.Lock()
				defer mu.Unlock()
				results[i][got.Result]++
			})
		}
	}
	group.Wait()
	for i, got := range results {
		if got["Accepted"] != 1 || got["Replayed"] != 1 {
			t.Errorf("request %d: %v", i, got)
		}
	}
	if got := w.named(); len(got) != requests {
		t.Errorf("%d conversations in exports, want %d", len(got), requests)
	}
}

// TestABurst: of many events at two replicas as many are accepted as the rates allow, in few
// exports, and each accepted one is in the export that the answer named.
func TestABurst(t *testing.T) {
	const rate, perExport, senders, each = 300, 100, 32, 30
	w := newWorld(t, func(trigger *v1alpha1.RecordingExportTrigger) {
		trigger.Spec.RateLimit.EventsPerMinute, trigger.Spec.Debounce.MaxConversations = rate, perExport
	})
	replicas := []*replica{w.replica(), w.replica()}
	var group sync.WaitGroup
	var mu sync.Mutex
	accepted, results := map[string]string{}, map[string]int{}
	for sender := range senders {
		group.Go(func() {
			for n := range each {
				id := sender*each + n
				got := replicas[sender%2].send(event(fmt.Sprintf("e-%d", id), conversation(id)).signed(secretA, w.clock.Now()))
				mu.Lock()
				if results[got.Result]++; got.Status == http.StatusAccepted {
					accepted[conversation(id)] = got.Export
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if results["Accepted"] != 2*rate || results["RateExceeded"] != senders*each-2*rate {
		t.Errorf("results %v, want %d accepted and all others over the rate", results, 2*rate)
	}
	exports := w.exports()
	if want := 2 * rate / perExport; len(exports) != want {
		t.Errorf("%d exports, want %d", len(exports), want)
	}
	found := 0
	for i := range exports {
		for _, id := range conversations(&exports[i]) {
			if found++; accepted[string(id)] != exports[i].Name {
				t.Errorf("%s is in %s, the answer named %q", id, exports[i].Name, accepted[string(id)])
			}
		}
	}
	if found != len(accepted) {
		t.Errorf("%d conversations in exports, %d accepted", found, len(accepted))
	}
}

// TestASecretIsReplaced: while both secrets are named both sign, afterwards only the new one.
func TestASecretIsReplaced(t *testing.T) {
	w := newWorld(t, nil)
	r := w.replica()
	sent := 0
	send := func(secret string) int {
		sent++
		return r.send(event(fmt.Sprintf("e-%d", sent), conversation(sent)).signed(secret, w.clock.Now())).Status
	}
	if a, b := send(secretA), send(secretB); a != http.StatusAccepted || b != http.StatusUnauthorized {
		t.Fatalf("with one secret: %d, %d", a, b)
	}
	w.change(func(trigger *v1alpha1.RecordingExportTrigger) {
		trigger.Spec.SecretRefs = []v1alpha1.LocalReference{{Name: "a"}, {Name: "b"}}
	})
	testenv.Eventually(t, "both sign", func() bool { return send(secretB) == http.StatusAccepted && send(secretA) == http.StatusAccepted })
	w.change(func(trigger *v1alpha1.RecordingExportTrigger) {
		trigger.Spec.SecretRefs = []v1alpha1.LocalReference{{Name: "b"}}
	})
	testenv.Eventually(t, "only the new one signs", func() bool { return send(secretA) == http.StatusUnauthorized && send(secretB) == http.StatusAccepted })
}

// TestAnOrganisationThatIsNotKnown: events that name an organisation wait until the trigger's is known.
func TestAnOrganisationThatIsNotKnown(t *testing.T) {
	w := newWorld(t, func(trigger *v1alpha1.RecordingExportTrigger) { trigger.Spec.Template.OrganizationRef.Name = "apac" })
	r := w.replica()
	if got := r.send(event("e-1", conversation(1)).signed(secretA, w.clock.Now())); got.Status != http.StatusServiceUnavailable || got.Result != "OrganizationUnknown" {
		t.Error(got)
	}
	reconciler := w.reconciler()
	w.reconcile(reconciler)
	if reason := conditions.Reason(w.trigger()); reason != v1alpha1.ReasonOrganizationNotFound {
		t.Errorf("the trigger's reason is %s", reason)
	}
}
