package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// simulated starts a simulator of 120 quick conversations, with all their edge
// cases and what else is changed, and a client of it.
func simulated(t *testing.T, change ...func(*simulator.Options)) (*simulator.Simulator, *Client) {
	t.Helper()
	const requestsPerMinute = 1_000_000
	options := simulator.Options{
		Seed: 7, Conversations: 120, HeldShare: 0.2, ScreenShare: 0.5,
		RequestsPerMinute:  requestsPerMinute,
		HeldScreenTimeouts: simulator.QuirkOff,
		Edges:              simulator.Edges{Open: 3, HostileIDs: true},
	}
	for _, c := range change {
		c(&options)
	}
	sim := simulator.New(options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	var registry budget.Registry
	client, err := New(Config{
		Endpoint:    server.URL,
		Allowed:     egress.Any(),
		Credentials: genesys.Credentials{ClientID: simulator.DefaultClientID, ClientSecret: simulator.DefaultClientSecret},
		Budget:      registry.For(budget.Client{Endpoint: server.URL, ClientID: simulator.DefaultClientID}, t.Name(), requestsPerMinute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return sim, client
}

func TestSimulatedIdentity(t *testing.T) {
	sim, client := simulated(t)
	got, err := client.WhoAmI(t.Context())
	if err != nil || got.OrganizationID != sim.Options().OrganizationID || got.OrganizationName != sim.Options().OrganizationName {
		t.Errorf("got %+v, %v", got, err)
	}
	available, err := client.DataAvailability(t.Context())
	if err != nil || time.Since(available) > time.Hour {
		t.Errorf("got %v, %v", available, err)
	}
}

func TestSimulatedSurvey(t *testing.T) {
	sim, client := simulated(t)
	from := sim.Options().Start
	to := from.Add(24 * time.Hour)
	got := map[string]genesys.Conversation{}
	for _, c := range survey(t, client, from, to) {
		if !c.Start.Before(from) && c.Start.Before(to) {
			got[c.ID] = c
		}
	}
	want := map[string]genesys.Conversation{}
	for _, c := range sim.Dataset().Started(from, to).Conversations {
		want[c.ID] = genesys.Conversation{ID: c.ID, Start: c.Start, End: c.End}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("of %d conversations, -want +got:\n%s", len(want), diff)
	}
}

// survey makes a whole survey and ends it.
func survey(t *testing.T, client *Client, from, to time.Time) []genesys.Conversation {
	t.Helper()
	ctx := t.Context()
	job, err := client.StartSurvey(ctx, genesys.SurveyQuery{From: from, To: to}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := client.SurveyState(ctx, job); err != nil || state != genesys.JobFulfilled {
		t.Fatalf("state %q, %v", state, err)
	}
	var all []genesys.Conversation
	for cursor, more := "", true; more; more = cursor != "" {
		page, err := client.SurveyPage(ctx, job, cursor, false)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Conversations...)
		cursor = page.Next
	}
	for range 2 { // the second time it is cancelled, or gone, already
		if err := client.EndSurvey(ctx, job); err != nil {
			t.Error(err)
		}
	}
	return all
}

func TestSimulatedHolds(t *testing.T) {
	sim, client := simulated(t)
	var asked, want []string
	for _, c := range sim.Dataset().Conversations {
		if !genesys.ValidID(c.ID) || len(asked) == maxProtected {
			continue
		}
		asked = append(asked, c.ID)
		if c.Held {
			want = append(want, c.ID)
		}
	}
	got, err := client.Protected(t.Context(), asked, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("of %d held, -want +got:\n%s", len(want), diff)
	}
}

func TestSimulatedRecordings(t *testing.T) {
	sim, client := simulated(t)
	compared := 0
	for _, c := range sim.Dataset().Conversations {
		if !genesys.ValidID(c.ID) || c.End.IsZero() {
			continue
		}
		got, err := client.RecordingMetadata(t.Context(), c.ID, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]genesys.Recording{}
		for _, r := range c.Recordings {
			want[r.ID] = genesys.Recording{ID: r.ID, Medium: genesys.Medium(r.Medium), FileState: genesys.FileState(r.FileState)}
		}
		known := map[string]genesys.Recording{}
		for _, r := range got.Recordings {
			r.MediaAsReceived, r.Retention = "", genesys.Retention{}
			known[r.ID] = r
		}
		if diff := cmp.Diff(want, known); diff != "" {
			t.Errorf("%s, -want +got:\n%s", c.ID, diff)
		}
		compared += len(want)
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func TestSimulatedDownload(t *testing.T) {
	sim, client := simulated(t)
	want := map[string]bool{} // recording id and SHA-256
	var refs []genesys.RecordingRef
	for _, r := range sim.Dataset().Recordings() {
		if len(refs) == 20 || !genesys.ValidID(r.ConversationID) || !genesys.ValidID(r.ID) || !r.FileState.Downloadable() || r.Sensitive {
			continue
		}
		refs = append(refs, genesys.RecordingRef{ConversationID: r.ConversationID, RecordingID: r.ID})
		for _, f := range r.Files() {
			want[r.ID+" "+f.SHA256] = true
		}
	}
	id, err := client.RequestBatch(t.Context(), refs, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status, err := client.BatchStatus(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, result := range status.Results {
		got[result.RecordingID+" "+download(t.Context(), t, client, result)] = true
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// download returns the SHA-256 of a result's content.
func download(ctx context.Context, t *testing.T, client *Client, result genesys.BatchResult) string {
	t.Helper()
	if result.Error != "" {
		t.Fatalf("%s: %s", result.RecordingID, result.Error)
	}
	media, err := client.OpenMedia(ctx, result.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer media.Body.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, media.Body)
	if err != nil || media.Length >= 0 && n != media.Length {
		t.Fatalf("%d of %d bytes, %v", n, media.Length, err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func TestSimulatedMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requestsPerMinute = 300
		sim := simulator.New(simulator.Options{
			Start:             time.Now().AddDate(0, 0, -7), // a bubble's clock begins in the year 2000
			RequestsPerMinute: requestsPerMinute, RateScope: simulator.PerClient, HeldScreenTimeouts: simulator.QuirkOff,
		})
		cfg := configFor("http://simulator")
		var registry budget.Registry
		cfg.Budget = registry.For(budget.Client{Endpoint: cfg.Endpoint, ClientID: "client"}, t.Name(), requestsPerMinute)
		client, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		client.api.Transport = inBubble(sim)
		client.session.current = token{logInAt(t, sim), time.Now().Add(time.Hour)}
		conversation := sim.Dataset().Conversations[0].ID

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var workers sync.WaitGroup
		for range 10 {
			workers.Go(func() {
				for ctx.Err() == nil {
					_, err := client.RecordingMetadata(ctx, conversation, time.Minute)
					if kind := genesys.KindOf(err); kind != "" && kind != genesys.KindCancelled {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
		windows := sim.Journal().Windows()
		if len(windows) < 5 {
			t.Errorf("%d minutes, want 5", len(windows))
		}
		for i, w := range windows {
			if w.Refused > 0 || i > 0 && w.Start.Add(time.Minute).Before(time.Now()) && w.Used < requestsPerMinute*95/100 {
				t.Errorf("minute %d: %d requests used, %d refused", i+1, w.Used, w.Refused)
			}
		}
	})
}

// inBubble brings requests to a handler without a network, so that the bubble's
// clock keeps running; each takes 200 ms.
func inBubble(handler http.Handler) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		<-time.After(100 * time.Millisecond)
		recorder := httptest.NewRecorder()
		incoming := r.Clone(r.Context())
		incoming.Body = http.NoBody // a handler's request always has one
		handler.ServeHTTP(recorder, incoming)
		<-time.After(100 * time.Millisecond)
		return recorder.Result(), nil
	}
}

// logInAt logs in without the SDK, which needs a network.
func logInAt(t *testing.T, handler http.Handler) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(simulator.DefaultClientID, simulator.DefaultClientSecret)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	got := answer{status: recorder.Code, header: recorder.Header(), body: recorder.Body.Bytes()}
	issued, err := loginResult(got, nil, simulator.DefaultClientSecret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return issued.value
}
