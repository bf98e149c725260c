package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const probe = "/api/v2/tokens/me"

func TestFaultStatuses(t *testing.T) {
	for _, tc := range []struct {
		fault      simulator.Fault
		code       string
		retryAfter string
	}{
		{simulator.Fault{Status: 429}, "too.many.requests.retry.after", "1"},
		{simulator.Fault{Status: 429, RetryAfter: 200 * time.Second}, "too.many.requests.retry.after", "200"},
		{simulator.Fault{Status: 500}, "internal.server.error", ""},
		{simulator.Fault{Status: 501}, "not.implemented", ""},
		{simulator.Fault{Status: 503, RetryAfter: 1500 * time.Millisecond}, "service.unavailable", "2"},
		{simulator.Fault{Status: 504}, "request.timeout", ""},
		{simulator.Fault{Status: 401}, "bad.credentials", ""},
		{simulator.Fault{Status: 403, Code: "authz.policy.denied", Message: "no"}, "authz.policy.denied", ""},
	} {
		t.Run(fmt.Sprint(tc.fault.Status, tc.retryAfter), func(t *testing.T) {
			w := newWorld(t)
			w.InjectFault(tc.fault)
			a := w.get(probe)
			w.wantCode(a, tc.fault.Status, tc.code)
			if got := a.header.Get("Retry-After"); got != tc.retryAfter {
				t.Errorf("Retry-After %q, want %q", got, tc.retryAfter)
			}
			if tc.fault.Message != "" && a.text("message") != tc.fault.Message {
				t.Errorf("message %q", a.text("message"))
			}
			if a.text("contextId") == "" || a.text("contextId") != a.header.Get("ININ-Correlation-Id") {
				t.Errorf("correlation id %q in %s", a.header.Get("ININ-Correlation-Id"), a.body)
			}
			w.ClearFaults()
			w.want(w.get(probe), 200)
		})
	}
}

func TestFault429SaysWhoseLimitItIs(t *testing.T) {
	for own, want := range map[bool]string{false: "300", true: "1"} {
		w := newWorld(t)
		w.InjectFault(simulator.Fault{Status: 429, RetryAfter: 7 * time.Second, OwnLimit: own})
		a := w.get(probe)
		if got := a.header.Get("inin-ratelimit-count"); got != want || a.header.Get("inin-ratelimit-allowed") != "300" {
			t.Errorf("own limit %v: %s counted, want %s", own, got, want)
		}
		if reset := a.header.Get("inin-ratelimit-reset"); (reset == "7") == own {
			t.Errorf("own limit %v: reset in %s s", own, reset)
		}
	}
}

func TestFaultBodies(t *testing.T) {
	for _, tc := range []struct {
		fault  simulator.Fault
		status int
		body   func(string) bool
	}{
		{simulator.Fault{Body: simulator.Empty}, 200, func(b string) bool { return b == "" }},
		{simulator.Fault{Body: simulator.Null}, 200, func(b string) bool { return b == "null" }},
		{simulator.Fault{Body: simulator.HTML}, 200, func(b string) bool { return strings.HasPrefix(b, "<html>") }},
		{simulator.Fault{Status: 502, Body: simulator.HTML}, 502, func(b string) bool { return strings.HasPrefix(b, "<html>") }},
	} {
		w := newWorld(t)
		w.InjectFault(tc.fault)
		if a := w.get(probe); a.status != tc.status || !tc.body(string(a.body)) {
			t.Errorf("%+v gives %d %q", tc.fault, a.status, a.body)
		}
	}
}

func TestFaultTruncates(t *testing.T) {
	w := newWorld(t)
	whole := w.get(probe)
	w.InjectFault(simulator.Fault{Body: simulator.Truncated})
	a, err := w.try("GET", probe, nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) || a.status != 200 || !strings.HasPrefix(string(whole.body), string(a.body)) ||
		len(a.body) != len(whole.body)/2 {
		t.Errorf("error %v after %d of %d bytes", err, len(a.body), len(whole.body))
	}
}

func TestFaultStandsStill(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Body: simulator.Standing})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+probe, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	half := make([]byte, response.ContentLength/2)
	if _, err := io.ReadFull(response.Body, half); err != nil {
		t.Fatal(err)
	}
	cancel()
	if n, err := response.Body.Read(half); !errors.Is(err, context.Canceled) {
		t.Errorf("after half of the body came %d bytes, %v", n, err)
	}
}

func TestFaultPageKeepsTheType(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Body: simulator.Page})
	if a := w.get(probe); !strings.HasPrefix(string(a.body), "<html>") || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%q comes as %s", a.body, a.header.Get("Content-Type"))
	}
}

