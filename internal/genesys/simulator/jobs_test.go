package simulator_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const jobs = "/api/v2/recording/jobs"

// exportQuery is a bulk job over conversations, all of the first day if none
// are named.
func (w *world) exportQuery(conversations ...simulator.Conversation) object {
	working, _ := w.S3Integrations()
	query := object{"interval": firstDay}
	predicates := []object{}
	for _, c := range conversations {
		predicates = append(predicates, object{"dimension": "conversationId", "value": c.ID})
	}
	if len(predicates) > 0 {
		query["conversationFilters"] = []object{filter("or", predicates...)}
	}
	return object{
		"action": "EXPORT", "actionDate": "2023-10-09T00:00:00.000000Z",
		"integrationId": working, "conversationQuery": query,
	}
}

// submitJob submits a bulk job and returns its path.
func (w *world) submitJob(query object) string {
	w.t.Helper()
	a := w.post(jobs, query)
	w.want(a, 202)
	return jobs + "/" + a.text("id")
}

// runJob takes a bulk job to its end.
func (w *world) runJob(query object) answer {
	w.t.Helper()
	job := w.submitJob(query)
	w.clock.advance(w.Options().JobDelay)
	w.want(w.put(job, object{"state": "PROCESSING"}), 200)
	w.clock.advance(w.Options().JobDelay)
	return w.get(job)
}

func (w *world) wantState(job, state string) answer {
	w.t.Helper()
	a := w.get(job)
	w.want(a, 200)
	if got := a.text("state"); got != state {
		w.t.Fatalf("state %s, want %s", got, state)
	}
	return a
}

func TestJobLife(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, func(o *simulator.Options) { o.ExportDir = dir })
	c := w.pick(quiet)
	query := w.exportQuery(c)
	job := w.submitJob(query)
	delay := w.Options().JobDelay
	w.wantState(job, "PENDING")
	w.clock.advance(delay / 2)
	w.wantCode(w.put(job, object{"state": "PROCESSING"}), 400, "constraint.validation")
	if a := w.wantState(job, "PROCESSING"); a.number("totalRecordings") != 0 {
		t.Errorf("recordings are counted early: %s", a.body)
	}
	w.clock.advance(delay)
	ready := w.wantState(job, "READY")
	if ready.number("totalConversations") != 1 || ready.number("totalRecordings") != len(c.Recordings) || ready.number("percentProgress") != 0 {
		t.Errorf("ready says %s", ready.body)
	}
	if ready.text("recordingJobsQuery", "integrationId") != query["integrationId"] || ready.text("user", "id") != simulator.DefaultClientID {
		t.Errorf("ready says %s", ready.body)
	}
	w.clock.advance(day / 2) // nothing happens without a PUT
	w.wantState(job, "READY")
	w.wantCode(w.put(job, object{"state": "READY"}), 400, "invalid.query.param.value")
	w.want(w.put(job, object{"state": "PROCESSING"}), 200)
	w.clock.advance(delay / 2)
	if a := w.wantState(job, "PROCESSING"); a.number("percentProgress") != 50 {
		t.Errorf("half-way says %s", a.body)
	}
	w.clock.advance(delay / 2)
	if a := w.wantState(job, "FULFILLED"); a.number("percentProgress") != 100 || a.number("totalProcessedRecordings") != len(c.Recordings) {
		t.Errorf("fulfilled says %s", a.body)
	}
	one := metadataPath(c) + "/" + c.Recordings[0].ID
	if a := w.get(one); a.text("exportDate") != "2023-10-09T00:00:00.000Z" || a.text("exportedDate") != "" {
		t.Errorf("fulfilled is not exported: %s", a.body)
	}
	w.clock.advance(w.Options().ExportDelay)
	if a := w.get(one); a.text("exportedDate") == "" {
		t.Errorf("exported says %s", a.body)
	}
	w.wantExported(dir, c)
}

// wantExported checks the files of a conversation in the place of the bucket.
func (w *world) wantExported(dir string, c simulator.Conversation) {
	w.t.Helper()
	start := c.Start
	folder := fmt.Sprintf("%s/year=%d/month=%d/day=%d/hour=%d/conversation_id=%s",
		simulator.DefaultOrganizationID, start.Year(), start.Month(), start.Day(), start.Hour(), c.ID)
	for _, r := range c.Recordings {
		name := path.Join(folder, r.ID+".wav")
		media, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil || string(media) != string(r.Media(0)) {
			w.t.Errorf("%s: %v, %d bytes", name, err, len(media))
		}
		companion, err := fs.ReadFile(os.DirFS(dir), name+"_metadata.json")
		if err != nil || !strings.Contains(string(companion), `"mediaType":"Call"`) || !strings.Contains(string(companion), "+0000") {
			w.t.Errorf("metadata of %s: %v\n%s", name, err, companion)
		}
	}
}

