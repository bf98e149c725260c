package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const batches = "/api/v2/recording/batchrequests"

// submitBatch submits a batch request and returns its id.
func (w *world) submitBatch(items ...object) string {
	w.t.Helper()
	a := w.post(batches, object{"batchDownloadRequestList": items})
	w.want(a, 200)
	return a.text("id")
}

// batchResult is one result of a batch request.
type batchResult struct {
	ConversationID, RecordingID, ResultURL, ContentType, ErrorMsg string
}

// results submits a batch request and returns what it gives in the end.
func (w *world) results(items ...object) []batchResult {
	w.t.Helper()
	id := w.submitBatch(items...)
	w.clock.advance(w.Options().BatchDelay)
	var status struct {
		ExpectedResultCount, ResultCount, ErrorCount int
		Results                                      []batchResult
	}
	w.get(batches + "/" + id).decode(&status)
	if status.ExpectedResultCount != len(status.Results) || status.ResultCount != len(status.Results) {
		w.t.Fatalf("%d results, %d counted, %d expected", len(status.Results), status.ResultCount, status.ExpectedResultCount)
	}
	return status.Results
}

// TestBatchGivesTheTrueBytes downloads all files of one conversation of each
// medium, and of the one with several files.
func TestBatchGivesTheTrueBytes(t *testing.T) {
	w := newWorld(t)
	medium := func(m simulator.Medium) func(simulator.Conversation) bool {
		return func(c simulator.Conversation) bool { return c.Medium == m && len(c.Recordings) > 0 }
	}
	for name, fits := range map[string]func(simulator.Conversation) bool{
		"call": quiet, "screen": heldWithScreens, "chat": medium(simulator.Chat),
		"email": medium(simulator.Email), "message": medium(simulator.Message),
		"two files": func(c simulator.Conversation) bool {
			return len(c.Recordings) > 0 && len(c.Recordings[0].Files()) == 2
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.pick(fits)
			var want []simulator.File
			for _, r := range c.Recordings {
				want = append(want, r.Files()...)
			}
			results := w.results(object{"conversationId": c.ID})
			if len(results) != len(want) {
				t.Fatalf("%d results, want %d", len(results), len(want))
			}
			for i, r := range results {
				a := w.download(r.ResultURL)
				w.want(a, 200)
				sum := sha256.Sum256(a.body)
				if hex.EncodeToString(sum[:]) != want[i].SHA256 || len(a.body) != want[i].Size {
					t.Errorf("file %d has %d bytes with another digest", i, len(a.body))
				}
				if r.ContentType != want[i].ContentType || a.header.Get("Content-Type") != want[i].ContentType {
					t.Errorf("content type %q and %q, want %q", r.ContentType, a.header.Get("Content-Type"), want[i].ContentType)
				}
			}
		})
	}
}

func TestBatchProgress(t *testing.T) {
	w := newWorld(t)
	crowded := w.pick(func(c simulator.Conversation) bool { return len(c.Recordings) == 250 })
	id := w.submitBatch(object{"conversationId": crowded.ID})
	const steps = 20
	lastExpected, lastDone := 0, 0
	var partial, discovering bool
	for i := range steps {
		a := w.get(batches + "/" + id)
		expected, done := a.number("expectedResultCount"), a.number("resultCount")
		if i < steps/5 && (expected != 0 || done != 0) {
			t.Errorf("step %d: %d of %d, but nothing is known yet", i, done, expected)
		}
		if expected < lastExpected || done < lastDone || len(a.list("results")) != done {
			t.Errorf("step %d: from %d of %d to %d of %d", i, lastDone, lastExpected, done, expected)
		}
		if expected > 0 && done >= expected {
			t.Errorf("step %d: %d of %d, but there is more to come", i, done, expected)
		}
		partial = partial || done > 0
		discovering = discovering || expected > 0 && expected < 250
		lastExpected, lastDone = expected, done
		w.clock.advance(w.Options().BatchDelay / steps)
	}
	a := w.get(batches + "/" + id)
	if !partial || !discovering || a.number("expectedResultCount") != 250 || a.number("resultCount") != 250 {
		t.Errorf("ends with %d of %d, partial before: %v, %v", a.number("resultCount"), a.number("expectedResultCount"), partial, discovering)
	}
}

func TestBatchRefusals(t *testing.T) {
	stranger := simulator.Client{ID: "stranger", Secret: "s"}
	w := newWorld(t, func(o *simulator.Options) { o.Clients = append(o.Clients, stranger) })
	c := w.pick(quiet)
	item := object{"conversationId": c.ID, "recordingId": c.Recordings[0].ID}
	many := make([]object, 101)
	for i := range many {
		many[i] = item
	}
	w.wantCode(w.post(batches, object{"batchDownloadRequestList": many}), 400, "batch.download.too.many.items")
	w.want(w.post(batches, object{"batchDownloadRequestList": many[:100]}), 200)
	w.wantCode(w.post(batches, object{"batchDownloadRequestList": []object{}}), 400, "batch.download.bad.request")
	w.wantCode(w.post(batches, object{}), 400, "batch.download.bad.request")
	w.wantCode(w.get(batches+"/unknown"), 404, "batch.download.job.not.found")
	w.wantCode(w.as(stranger).get(batches+"/"+w.submitBatch(item)), 403, "batch.download.permission.denied")
}