func TestFaultMatchesAPath(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Path: "/api/v2/organizations/me", Status: 503})
	w.want(w.get(probe), 200)
	w.want(w.get("/api/v2/organizations/me"), 503)
}

// TestFaultMislists: the same request is listed otherwise, and only as said.
func TestFaultMislists(t *testing.T) {
	w := newWorld(t)
	c := w.pick(func(c simulator.Conversation) bool { return len(c.Recordings) > 1 && len(c.Recordings) < 100 })
	id := w.submitBatch(object{"conversationId": c.ID})
	w.clock.advance(w.Options().BatchDelay)
	list := func(how simulator.Mislisted) []batchResult {
		w.ClearFaults()
		w.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Results: how})
		var status struct{ Results []batchResult }
		w.get(batches + "/" + id).decode(&status)
		return status.Results
	}
	plain := list("")
	reversed := list(simulator.Reversed)
	slices.Reverse(reversed)
	if !slices.Equal(reversed, plain) {
		t.Errorf("reversed %v", reversed)
	}
	if stray := list(simulator.Stray); len(stray) != len(plain)+1 || !slices.Equal(stray[1:], plain) || stray[0].RecordingID == plain[0].RecordingID {
		t.Errorf("with a stray one %v", stray)
	}
	for how, same := range map[simulator.Mislisted]func(got, want batchResult) bool{
		simulator.Capitals: func(got, want batchResult) bool {
			return got.RecordingID == strings.ToUpper(want.RecordingID) && got.ResultURL == want.ResultURL
		},
		simulator.Retyped: func(got, want batchResult) bool {
			return got.ContentType != want.ContentType && got.ResultURL == want.ResultURL
		},
		simulator.Resigned: func(got, want batchResult) bool {
			return got.ResultURL != want.ResultURL && w.download(got.ResultURL).status == 200
		},
	} {
		for i, got := range list(how) {
			if !same(got, plain[i]) {
				t.Errorf("%s: %+v was %+v", how, got, plain[i])
			}
		}
	}
}

func TestFaultResets(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Reset: true})
	if a, err := w.try("GET", probe, nil); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("error %v, answer %+v", err, a)
	}
	if w.Journal().Count(simulator.RouteTokenSelf, 0) != 1 {
		t.Errorf("journal counts %v", w.Journal().Counts())
	}
}

func TestFaultDates(t *testing.T) {
	w := newWorld(t)
	path := metadataPath(w.pick(heldWithScreens))
	before := string(w.get(path).body)
	w.InjectFault(simulator.Fault{BadDates: true})
	after := string(w.get(path).body)
	if strings.Contains(after, `Z"`) || strings.ReplaceAll(after, "+0000", "Z") != before {
		t.Errorf("before %s\nafter %s", before, after)
	}
	// An interval is not a date.
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	if got := w.get(job).text("submissionDate"); got != "2023-10-09T12:00:00.000+0000" {
		t.Errorf("submission date %s", got)
	}
}

func TestFaultUnknowns(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	w.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, UnknownFields: true, UnknownValues: true})
	var entries []object
	w.get(metadataPath(c)).decode(&entries)
	for i, e := range entries {
		if e["id"] != c.Recordings[i].ID || e["fileState"] != "SIMULATED_UNKNOWN" || e["media"] != "SIMULATED_UNKNOWN" || e["simulatedUnknown"] == nil {
			t.Errorf("entry is %v", e)
		}
	}
}

func TestFaultMatches(t *testing.T) {
	other := simulator.Client{ID: "other", Secret: "s"}
	w := newWorld(t, func(o *simulator.Options) { o.Clients = append(o.Clients, other) })
	stranger := w.as(other)
	all := w.Dataset().Conversations
	hit, miss := all[2], all[3]
	protect := func(c ...simulator.Conversation) func(*world) answer {
		return func(w *world) answer {
			return w.post(protection, object{"conversationIds": idsOfAll(simulator.Dataset{Conversations: c})})
		}
	}
	read := func(c simulator.Conversation) func(*world) answer {
		return func(w *world) answer { return w.get(metadataPath(c)) }
	}
	order := func(c simulator.Conversation, recording string) func(*world) answer {
		return func(w *world) answer {
			return w.post(batches, object{"batchDownloadRequestList": []object{{"conversationId": c.ID, "recordingId": recording}}})
		}
	}
	for name, tc := range map[string]struct {
		fault simulator.Fault
		ask   func(*world) answer
		from  *world
		wrong bool
	}{
		"route":                      {simulator.Fault{Route: simulator.RouteMetadata}, read(hit), w, true},
		"another route":              {simulator.Fault{Route: simulator.RouteBatch}, read(hit), w, false},
		"conversation in path":       {simulator.Fault{ConversationID: hit.ID}, read(hit), w, true},
		"another conversation":       {simulator.Fault{ConversationID: hit.ID}, read(miss), w, false},
		"conversation in body":       {simulator.Fault{ConversationID: hit.ID}, protect(miss, hit), w, true},
		"conversation not in body":   {simulator.Fault{ConversationID: hit.ID}, protect(miss), w, false},
		"recording in body":          {simulator.Fault{RecordingID: "r"}, order(hit, "r"), w, true},
		"another recording in body":  {simulator.Fault{RecordingID: "r"}, order(hit, "q"), w, false},
		"client":                     {simulator.Fault{ClientID: "other"}, read(hit), stranger, true},
		"another client":             {simulator.Fault{ClientID: "other"}, read(hit), w, false},
		"conversation of batch list": {simulator.Fault{ConversationID: hit.ID}, order(hit, "r"), w, true},
	} {
		t.Run(name, func(t *testing.T) {
			defer w.ClearFaults()
			tc.fault.Status = 503
			w.InjectFault(tc.fault)
			if a := tc.ask(tc.from); (a.status == 503) != tc.wrong {
				t.Errorf("status %d, wrong wanted: %v", a.status, tc.wrong)
			}
		})
	}
}