func TestJobBelongsToItsCreator(t *testing.T) {
	other := simulator.Client{ID: "other", Secret: "s"}
	w := newWorld(t, func(o *simulator.Options) { o.Clients = append(o.Clients, other) })
	job := w.submitJob(w.exportQuery(w.pick(quiet)))
	w.clock.advance(w.Options().JobDelay)
	stranger := w.as(other)
	stranger.want(stranger.get(job), 200)
	stranger.wantCode(stranger.put(job, object{"state": "PROCESSING"}), 403, "not.authorized")
	w.want(w.put(job, object{"state": "PROCESSING"}), 200)
}

func TestTwoJobsAtMost(t *testing.T) {
	w := newWorld(t)
	query := w.exportQuery(w.pick(quiet))
	first, second := w.submitJob(query), w.submitJob(query)
	w.wantCode(w.post(jobs, query), 400, "constraint.validation")
	w.clock.advance(w.Options().JobDelay) // those that are READY do not count
	third := w.submitJob(query)
	w.want(w.put(first, object{"state": "PROCESSING"}), 200)
	w.wantCode(w.put(second, object{"state": "PROCESSING"}), 400, "constraint.validation")
	w.want(w.remove(third), 204)
	w.want(w.put(second, object{"state": "PROCESSING"}), 200)
	w.wantState(third, "CANCELLED")
}

func TestCancelledJobDoesNothing(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	job := w.submitJob(w.exportQuery(c))
	w.clock.advance(w.Options().JobDelay)
	w.want(w.put(job, object{"state": "PROCESSING"}), 200)
	w.want(w.remove(job), 204)
	w.clock.advance(time.Hour)
	w.wantState(job, "CANCELLED")
	if got := w.get(metadataPath(c) + "/" + c.Recordings[0].ID).text("exportDate"); got != "" {
		t.Errorf("export date %s", got)
	}
	w.wantCode(w.remove(jobs+"/unknown"), 404, "not.found")
}

// TestHeldScreensDoomMixedJobs is the failure as bulk jobs see it.
func TestHeldScreensDoomMixedJobs(t *testing.T) {
	for name, tc := range map[string]struct {
		quirk    simulator.Quirk
		select_  []func(simulator.Conversation) bool
		screens  bool
		expected string
	}{
		"a whole day":                  {simulator.QuirkByRegion, nil, true, "FAILED"},
		"held screens and others":      {simulator.QuirkOn, []func(simulator.Conversation) bool{heldWithScreens, quiet}, true, "FAILED"},
		"held screens and other holds": {simulator.QuirkOn, []func(simulator.Conversation) bool{heldWithScreens, heldWithoutScreens}, true, "FAILED"},
		"held screens and a call":      {simulator.QuirkOn, []func(simulator.Conversation) bool{heldWithScreens}, true, "FAILED"},
		"without held screens":         {simulator.QuirkOn, []func(simulator.Conversation) bool{quiet, heldWithoutScreens, freeWithScreens}, true, "FULFILLED"},
		"no screens wanted":            {simulator.QuirkOn, nil, false, "FULFILLED"},
		"quirk off":                    {simulator.QuirkOff, nil, true, "FULFILLED"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(o *simulator.Options) { o.HeldScreenTimeouts = tc.quirk })
			var selected []simulator.Conversation
			for _, fits := range tc.select_ {
				selected = append(selected, w.pick(fits))
			}
			query := w.exportQuery(selected...)
			if !tc.screens {
				query["includeScreenRecordings"] = false
			}
			a := w.runJob(query)
			if a.text("state") != tc.expected {
				t.Fatalf("job is %s", a.body)
			}
			failed := w.get(a.text("failedRecordings"))
			if tc.expected == "FULFILLED" {
				if want := w.exportable(selected, tc.screens); a.number("totalProcessedRecordings") != want {
					t.Errorf("want %d recordings exported: %s", want, a.body)
				}
				if len(failed.list("entities")) != 0 || a.text("errorMessage") != "" {
					t.Errorf("a fulfilled job has failed: %s %s", a.body, failed.body)
				}
				return
			}
			if got := a.text("errorMessage"); got != "Timeout during metadata retrieval of the screen recordings under legal hold" {
				t.Errorf("error %q", got)
			}
			if len(failed.list("entities")) == 0 || a.number("percentProgress") != 50 || a.number("totalFailedRecordings") == 0 {
				t.Errorf("a failed job says %s %s", a.body, failed.body)
			}
		})
	}
}

