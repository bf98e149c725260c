package recordingexportbatch

import (
	"testing"

	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestANewJobThatIsUnknownAtTheDeadline is neither cancelled nor forgotten while it may appear.
func TestANewJobThatIsUnknownAtTheDeadline(t *testing.T) {
	w := newBulkWorld(t, 1)
	w.runUntil("looking for the recordings")
	jobs := w.jobs
	w.jobs = nil
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err == nil || len(w.cancelled) > 0 || len(w.left()) != 1 {
		t.Errorf("%v, cancelled %v, left %v: the job counts as ended", err, w.cancelled, w.left())
	}
	w.jobs = jobs
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil || w.cancelled[jobs[0].ID] != 1 || len(w.left()) != 0 {
		t.Errorf("%v, cancelled %v, left %v: the job that appeared is left", err, w.cancelled, w.left())
	}
}

// TestAnOldJobThatIsUnknownAtTheDeadline has ended.
func TestAnOldJobThatIsUnknownAtTheDeadline(t *testing.T) {
	w := newBulkWorld(t, 1)
	w.runUntil("looking for the recordings")
	w.jobs = nil
	w.clock.Step(bulk.ListedAfter)
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil || w.record().done == nil {
		t.Errorf("%v: the batch waits for a job that is gone", err)
	}
}
