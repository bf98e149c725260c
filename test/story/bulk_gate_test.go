package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// gateStory is a story in which a bulk job finds something else than is listed.
type gateStory struct {
	*bulkStory
	// changed is the recording that becomes known, or disappears, after it was listed.
	changed simulator.Recording
}

func newGateStory(t *testing.T) *gateStory {
	w := &gateStory{bulkStory: newBulkStory(t, nil)}
	for _, r := range w.severalRecordings().Recordings {
		if r.FileState.Downloadable() {
			w.changed = r
		}
	}
	return w
}

// list has Genesys Cloud list the recording, or not.
func (w *gateStory) list(listed bool) {
	w.Helper()
	if err := w.Sim.SetRecordingListed(w.changed.ConversationID, w.changed.ID, listed); err != nil {
		w.Fatal(err)
	}
}

// runUntilJob creates the export, and has its batches wait before their first jobs. The recordings of the
// batch are listed then.
func (w *gateStory) runUntilJob() *v1alpha1.RecordingExport {
	w.Helper()
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteJobSubmit, Status: http.StatusTooManyRequests})
	w.Start()
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	testenv.Eventually(w, "the recordings are listed", func() bool {
		for _, b := range w.batches() {
			if b.Spec.Lane == v1alpha1.LaneStandard {
				return meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionMetadataFetched)
			}
		}
		return false
	})
	return export
}

// about are the jobs that name the conversation of the recording, in the order of their creation.
func (w *gateStory) about() (jobs []simulator.BulkJob) {
	for _, job := range w.Sim.BulkJobs() {
		if strings.Contains(job.Query, w.changed.ConversationID) {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// batch is the one that exports the recording.
func (w *gateStory) batch() v1alpha1.RecordingExportBatch {
	w.Helper()
	for _, b := range w.batches() {
		if b.Spec.Lane == v1alpha1.LaneStandard {
			return b
		}
	}
	w.Fatal("there is no batch")
	return v1alpha1.RecordingExportBatch{}
}

// expectStates: the jobs about the recording are in these states, and were executed unless they were
// cancelled.
func (w *gateStory) expectStates(want ...string) {
	w.Helper()
	var got []string
	executed := 0
	for _, job := range w.about() {
		got = append(got, job.State)
		executed += w.executions(job.ID)
	}
	fulfilled := strings.Count(strings.Join(want, " "), "FULFILLED")
	if strings.Join(got, " ") != strings.Join(want, " ") || executed != fulfilled {
		w.Errorf("the jobs are %v, want %v; %d were executed", got, want, executed)
	}
}

// executions counts how often a job was told to run.
func (w *gateStory) executions(job string) (n int) {
	for _, e := range w.Sim.Journal().Entries() {
		if e.Route == simulator.RouteJobExecute && e.Status == http.StatusOK && strings.HasSuffix(e.Path, "/"+job) {
			n++
		}
	}
	return n
}

// expectNumbers: the condition of the batch and its custody log tell both numbers.
func (w *gateStory) expectNumbers(relisted int) {
	w.Helper()
	batch := w.batch()
	condition := meta.FindStatusCondition(batch.Status.Conditions, v1alpha1.ConditionBulkExported)
	log, err := os.ReadFile(filepath.Join(w.Archive(), "bags", batch.Name, "custody", "events.jsonl"))
	if err != nil {
		w.Fatal(err)
	}
	for _, told := range []string{condition.Message, string(log)} {
		if !strings.Contains(told, "the job found ") || !strings.Contains(told, "the inventory lists ") {
			w.Errorf("the numbers are not told: %s", told)
		}
	}
	if n := w.custody("ConversationListedAgain"); n != relisted {
		w.Errorf("the custody log tells of %d conversations that were listed again, want %d", n, relisted)
	}
}

// TestABulkJobFindsMore: a recording that became known after the inventory is exported, too. The job that
// found it is never executed.
func TestABulkJobFindsMore(t *testing.T) {
	w := newGateStory(t)
	w.list(false)
	export := w.runUntilJob()
	w.list(true)
	w.Sim.ClearFaults()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectStates("CANCELLED", "FULFILLED")
	w.expectNumbers(1)
	w.expectDownloads(0)
	w.expectNoJobLeft()
}

// TestABulkJobFindsLess: its recordings are downloaded.
func TestABulkJobFindsLess(t *testing.T) {
	w := newGateStory(t)
	export := w.runUntilJob()
	w.list(false)
	w.Sim.ClearFaults()
	testenv.Eventually(t, "the job is cancelled", func() bool {
		jobs := w.about()
		return len(jobs) > 0 && jobs[0].State == "CANCELLED"
	})
	w.list(true)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectStates("CANCELLED")
	w.expectNumbers(0)
	w.expectNoJobLeft()
}