func TestFaultCounts(t *testing.T) {
	outcome := func(f simulator.Fault) string {
		w := newWorld(t)
		f.Status = 500
		w.InjectFault(f)
		var statuses strings.Builder
		for range 8 {
			statuses.WriteByte(map[int]byte{200: '.', 500: 'x'}[w.get(probe).status])
		}
		return statuses.String()
	}
	for want, f := range map[string]simulator.Fault{
		"xxxxxxxx": {},
		"..xxxxxx": {Nth: 3},
		"xx......": {Count: 2},
		"...xx...": {Nth: 4, Count: 2},
	} {
		if got := outcome(f); got != want {
			t.Errorf("%+v gives %s, want %s", f, got, want)
		}
	}
	first, second := outcome(simulator.Fault{Probability: 0.5}), outcome(simulator.Fault{Probability: 0.5})
	if first != second || !strings.Contains(first, "x") || !strings.Contains(first, ".") {
		t.Errorf("half of them: %s, then %s", first, second)
	}
	if rarely := outcome(simulator.Fault{Probability: 0.01}); rarely != "........" {
		t.Errorf("one in a hundred: %s", rarely)
	}
}

func TestFaultLasts(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Status: 503, Lasts: time.Hour})
	w.want(w.get(probe), 503)
	w.clock.advance(time.Hour - time.Nanosecond)
	w.want(w.get(probe), 503)
	w.clock.advance(time.Nanosecond)
	w.want(w.get(probe), 200)
}

func TestEndFaults(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Status: 503})
	w.InjectFault(simulator.Fault{Status: 500})
	w.EndFaults(func(f simulator.Fault) bool { return f.Status == 503 })
	w.want(w.get(probe), 500)
	w.EndFaults(func(simulator.Fault) bool { return true })
	w.want(w.get(probe), 200)
}

func TestFirstFaultThatIsDueDecides(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Status: 503, Count: 1})
	w.InjectFault(simulator.Fault{Status: 504, Count: 1})
	var statuses []int
	for range 3 {
		statuses = append(statuses, w.get(probe).status)
	}
	if !slices.Equal(statuses, []int{503, 504, 200}) {
		t.Errorf("statuses %v", statuses)
	}
}

// TestAppliedFault is the lost reply: the job is there, the client cannot know.
func TestAppliedFault(t *testing.T) {
	for _, f := range []simulator.Fault{{Status: 500}, {Reset: true}, {Status: 504, Applied: true}, {Reset: true, Applied: true}} {
		w := newWorld(t)
		f.Route = simulator.RouteJobSubmit
		w.InjectFault(f)
		if a, err := w.try("POST", jobs, w.exportQuery()); err == nil && a.status < 500 {
			t.Fatalf("%+v gives %d", f, a.status)
		}
		w.ClearFaults()
		if got := len(w.get(jobs).list("entities")); (got == 1) != f.Applied {
			t.Errorf("%+v leaves %d jobs", f, got)
		}
	}
}

func TestFaultsOfBatchResults(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	items := object{"conversationId": c.ID}
	all := len(w.results(items))
	w.InjectFault(simulator.Fault{RecordingID: c.Recordings[0].ID, ResultError: "cannot transcode", Count: 1})
	got := w.results(items)
	if len(got) != all || got[0].ErrorMsg != "cannot transcode" || got[1].ErrorMsg != "" {
		t.Errorf("results %+v", got)
	}
	w.InjectFault(simulator.Fault{ConversationID: c.ID, RecordingID: c.Recordings[1].ID, Withhold: true})
	got = w.results(items)
	if len(got) != all-1 || slices.ContainsFunc(got, func(r batchResult) bool { return r.RecordingID == c.Recordings[1].ID }) {
		t.Errorf("results %+v", got)
	}
	w.want(w.get(probe), 200) // requests are not touched
}

