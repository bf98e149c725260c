package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// inOneBatch has each lane of the day be one batch, whose jobs are copied into the archive.
func inOneBatch(spec *v1alpha1.RecordingExportSpec) {
	spec.Slicing.Width = &metav1.Duration{Duration: 24 * time.Hour}
	spec.Delivery.BulkJob.Copy = true
}

// person calls Genesys Cloud without the operator.
type person struct {
	*bulkStory
	token string
}

// login logs a person in with the OAuth client.
func (w *bulkStory) login() *person {
	w.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.Endpoint+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(simulator.DefaultClientID, simulator.DefaultClientSecret)
	p := &person{bulkStory: w}
	p.token = p.send(request)["access_token"].(string)
	return p
}

// send sends a request, and returns the object that answers it.
func (p *person) send(request *http.Request) map[string]any {
	p.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusBadRequest {
		p.Fatalf("%s %s: %s %s %v", request.Method, request.URL.Path, response.Status, body, err)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(body, &answer); err != nil {
		p.Fatal(err)
	}
	return answer
}

// call makes a call of the Platform API.
func (p *person) call(method, path, body string) map[string]any {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), method, p.Endpoint+path, bytes.NewBufferString(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Content-Type", "application/json")
	return p.send(request)
}

// runJob has a bulk job of an action run over the whole day, until it is in a state. It returns the job's id.
func (p *person) runJob(action, state string) string {
	p.Helper()
	integration, _ := p.Sim.S3Integrations()
	const jobs = "/api/v2/recording/jobs"
	body := fmt.Sprintf(`{"action":%q,"actionDate":"2023-11-01T00:00:00.000Z","integrationId":%q,"includeScreenRecordings":true,
		"conversationQuery":{"interval":"2023-10-01T00:00:00Z/2023-10-02T00:00:00Z"}}`, action, integration)
	job := jobs + "/" + p.call(http.MethodPost, jobs, body)["id"].(string)
	p.awaitJob(job, "READY")
	p.call(http.MethodPut, job, `{"state":"PROCESSING"}`)
	p.awaitJob(job, state)
	return strings.TrimPrefix(job, jobs+"/")
}

func (p *person) awaitJob(job, state string) {
	p.Helper()
	testenv.Eventually(p, job+" is "+state, func() bool { return p.call(http.MethodGet, job, "")["state"] == state })
}

// jobsIn are the ids of the operator's jobs in a state.
func (w *bulkStory) jobsIn(state string, except ...string) (ids []string) {
	for _, job := range w.Sim.BulkJobs() {
		if job.State == state && !slices.Contains(except, job.ID) {
			ids = append(ids, job.ID)
		}
	}
	return ids
}

// expectDownloads: so many media were downloaded.
func (w *bulkStory) expectDownloads(want int) {
	w.Helper()
	if n := w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK); n != want {
		w.Errorf("%d media were downloaded, want %d", n, want)
	}
}

// TestTheForumsFailure: a plain bulk job over a day with held screen recordings among others fails. An
// export exports the same day with bulk jobs of which none fails.
func TestTheForumsFailure(t *testing.T) {
	w := newBulkStory(t, func(o *simulator.Options) { o.HeldScreenTimeouts, o.ScreenShare = simulator.QuirkOn, 0.5 })
	plain := w.login().runJob("EXPORT", "FAILED")
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectDownloads(0)
	w.expectNoJobLeft()
	if failed, fulfilled := w.jobsIn("FAILED", plain), w.jobsIn("FULFILLED"); len(failed) > 0 || len(fulfilled) != 3 {
		t.Errorf("the jobs %v failed, %v are fulfilled: want one of each lane", failed, fulfilled)
	}
}

// poison poisons two conversations of the lane Standard, far from each other in the order of the jobs. It
// returns their recordings, and how many conversations the lane has.
func (w *bulkStory) poison() (recordings []simulator.Recording, conversations int) {
	w.Helper()
	all := slices.DeleteFunc(w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Conversations, func(c simulator.Conversation) bool {
		return c.Held || len(c.Recordings) == 0
	})
	slices.SortFunc(all, func(a, b simulator.Conversation) int { return strings.Compare(a.ID, b.ID) })
	for _, c := range []simulator.Conversation{all[1], all[len(all)-2]} {
		if err := w.Sim.SetJobTrouble(c.ID, simulator.Poisoned); err != nil {
			w.Fatal(err)
		}
		recordings = append(recordings, c.Recordings...)
	}
	return recordings, len(all)
}