func TestBatchErrors(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 1, simulator.Restored: 1}
	})
	in := func(state simulator.FileState) object {
		for _, r := range w.Dataset().Recordings() {
			if r.FileState == state {
				return object{"conversationId": r.ConversationID, "recordingId": r.ID}
			}
		}
		t.Fatalf("no recording in state %s", state)
		return nil
	}
	c := w.pick(quiet)
	for name, tc := range map[string]struct {
		item object
		err  string
	}{
		"archived":             {in(simulator.Archived), "ARCHIVED"},
		"restored":             {in(simulator.Restored), ""},
		"unknown conversation": {object{"conversationId": "nothing"}, "not found"},
		"unknown recording":    {object{"conversationId": c.ID, "recordingId": "nothing"}, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			results := w.results(tc.item)
			if len(results) != 1 || !strings.Contains(results[0].ErrorMsg, tc.err) || (tc.err == "") != (results[0].ErrorMsg == "") {
				t.Errorf("results %+v, want an error about %q", results, tc.err)
			}
			if (results[0].ErrorMsg == "") == (results[0].ResultURL == "") {
				t.Errorf("neither or both of address and error: %+v", results[0])
			}
		})
	}
	silent := w.pick(func(c simulator.Conversation) bool { return len(c.Recordings) == 0 })
	if got := w.results(object{"conversationId": silent.ID}); len(got) != 0 {
		t.Errorf("a conversation without recordings gives %+v", got)
	}
}

func TestSensitiveRecordingsAreLeftOut(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.Sensitive = 1 })
	var item object
	for _, r := range w.Dataset().Recordings() {
		if r.Sensitive {
			item = object{"conversationId": r.ConversationID, "recordingId": r.ID}
		}
	}
	if got := w.results(item); len(got) != 1 || got[0].ResultURL == "" {
		t.Errorf("with the permission: %+v", got)
	}
	if err := w.SetPermission(simulator.DefaultClientID, "recording:recording:viewSensitiveData", false); err != nil {
		t.Fatal(err)
	}
	if got := w.results(item); len(got) != 0 {
		t.Errorf("without the permission: %+v", got)
	}
}

func TestResultURLs(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.ResultURLTTL = 2 * time.Minute })
	c := w.pick(quiet)
	item := object{"conversationId": c.ID, "recordingId": c.Recordings[0].ID}
	address := w.results(item)[0].ResultURL
	refused := func(t *testing.T, a answer, status int, code string) {
		t.Helper()
		if a.status != status || !strings.Contains(string(a.body), "<Code>"+code+"</Code>") {
			t.Errorf("answer %d %s, want %d %s", a.status, a.body, status, code)
		}
		if a.header.Get("Content-Type") != "application/xml" {
			t.Errorf("content type %q", a.header.Get("Content-Type"))
		}
	}
	w.want(w.download(address), 200)
	t.Run("tampered", func(t *testing.T) {
		for _, change := range []func(url.Values){
			func(q url.Values) { q.Set("Signature", "0000") },
			func(q url.Values) { q.Set("Expires", "99999999999999") },
			func(q url.Values) { q.Set("Epoch", "7") },
			func(q url.Values) { q.Del("Expires") },
		} {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			change(q)
			u.RawQuery = q.Encode()
			refused(t, w.download(u.String()), 403, "SignatureDoesNotMatch")
		}
		other := strings.Replace(address, "/0.wav", "/1.wav", 1)
		refused(t, w.download(other), 403, "SignatureDoesNotMatch")
	})
	t.Run("with a token", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.token)
		refused(t, w.must(r), 400, "InvalidArgument")
	})
	t.Run("expired", func(t *testing.T) {
		w.clock.advance(2*time.Minute - time.Millisecond)
		w.want(w.download(address), 200)
		w.clock.advance(time.Millisecond)
		refused(t, w.download(address), 403, "AccessDenied")
		w.want(w.download(w.results(item)[0].ResultURL), 200)
	})
	t.Run("expired at once", func(t *testing.T) {
		batch := batches + "/" + w.submitBatch(item)
		w.clock.advance(w.Options().BatchDelay)
		address := w.get(batch).list("results")[0].(map[string]any)["resultUrl"].(string)
		w.ExpireResultURLs()
		refused(t, w.download(address), 403, "AccessDenied")
		if again := w.get(batch).list("results")[0].(map[string]any)["resultUrl"]; again != address {
			t.Errorf("the batch request gives another address, %v after %s", again, address)
		}
		w.want(w.download(w.results(item)[0].ResultURL), 200)
	})
	t.Run("deleted meanwhile", func(t *testing.T) {
		address := w.results(item)[0].ResultURL
		if err := w.SetFileState(c.ID, c.Recordings[0].ID, simulator.Deleted); err != nil {
			t.Fatal(err)
		}
		refused(t, w.download(address), 404, "NoSuchKey")
	})
}

func TestHostileIDsCanBeAskedFor(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Edges.HostileIDs = true })
	const hostile = "../../escape"
	path := "/api/v2/conversations/" + url.PathEscape(hostile) + "/recordingmetadata"
	w.want(w.get(path), 200)
	results := w.results(object{"conversationId": hostile})
	if len(results) != 1 {
		t.Fatalf("results %+v", results)
	}
	w.want(w.download(results[0].ResultURL), 200)
	w.wantCode(w.post("/api/v2/recordings/deletionprotection", object{"conversationIds": []string{hostile}}),
		400, "recording.conversation.id.not.uuid")
	last := w.Journal().Entries()
	if got := last[len(last)-2].ConversationID; got != hostile {
		t.Errorf("journal has conversation %q", got)
	}
}