// exportable counts the recordings of conversations, of all if none are named.
func (w *world) exportable(conversations []simulator.Conversation, screens bool) int {
	w.t.Helper()
	d := simulator.Dataset{Conversations: conversations}
	if len(conversations) == 0 {
		d = w.Dataset()
	}
	n := 0
	for _, r := range d.Recordings() {
		if screens || r.Medium != simulator.Screen {
			n++
		}
	}
	return n
}

func TestJobPassesOverWhatItCannotExport(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.HeldScreenTimeouts = simulator.QuirkOff
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 2, simulator.Errored: 3}
		o.Edges.Sensitive = 4
	})
	a := w.runJob(w.exportQuery())
	total := len(w.Dataset().Recordings())
	if a.number("totalSkippedRecordings") != 6 || a.number("totalFailedRecordings") != 3 || a.number("totalProcessedRecordings") != total-9 {
		t.Errorf("of %d recordings: %s", total, a.body)
	}
	failed := w.get(a.text("failedRecordings") + "?pageSize=2&includeTotal=true")
	if len(failed.list("entities")) != 2 || failed.number("total") != 3 || failed.number("pageCount") != 2 {
		t.Errorf("failed recordings are %s", failed.body)
	}
	sensitive := w.exportQuery()
	sensitive["includeRecordingsWithSensitiveData"] = true
	if a := w.runJob(sensitive); a.number("totalSkippedRecordings") != 2 {
		t.Errorf("with sensitive data: %s", a.body)
	}
	if err := w.SetPermission(simulator.DefaultClientID, "recording:recording:viewSensitiveData", false); err != nil {
		t.Fatal(err)
	}
	w.wantCode(w.post(jobs, sensitive), 403, "missing.permissions")
}

func TestBrokenIntegrationExportsNothing(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	query := w.exportQuery(c)
	_, query["integrationId"] = w.S3Integrations()
	if a := w.runJob(query); a.text("state") != "FULFILLED" {
		t.Errorf("job is %s", a.body)
	}
	w.clock.advance(time.Hour)
	if a := w.get(metadataPath(c) + "/" + c.Recordings[0].ID); a.text("exportDate") == "" || a.text("exportedDate") != "" {
		t.Errorf("recording is %s", a.body)
	}
}

// TestJobsOfScreensAlone: a job that gives a date to screen recordings alone exports nothing else, so
// it can be about those under hold. Not every organisation has such jobs.
func TestJobsOfScreensAlone(t *testing.T) {
	w := newWorld(t)
	c := w.pick(heldWithScreens)
	query := w.exportQuery(c)
	query["screenRecordingActionDate"] = query["actionDate"]
	delete(query, "actionDate")
	a := w.runJob(query)
	if a.text("state") != "FULFILLED" || a.number("totalConversations") != 1 || a.number("totalProcessedRecordings") != w.exportable([]simulator.Conversation{c}, true)-w.exportable([]simulator.Conversation{c}, false) {
		t.Errorf("job is %s", a.body)
	}
	after, _ := w.Dataset().Conversation(c.ID)
	for _, r := range after.Recordings {
		if (r.Medium == simulator.Screen) == r.ExportDate.IsZero() {
			t.Errorf("%s: export date %v", r.Medium, r.ExportDate)
		}
	}
	query["includeScreenRecordings"] = false
	w.wantCode(w.post(jobs, query), 400, "constraint.validation")
	delete(query, "includeScreenRecordings")
	without := newWorld(t, func(o *simulator.Options) { o.OnlyScreenJobs = simulator.QuirkOff })
	without.wantCode(without.post(jobs, query), 501, "not.implemented")
}