// expectHalved: jobs failed, but not many more than it takes to find two of so many conversations.
func (w *bulkStory) expectHalved(conversations int) {
	w.Helper()
	levels := bits.Len(uint(conversations)) + 1
	if n := len(w.jobsIn("FAILED")); n < 2 || n > 2*levels {
		w.Errorf("%d jobs failed: want at most %d for two of %d conversations", n, 2*levels, conversations)
	}
}

// TestPoisonedConversations: bulk jobs export everything but two conversations that make each job fail.
// These are found by halving and downloaded.
func TestPoisonedConversations(t *testing.T) {
	w := newBulkStory(t, nil)
	poisoned, conversations := w.poison()
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectDownloads(filesOf(poisoned))
	w.expectHalved(conversations)
	w.expectNoJobLeft()
}

// TestPoisonedConversationsThatCannotBeDownloaded are isolated, and become gaps with a reason. Everything
// else is exported meanwhile.
func TestPoisonedConversationsThatCannotBeDownloaded(t *testing.T) {
	w := newBulkStory(t, nil)
	poisoned, conversations := w.poison()
	for _, r := range poisoned {
		w.Sim.InjectFault(simulator.Fault{RecordingID: r.ID, ConversationID: r.ConversationID, ResultError: "temporary failure, try again"})
	}
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Start()
	w.awaitIsolated(export, int64(len(poisoned)))
	w.expectHalved(conversations)
	w.expectNoJobLeft()
	others := slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return containsRecording(poisoned, r) })
	if got := len(w.storedFiles()); got != filesOf(others) {
		t.Errorf("%d files are stored, want %d", got, filesOf(others))
	}

	patch := client.MergeFrom(export.DeepCopy())
	export.Spec.Retry.Deadline = &metav1.Duration{Duration: time.Second}
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		t.Fatal(err)
	}
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.judge(others)
	w.expectFailures(poisoned)
}

func containsRecording(all []simulator.Recording, r simulator.Recording) bool {
	return slices.ContainsFunc(all, func(other simulator.Recording) bool { return other.ID == r.ID })
}

// expectFailures: failures.csv has exactly these recordings, each with a detail.
func (w *bulkStory) expectFailures(recordings []simulator.Recording) {
	w.Helper()
	failures := readCSV(w, w.seals()[0]+"/failures.csv")
	for _, r := range recordings {
		if !slices.ContainsFunc(failures, func(f row) bool { return f["recording_id"] == r.ID && f["reason"] != "" && f["detail"] != "" }) {
			w.Errorf("failures.csv does not have %s: %v", r.ID, failures)
		}
	}
	if len(failures) != len(recordings) {
		w.Errorf("failures.csv has %d lines, want %d", len(failures), len(recordings))
	}
}

// TestWhatAJobDoesNotExport: the recordings that jobs list as failed are downloaded without waiting for the
// bucket, like those that they leave out because of sensitive data. Archived recordings get their usual reason.
func TestWhatAJobDoesNotExport(t *testing.T) {
	w := newBulkStory(t, func(o *simulator.Options) {
		oneJob(false)(o)
		o.Conversations, o.Edges.Sensitive = 12, 2
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 1}
	})
	var exportable, downloaded []simulator.Recording
	failing := 0
	for _, r := range w.exportable() {
		if !r.FileState.Downloadable() {
			continue
		}
		exportable = append(exportable, r)
		if !r.Sensitive && failing < 2 {
			failing++
			if err := w.Sim.SetExportTrouble(r.ConversationID, r.ID, simulator.FailedExport); err != nil {
				t.Fatal(err)
			}
			downloaded = append(downloaded, r)
		}
		if r.Sensitive {
			downloaded = append(downloaded, r)
		}
	}
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.judge(exportable)
	w.expectDownloads(filesOf(downloaded))
	if n := w.Sim.Journal().Count(simulator.RouteFailed, http.StatusOK); len(downloaded) != 4 || export.Status.Gaps != 1 || n != 1 {
		t.Errorf("%d recordings to download, %d gaps, the failed ones were listed %d times", len(downloaded), export.Status.Gaps, n)
	}
	w.expectNoJobLeft()
}
