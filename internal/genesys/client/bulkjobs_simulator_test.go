package client

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// exported chooses n conversations with recordings and returns a query for them.
func exported(t *testing.T, sim *simulator.Simulator, n int) (genesys.BulkQuery, []simulator.Conversation) {
	t.Helper()
	var query genesys.BulkQuery
	query.IntegrationID, _ = sim.S3Integrations()
	query.From, query.To = sim.Options().Start, sim.Options().Start.Add(24*time.Hour)
	query.ActionDate, query.Screens = time.Now().Truncate(time.Millisecond).UTC(), true
	var chosen []simulator.Conversation
	for _, c := range sim.Dataset().Started(query.From, query.To).Conversations {
		if len(chosen) < n && len(c.Recordings) > 0 && !c.End.IsZero() && genesys.ValidID(c.ID) {
			query.Conversations = append(query.Conversations, c.ID)
			chosen = append(chosen, c)
		}
	}
	if len(chosen) != n {
		t.Fatalf("only %d conversations", len(chosen))
	}
	return query, chosen
}

// allJobs lists every bulk job.
func allJobs(t *testing.T, client *Client, filter genesys.BulkJobFilter) []genesys.BulkJob {
	t.Helper()
	var jobs []genesys.BulkJob
	for skip, more := 0, true; more; more = skip > 0 {
		page, err := client.BulkJobs(t.Context(), filter, skip)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, page.Jobs...)
		skip = page.Next
	}
	return jobs
}

// TestSimulatedBulkJob follows a job from its creation to its end.
func TestSimulatedBulkJob(t *testing.T) {
	sim, client := simulated(t)
	query, chosen := exported(t, sim, 30)
	job, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := client.BulkJob(t.Context(), job.ID)
	if err != nil || ready.State != genesys.BulkReady {
		t.Fatalf("job %+v, %v", ready, err)
	}
	recordings := 0
	for _, c := range chosen {
		recordings += len(c.Recordings)
	}
	if ready.Totals != (genesys.BulkTotals{Conversations: 30, Recordings: recordings}) {
		t.Errorf("totals %+v, want 30 conversations and %d recordings", ready.Totals, recordings)
	}
	if diff := cmp.Diff(query, ready.Query); diff != "" || ready.Action != genesys.BulkExport || ready.UserID != simulator.DefaultClientID {
		t.Errorf("job %+v, its query -want +got:\n%s", ready, diff)
	}
	if _, err := client.ExecuteBulkJob(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	_, err = client.ExecuteBulkJob(t.Context(), job.ID)
	expectKind(t, err, genesys.KindInvalid)
	ended, err := client.BulkJob(t.Context(), job.ID)
	if err != nil || ended.State != genesys.BulkFulfilled || ended.Totals.Processed != recordings || ended.Totals.Percent != 100 {
		t.Errorf("job %+v, %v", ended, err)
	}
	failed, err := client.FailedRecordings(t.Context(), job.ID, 0)
	if err != nil || len(failed.Recordings) != 0 {
		t.Errorf("failed %+v, %v", failed, err)
	}
	metadata, err := client.RecordingMetadata(t.Context(), chosen[0].ID, time.Minute)
	if err != nil || metadata.Recordings[0].Retention.ExportedDate == "" {
		t.Errorf("recordings %+v, %v", metadata.Recordings, err)
	}
}

// TestSimulatedLostSubmission: a job whose answer was lost is in the list with its query.
func TestSimulatedLostSubmission(t *testing.T) {
	sim, client := simulated(t)
	query, _ := exported(t, sim, 5)
	other := query
	other.ActionDate = query.ActionDate.Add(time.Millisecond)
	if _, err := client.SubmitBulkJob(t.Context(), other, time.Minute); err != nil {
		t.Fatal(err)
	}
	sim.InjectFault(simulator.Fault{Route: simulator.RouteJobSubmit, Reset: true, Applied: true})
	_, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
	expectKind(t, err, genesys.KindTransient)
	jobs := allJobs(t, client, genesys.BulkJobFilter{Own: true})
	if len(jobs) != 2 || !cmp.Equal(jobs[1].Query, query) || cmp.Equal(jobs[0].Query, query) {
		t.Errorf("%d jobs: %+v", len(jobs), jobs)
	}
}

// TestSimulatedJobLists: pages are read to the end, by state and by owner.
func TestSimulatedJobLists(t *testing.T) {
	sim, client := simulated(t)
	query, _ := exported(t, sim, 1)
	var ids []string
	for range 130 {
		job, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, job.ID)
	}
	if err := client.CancelBulkJob(t.Context(), ids[7]); err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[genesys.BulkJobFilter]int{
		{}:                                    130,
		{Own: true}:                           130,
		{State: genesys.BulkReady}:            129,
		{State: genesys.BulkCancelled}:        1,
		{State: genesys.BulkFailed}:           0,
		{State: genesys.BulkReady, Own: true}: 129,
	} {
		if got := len(allJobs(t, client, filter)); got != want {
			t.Errorf("%+v lists %d jobs, want %d", filter, got, want)
		}
	}
	var listed []string
	for _, job := range allJobs(t, client, genesys.BulkJobFilter{}) {
		listed = append(listed, job.ID)
	}
	if !slices.Equal(listed, ids) {
		t.Error("jobs are not listed in the order in which they were created")
	}
}