func TestExportDates(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.HeldScreenTimeouts = simulator.QuirkOff })
	c := w.pick(heldWithScreens)
	query := w.exportQuery(c)
	delete(query, "actionDate")
	query["actionAge"] = 20
	query["screenRecordingActionDate"] = "2093-01-01T00:00:00.000Z"
	w.runJob(query)
	after, _ := w.Dataset().Conversation(c.ID)
	for _, r := range after.Recordings {
		want := r.End.AddDate(0, 0, 20)
		if r.Medium == simulator.Screen {
			want = r.End.AddDate(10, 0, 0) // not later than its deletion
		}
		if !r.ExportDate.Equal(want) || !r.ExportedDate.IsZero() {
			t.Errorf("%s: export %v, want %v; exported %v", r.Medium, r.ExportDate, want, r.ExportedDate)
		}
	}
	w.clock.advance(20 * day)
	w.Tick()
	after, _ = w.Dataset().Conversation(c.ID)
	for _, r := range after.Recordings {
		if (r.Medium == simulator.Screen) != r.ExportedDate.IsZero() {
			t.Errorf("%s: exported %v", r.Medium, r.ExportedDate)
		}
	}
}

func TestJobRefusals(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(object){
		"unknown action": func(q object) { q["action"] = "COPY" },
		"no date":        func(q object) { delete(q, "actionDate") },
		"date and age":   func(q object) { q["actionAge"] = 1 },
		"two dates of screens": func(q object) {
			q["screenRecordingActionDate"], q["screenRecordingActionAge"] = "2023-10-09T00:00:00Z", 1
		},
		"no conversations":  func(q object) { delete(q, "conversationQuery") },
		"two queries":       func(q object) { q["agedConversationInterval"] = firstDay },
		"no integration":    func(q object) { delete(q, "integrationId") },
		"other integration": func(q object) { q["integrationId"] = "00000000-0000-4000-8000-000000000000" },
		"not an interval":   func(q object) { q["conversationQuery"] = object{"interval": "always"} },
	} {
		t.Run(name, func(*testing.T) {
			query := w.exportQuery()
			change(query)
			w.want(w.post(jobs, query), 400)
		})
	}
	aged := w.exportQuery()
	delete(aged, "conversationQuery")
	aged["agedConversationInterval"] = firstDay
	w.want(w.post(jobs, aged), 202)
}

func TestListJobs(t *testing.T) {
	other := simulator.Client{ID: "0-other", Secret: "s"}
	w := newWorld(t, func(o *simulator.Options) { o.Clients = append(o.Clients, other) })
	stranger := w.as(other)
	query := w.exportQuery(w.pick(quiet))
	var created []string
	for i := range 5 {
		from := []*world{w, stranger}[i%2]
		created = append(created, strings.TrimPrefix(from.submitJob(query), jobs+"/"))
		w.clock.advance(w.Options().JobDelay)
	}
	w.want(w.remove(jobs+"/"+created[0]), 204)
	ids := func(a answer) string {
		w.want(a, 200)
		var numbers []string
		for _, v := range a.list("entities") {
			for i, id := range created {
				if v.(map[string]any)["id"] == id {
					numbers = append(numbers, fmt.Sprint(i))
				}
			}
		}
		return strings.Join(numbers, "")
	}
	for query, want := range map[string]string{
		"sortBy=dateCreated":                     "01234",
		"":                                       "13024", // by user
		"sortBy=dateCreated&state=CANCELLED":     "0",
		"sortBy=dateCreated&showOnlyMyJobs=true": "024",
		"jobType=DELETE":                         "",
		"sortBy=dateCreated&pageSize=2":          "01",
		"sortBy=dateCreated&pageSize=2&pageNumber=3&includeTotal=true": "4",
		"sortBy=dateCreated&pageSize=2&pageNumber=9&includeTotal=true": "",
	} {
		if got := ids(w.get(jobs + "?" + query)); got != want {
			t.Errorf("%q lists %s, want %s", query, got, want)
		}
	}
	var byCursor string
	for next := jobs + "?sortBy=dateCreated&pageSize=2&pageNumber=7&includeTotal=false"; next != ""; {
		a := w.get(next)
		if a.get("total") != nil || a.get("cursor") != nil {
			t.Errorf("a listing by cursor says %s", a.body)
		}
		byCursor += ids(a)
		next = a.text("nextUri")
		if u, err := url.Parse(next); err != nil || next != "" && u.Query().Get("cursor") == "" {
			t.Errorf("next is %q: %v", next, err)
		}
	}
	if byCursor != "01234" {
		t.Errorf("by cursor: %s", byCursor)
	}
	w.wantCode(w.get(jobs+"?pageSize=0&pageNumber=0&includeTotal=false"), 400, "invalid.query.param.value")
	w.wantCode(w.get(jobs+"?pageSize=1&pageNumber=0"), 400, "invalid.query.param.value")
}
