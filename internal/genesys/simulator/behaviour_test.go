package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// The tests of this file show what Genesys Cloud does that an export must survive,
// each as a fault or an option.

// TestARequestRefusedBecauseOfOneRecording: whatever else is in it; without that
// recording the same request is taken.
func TestARequestRefusedBecauseOfOneRecording(t *testing.T) {
	w := newWorld(t)
	c, other := w.pick(heldWithScreens), w.pick(quiet)
	bad := object{"conversationId": c.ID, "recordingId": c.Recordings[0].ID}
	good := object{"conversationId": other.ID, "recordingId": other.Recordings[0].ID}
	for status, code := range map[int]string{400: "bad.request", 404: "not.found", 500: "internal.server.error"} {
		w.ClearFaults()
		w.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, RecordingID: c.Recordings[0].ID, Status: status})
		for range 2 {
			w.wantCode(w.post(batches, object{"batchDownloadRequestList": []object{good, bad}}), status, code)
			w.wantCode(w.post(batches, object{"batchDownloadRequestList": []object{bad}}), status, code)
		}
		w.want(w.post(batches, object{"batchDownloadRequestList": []object{good}}), 200)
	}
}

// TestARequestThatTakes17Seconds takes effect, although a client that waits 16 s
// does not find out about it.
func TestARequestThatTakes17Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := simulator.Defaults()
		o.Start, o.Latency = time.Now().Add(-5*day), simulator.Latency{}
		sim := simulator.New(o)
		token := loginDirectly(t, sim)
		sim.InjectFault(simulator.Fault{Route: simulator.RouteProtectionQuery, Delay: 17 * time.Second})
		began := time.Now()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, protection,
			strings.NewReader(`{"conversationIds":["`+sim.Dataset().Conversations[0].ID+`"]}`))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if took := time.Since(began); took != 17*time.Second || w.Code != http.StatusOK {
			t.Errorf("%d after %v", w.Code, took)
		}
	})
}

// TestAResultErrorThatPasses after some requests for the recording.
func TestAResultErrorThatPasses(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	item := object{"conversationId": c.ID, "recordingId": c.Recordings[0].ID}
	w.InjectFault(simulator.Fault{RecordingID: c.Recordings[0].ID, ResultError: "temporary failure, try again", Count: 3})
	for i := range 5 {
		got := w.results(item)[0]
		if (got.ErrorMsg == "temporary failure, try again") != (i < 3) || (got.ResultURL != "") != (i >= 3) {
			t.Errorf("request %d gives %+v", i, got)
		}
	}
}

func TestUploads(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Uploading: 2}
		o.UploadDelay = 30 * time.Second
	})
	uploading := func() int {
		n := 0
		for _, r := range w.Dataset().Recordings() {
			n += map[bool]int{true: 1}[r.FileState == simulator.Uploading]
		}
		return n
	}
	w.clock.advance(30*time.Second - 1)
	if got := uploading(); got != 2 {
		t.Errorf("%d are uploading before their time, want 2", got)
	}
	w.clock.advance(1)
	if got := uploading(); got != 0 {
		t.Errorf("%d are uploading after their time", got)
	}
	c := w.pick(quiet)
	state := func() string { return w.get(metadataPath(c) + "/" + c.Recordings[0].ID).text("fileState") }
	const path = "/_simulator/mutations"
	item := `{"setUploading":{"conversationId":"` + c.ID + `","recordingId":"` + c.Recordings[0].ID + `"`
	w.want(w.post(path, item+`}}`), 204)
	w.clock.advance(10 * time.Hour)
	if got := state(); got != "UPLOADING" {
		t.Errorf("%s, want it never to arrive", got)
	}
	w.want(w.post(path, item+`,"for":"1m"}}`), 204)
	for _, want := range []string{"UPLOADING", "AVAILABLE"} {
		if got := state(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		w.clock.advance(time.Minute)
	}
	w.want(w.post(path, `{"setUploading":{"conversationId":"x"}}`), 404)
	// Never, unless something is said.
	w = newWorld(t, func(o *simulator.Options) { o.Edges.FileStates = map[simulator.FileState]int{simulator.Uploading: 2} })
	w.clock.advance(365 * day)
	if got := uploading(); got != 2 {
		t.Errorf("%d are uploading, want 2 forever", got)
	}
}

// TestA404OfAProxy is a page, where Genesys Cloud would have said it in JSON.
func TestA404OfAProxy(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	w.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: c.ID, Status: 404, Body: simulator.HTML, Count: 1})
	a := w.get(metadataPath(c))
	if a.status != 404 || a.header.Get("Content-Type") != "text/html" || !strings.HasPrefix(string(a.body), "<html>") {
		t.Errorf("%d %s %s", a.status, a.header.Get("Content-Type"), a.body)
	}
	w.want(w.get(metadataPath(c)), 200)
}

