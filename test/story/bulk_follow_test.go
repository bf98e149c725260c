package story

import (
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// copies has bulk jobs deliver into the archive.
func (w *bulkStory) copies(spec *v1alpha1.RecordingExportSpec) {
	spec.Delivery = w.BulkDelivery(w.recordings, true)
}

// TestBulkJobsOfAWindowWithoutAnEnd: each day is exported by bulk jobs as it passes, and sealed.
func TestBulkJobsOfAWindowWithoutAnEnd(t *testing.T) {
	start := begin(2)
	w := newBulkStory(t, func(o *simulator.Options) { o.Start, o.Days, o.Conversations, o.SettleLag = start, 4, 20, 0 })
	w.noon(start, 2)
	w.Start()
	export := w.follow(w.copies)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCaughtUp)
	w.expectUntil(export, start.AddDate(0, 0, 2), 1)
	before := len(w.Sim.BulkJobs())

	w.Clock.Advance(24 * time.Hour)
	w.awaitSecondSeal(export)
	w.expectUntil(export, start.AddDate(0, 0, 3), 2)
	if after := len(w.Sim.BulkJobs()); before == 0 || after <= before {
		t.Errorf("%d jobs on the first days, %d with the next one", before, after)
	}
	w.expectNoJobLeft()
}

// TestASecondSourceAndBulkJobs: both sources agree about everything that bulk jobs exported.
func TestASecondSourceAndBulkJobs(t *testing.T) {
	w := newBulkStory(t, nil)
	w.Start()
	export := w.compared(w.copies)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if rows := readCSV(t, w.Archive()+"/seals/1/second-source.csv"); len(rows) != 0 {
		t.Errorf("differences %v, want none", rows)
	}
	if got := w.secondSource("1"); got.Listed == 0 || got.Matched != got.Listed || got.NotInAccount != 0 || got.NotInSecondSource != 0 {
		t.Errorf("the second source: %+v", got)
	}
	w.expectNoJobLeft()
}

// TestBulkJobsRetryAfterSealing: what was unavailable is exported by a job of a further batch.
func TestBulkJobsRetryAfterSealing(t *testing.T) {
	w := newBulkStory(t, nil)
	lost := w.plainCalls()[0]
	if err := w.Sim.SetFileState(lost.ConversationID, lost.ID, simulator.Archived); err != nil {
		t.Fatal(err)
	}
	w.Start()
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	before := len(w.Sim.BulkJobs())

	if err := w.Sim.SetFileState(lost.ConversationID, lost.ID, simulator.Available); err != nil {
		t.Fatal(err)
	}
	w.annotate(export, v1alpha1.AnnotationRetry, "1")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if after := len(w.Sim.BulkJobs()); after != before+1 {
		t.Errorf("%d jobs before the retry, %d after it", before, after)
	}
	w.expectNoJobLeft()
}
