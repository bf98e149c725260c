package recordingexport

import (
	"context"
	"slices"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// bulkCloud is a Genesys Cloud with bulk jobs of one OAuth client.
type bulkCloud struct {
	jobs      map[string]*genesys.BulkJob
	cancelled []string
	// inactive tells that the OAuth client cannot be used to list its jobs.
	inactive bool
}

func (c *bulkCloud) BulkJob(_ context.Context, jobID string) (genesys.BulkJob, error) {
	if job := c.jobs[jobID]; job != nil {
		return *job, nil
	}
	return genesys.BulkJob{}, &genesys.Error{Op: "read bulk job", Kind: genesys.KindNotFound}
}

func (c *bulkCloud) OwnBulkJobs(ctx context.Context, _ string, skip int) (page genesys.BulkJobPage, _ error) {
	if c.inactive {
		return page, &genesys.Error{Op: "list bulk jobs", Kind: genesys.KindOrphaned}
	}
	return c.BulkJobs(ctx, "", skip)
}

func (c *bulkCloud) BulkJobs(context.Context, genesys.BulkState, int) (page genesys.BulkJobPage, _ error) {
	for _, job := range c.jobs {
		page.Jobs = append(page.Jobs, *job)
	}
	return page, nil
}

func (c *bulkCloud) CancelBulkJob(_ context.Context, job genesys.Ticket) error {
	c.cancelled = append(c.cancelled, job.ID)
	return nil
}

// TestBulkJobsOfAnExportAreEnded: whatever is known of them. What a job has exported is left to its
// batch.
func TestBulkJobsOfAnExportAreEnded(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	query := func(n int) genesys.BulkQuery {
		return genesys.BulkQuery{IntegrationID: id(99), ActionDate: first.Add(time.Duration(n) * time.Millisecond), From: first, To: first.Add(time.Hour), Conversations: []string{id(n)}}
	}
	cloud := &bulkCloud{jobs: map[string]*genesys.BulkJob{
		id(1): {ID: id(1), State: genesys.BulkReady, Created: first, Query: query(1)},
		id(2): {ID: id(2), State: genesys.BulkFulfilled, Created: first, Query: query(2)},
		id(3): {ID: id(3), State: genesys.BulkProcessing, Created: first, Query: query(3)},
		id(6): {ID: id(6), State: genesys.BulkCancelled, Created: first, Query: query(6)},
	}}
	put := func(key string, value any) {
		t.Helper()
		if _, err := artifacts.Put(t.Context(), store, key, value); err != nil {
			t.Fatal(err)
		}
	}
	// The jobs 1, 2 and 6 are known, 3 has to be found, 4 was not created, and 5 was not attempted.
	for n := 1; n <= 6; n++ {
		put(artifacts.BulkRunningKey("b", "0-1", n), artifacts.BulkRunning{Batch: "b", Part: "0-1", Number: n})
		if n != 5 {
			put(artifacts.BulkAttemptKey("b", "0-1", n), artifacts.BulkAttempt{Stamp: artifacts.Stamp{At: first}, Part: "0-1", Number: n, ClientID: "client", Query: query(n)})
		}
		if n < 3 || n == 6 {
			put(artifacts.BulkCreatedKey("b", "0-1", n), artifacts.BulkCreated{Part: "0-1", Number: n, Job: genesys.Ticket{ID: id(n), ClientID: "client"}})
		}
	}
	ending := bulkEnding{process{clocktesting.NewFakeClock(first.Add(time.Minute)), "m"}, store, cloud, bulk.ListedAfter}
	if err := ending.endAll(t.Context()); err == nil {
		t.Error("it is not known yet what became of attempt 4, and no error says so")
	}
	ending.clock = clocktesting.NewFakeClock(first.Add(time.Hour))
	if err := ending.endAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(cloud.cancelled)
	if want := []string{id(1), id(3)}; !slices.Equal(cloud.cancelled, want) {
		t.Errorf("cancelled %v, want %v", cloud.cancelled, want)
	}
	left, err := artifacts.Names(t.Context(), store, artifacts.BulkRunningFolder)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	ended, err := artifacts.All[artifacts.BulkEnd](t.Context(), store, artifacts.BulkEndFolder("b"))
	if err != nil || len(ended) != 5 {
		t.Errorf("%d ends are recorded, %v", len(ended), err)
	}
	for _, end := range ended {
		if end.Why != artifacts.BulkVoid {
			t.Errorf("attempt %d ended with %s: the batch makes no other one", end.Number, end.Why)
		}
	}
}

// TestAJobThatIsNotKnownYet is not taken for one that ended: it may appear later, and would be left.
func TestAJobThatIsNotKnownYet(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]any{
		artifacts.BulkRunningKey("b", "0-1", 0): artifacts.BulkRunning{Batch: "b", Part: "0-1"},
		artifacts.BulkAttemptKey("b", "0-1", 0): artifacts.BulkAttempt{Stamp: artifacts.Stamp{At: first}, Part: "0-1", ClientID: "client"},
		artifacts.BulkCreatedKey("b", "0-1", 0): artifacts.BulkCreated{Part: "0-1", Job: genesys.Ticket{ID: id(1), ClientID: "client"}},
	} {
		if _, err := artifacts.Put(t.Context(), store, key, value); err != nil {
			t.Fatal(err)
		}
	}
	cloud := &bulkCloud{}
	ending := bulkEnding{process{clocktesting.NewFakeClock(first.Add(time.Minute)), "m"}, store, cloud, bulk.ListedAfter}
	if err := ending.endAll(t.Context()); err == nil || len(cloud.cancelled) > 0 {
		t.Errorf("%v, cancelled %v: the job counts as ended", err, cloud.cancelled)
	}
	cloud.jobs = map[string]*genesys.BulkJob{id(1): {ID: id(1), State: genesys.BulkReady}}
	if err := ending.endAll(t.Context()); err != nil || !slices.Equal(cloud.cancelled, []string{id(1)}) {
		t.Errorf("%v, cancelled %v: the job that appeared is left", err, cloud.cancelled)
	}
}