func TestFaultsOfLoginAndDownloads(t *testing.T) {
	w := newWorld(t)
	w.InjectFault(simulator.Fault{Route: simulator.RouteLogin, Body: simulator.Null, Count: 1})
	if a := w.tryLogin(simulator.DefaultClientID, simulator.DefaultClientSecret, "grant_type=client_credentials"); string(a.body) != "null" {
		t.Errorf("login says %s", a.body)
	}
	c := w.pick(quiet)
	address := w.results(object{"conversationId": c.ID})[0].ResultURL
	w.InjectFault(simulator.Fault{Route: simulator.RouteDownload, RecordingID: c.Recordings[0].ID, Status: 503, Count: 1})
	w.want(w.download(address), 503)
	w.want(w.download(address), 200)
}

func TestFaultAsJSON(t *testing.T) {
	for text, want := range map[string]simulator.Fault{
		`{"route":"GET /api/v2/tokens/me","status":503,"retryAfter":"2s","delay":"1m0s"}`: {
			Route: simulator.RouteTokenSelf, Status: 503, RetryAfter: 2 * time.Second, Delay: time.Minute},
		`{"conversationId":"c","recordingId":"r","clientId":"k","nth":2,"count":3,"probability":0.5,"code":"x","message":"y","body":"html","reset":true,"applied":true,"path":"/p","results":"stray","badDates":true,"unknownFields":true,"unknownValues":true,"resultError":"e","withhold":true,"ownLimit":true,"pages":"endless","state":"PENDING","lasts":"5m0s"}`: {
			ConversationID: "c", RecordingID: "r", ClientID: "k", Nth: 2, Count: 3, Probability: 0.5, Code: "x", Message: "y",
			Body: simulator.HTML, Reset: true, Applied: true, BadDates: true, UnknownFields: true, UnknownValues: true,
			Path: "/p", Results: simulator.Stray, ResultError: "e", Withhold: true, OwnLimit: true, Pages: simulator.Endless, State: "PENDING", Lasts: 5 * time.Minute},
	} {
		var got simulator.Fault
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %+v: %v", text, got, err)
		}
		written, err := json.Marshal(want)
		if err != nil || !sameJSON(string(written), text) {
			t.Errorf("%+v is written as %s: %v", want, written, err)
		}
	}
	for _, text := range []string{`{"statsu":503}`, `{"delay":"soon"}`, `{"delay":5}`, `[]`} {
		var f simulator.Fault
		if err := json.Unmarshal([]byte(text), &f); err == nil {
			t.Errorf("%s is read as %+v", text, f)
		}
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func TestFaultValidation(t *testing.T) {
	for want, f := range map[string]simulator.Fault{
		"probability": {Probability: 2},
		"status":      {Status: 200},
		"body":        {Body: "soup"},
		"results":     {Results: "soup"},
		"pages":       {Pages: "soup"},
		"negative":    {Delay: -1},
		"no route":    {Route: "GET /nothing"},
	} {
		if err := f.CheckFields(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error about %s", f, err, want)
		}
	}
	good := simulator.Fault{Route: simulator.RouteDownload, Status: 503, Probability: 1, Body: simulator.Empty}
	if err := good.CheckFields(); err != nil {
		t.Error(err)
	}
}

// TestBurdens: answers that are small on their way, or have no end, or lead elsewhere.
func TestBurdens(t *testing.T) {
	w := newWorld(t)
	for _, f := range []simulator.Fault{{Body: simulator.Bomb}, {Body: simulator.Deep}, {Redirect: "https://elsewhere.example/"}, {Body: simulator.Flood}} {
		f.Count = 1
		w.InjectFault(f)
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	type received struct {
		status int
		header http.Header
		length int64
		body   string
	}
	get := func() received {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+probe, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.token)
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		return received{response.StatusCode, response.Header, response.ContentLength, string(body)}
	}
	if r := get(); r.header.Get("Content-Encoding") != "gzip" || len(r.body) > 1<<19 {
		t.Errorf("a bomb of %d bytes, %v", len(r.body), r.header)
	}
	if r := get(); !strings.HasPrefix(r.body, "[[[[") {
		t.Errorf("a deep answer begins with %.10q", r.body)
	}
	if r := get(); r.status != http.StatusFound || r.header.Get("Location") != "https://elsewhere.example/" {
		t.Errorf("a redirect: %d, %v", r.status, r.header)
	}
	if r := get(); r.length >= 0 || len(r.body) != 1<<20 {
		t.Errorf("a flood of %d bytes, length %d", len(r.body), r.length)
	}
}