func TestLargePagesOfAJob(t *testing.T) {
	for refuse, status := range map[bool]int{false: 200, true: 400} {
		w := newWorld(t, func(o *simulator.Options) { o.Limits.AsyncPageSize, o.Limits.RefuseLargePages = 10, refuse })
		job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
		w.clock.advance(w.Options().AnalyticsDelay)
		a := w.get(job + "/results?pageSize=11")
		w.want(a, status)
		if !refuse && len(a.list("conversations")) != 10 {
			t.Errorf("a page of %d, want it cut to 10", len(a.list("conversations")))
		}
		w.want(w.get(job+"/results?pageSize=10"), 200)
		w.want(w.get(job+"/results"), 200)
	}
}

// TestPagesWithoutEnd: a cursor that names its own page, and pages that never stop.
func TestPagesWithoutEnd(t *testing.T) {
	w := newWorld(t)
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	w.clock.advance(w.Options().AnalyticsDelay)
	results := func(size, cursor string) answer {
		a := w.get(job + "/results?pageSize=" + size + "&cursor=" + cursor)
		w.want(a, 200)
		return a
	}
	for _, size := range []string{"20", "1000"} { // several pages, and a single one
		w.ClearFaults()
		w.InjectFault(simulator.Fault{Route: simulator.RouteDetailsResults, Pages: simulator.Repeating})
		first := results(size, "")
		cursor := first.text("cursor")
		if again := results(size, cursor); cursor == "" || again.text("cursor") != cursor || len(again.list("conversations")) == 0 {
			t.Errorf("pages of %s: %q leads to %q", size, cursor, again.text("cursor"))
		}

		w.ClearFaults()
		w.InjectFault(simulator.Fault{Route: simulator.RouteDetailsResults, Pages: simulator.Endless})
		seen, n := map[string]bool{}, 0
		for cursor, i := "", 0; i < 20; i++ {
			page := results(size, cursor)
			n += len(page.list("conversations"))
			if cursor = page.text("cursor"); cursor == "" || seen[cursor] {
				t.Fatalf("pages of %s: page %d names %q", size, i, cursor)
			}
			seen[cursor] = true
		}
		if want := len(w.Dataset().Conversations); n != want {
			t.Errorf("pages of %s: %d conversations, want %d and then none", size, n, want)
		}
	}
	w.ClearFaults()
	w.InjectFault(simulator.Fault{Route: simulator.RouteRetention, Pages: simulator.Endless})
	next := "/api/v2/recordings/retention/query?retentionThresholdDays=1&pageSize=500"
	for range 5 {
		a := w.get(next)
		w.want(a, 200)
		if next = a.text("nextUri"); next == "" {
			t.Fatal("the retention query ended")
		}
	}
}

func TestAJobThatStaysPending(t *testing.T) {
	w := newWorld(t)
	job := detailsJobs + "/" + w.post(detailsJobs, object{"interval": firstDay}).text("jobId")
	w.InjectFault(simulator.Fault{Route: simulator.RouteDetailsJob, State: "PENDING"})
	for range 3 {
		w.clock.advance(time.Hour)
		if got := w.get(job).text("state"); got != "PENDING" {
			t.Errorf("state %s, want PENDING", got)
		}
	}
	w.ClearFaults()
	if got := w.get(job).text("state"); got != "FULFILLED" {
		t.Errorf("state %s, want FULFILLED", got)
	}
}

// TestOneBatchRequestThatCannotBeRead is found by a recording that it asks for; all
// others can be read.
func TestOneBatchRequestThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	c, other := w.pick(heldWithScreens), w.pick(quiet)
	bad := batches + "/" + w.submitBatch(object{"conversationId": c.ID, "recordingId": c.Recordings[0].ID})
	good := batches + "/" + w.submitBatch(object{"conversationId": other.ID, "recordingId": other.Recordings[0].ID})
	w.InjectFault(simulator.Fault{Route: simulator.RouteBatch, RecordingID: c.Recordings[0].ID, Status: 500})
	for range 3 {
		w.want(w.get(bad), 500)
		w.want(w.get(good), 200)
		w.clock.advance(time.Minute)
	}
	for _, e := range w.Journal().Entries() {
		if e.Route == simulator.RouteBatch && e.IDs != 0 {
			t.Errorf("the journal counts %d ids in the body of %s", e.IDs, e.Path)
		}
	}
}

func TestOneRecordingThatCannotBeFetched(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	w.InjectFault(simulator.Fault{Route: simulator.RouteDownload, RecordingID: c.Recordings[0].ID, Status: 500})
	for _, result := range w.results(object{"conversationId": c.ID}) {
		want := 200
		if result.RecordingID == c.Recordings[0].ID {
			want = 500
		}
		for range 2 {
			w.want(w.download(result.ResultURL), want)
		}
	}
}