// TestSimulatedFailedRecordings: what a job could not export is listed, page by page.
func TestSimulatedFailedRecordings(t *testing.T) {
	sim, client := simulated(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Errored: 110}
	})
	query, chosen := exported(t, sim, 80)
	job, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ExecuteBulkJob(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	want := map[genesys.RecordingRef]bool{}
	for _, c := range chosen {
		for _, r := range c.Recordings {
			if r.FileState == simulator.Errored {
				want[genesys.RecordingRef{ConversationID: c.ID, RecordingID: r.ID}] = true
			}
		}
	}
	got, pages := map[genesys.RecordingRef]bool{}, 0
	for skip, more := 0, true; more; more = skip > 0 {
		page, err := client.FailedRecordings(t.Context(), job.ID, skip)
		if err != nil || page.Total != len(want) {
			t.Fatalf("%d in all, %v; want %d", page.Total, err, len(want))
		}
		for _, ref := range page.Recordings {
			got[ref] = true
		}
		skip = page.Next
		pages++
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 30 || pages != (len(want)+99)/100 {
		t.Errorf("%d pages, of %d recordings -want +got:\n%s", pages, len(want), diff)
	}
}

// TestSimulatedThirdJob: whatever the status, a third job is refused without effect, and the list
// tells that there are two.
func TestSimulatedThirdJob(t *testing.T) {
	for status, want := range map[int]genesys.Kind{400: genesys.KindInvalid, 429: genesys.KindOverloaded} {
		sim, client := simulated(t, func(o *simulator.Options) { o.Limits.ThirdJobStatus, o.JobDelay = status, time.Hour })
		query, _ := exported(t, sim, 1)
		sim.AddJobOfOthers(time.Hour)
		if _, err := client.SubmitBulkJob(t.Context(), query, time.Minute); err != nil {
			t.Fatal(err)
		}
		_, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
		expectKind(t, err, want)
		running := 0
		for _, job := range allJobs(t, client, genesys.BulkJobFilter{}) {
			if job.State.Running() {
				running++
			}
		}
		if running != 2 || len(allJobs(t, client, genesys.BulkJobFilter{Own: true})) != 1 {
			t.Errorf("%d jobs are running", running)
		}
	}
}

func TestSimulatedIntegrations(t *testing.T) {
	sim, client := simulated(t)
	page, err := client.Integrations(t.Context(), 0)
	if err != nil || page.Next != 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	working, broken := sim.S3Integrations()
	states := map[string]genesys.IntegrationState{}
	for _, i := range page.Integrations {
		if i.ExportsToBucket() {
			states[i.ID] = i.State
		}
	}
	if diff := cmp.Diff(map[string]genesys.IntegrationState{working: genesys.IntegrationActive, broken: genesys.IntegrationFailed}, states); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
