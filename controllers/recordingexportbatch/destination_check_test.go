package recordingexportbatch

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestABatchStopsWhileItsDestinationIsStalled: what is running is stopped, so that
// nothing is written there, and the batch gives the destination's reason. Once it is
// fixed the batch continues, with all of its deadline that was left.
func TestABatchStopsWhileItsDestinationIsStalled(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := artifacts.Put(t.Context(), store, artifacts.SliceKey("b"), artifacts.Slice{Group: "group"}); err != nil {
		t.Fatal(err)
	}
	pool := transfer.NewPool(transfer.Capacity{Total: 2}, clocktesting.NewFakeClock(time.Unix(0, 0)), transfer.DefaultRetryPolicy().Backoff)
	go func() { _ = pool.Start(t.Context()) }()
	work := batchWork{&loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneStandard): pool, StatePool: pool}}, &stateCache{}}
	c := &destinationCheck{stateLoader{work.worker, work.states}, work}
	used := &v1alpha1.RetryStatus{Step: v1alpha1.StepCompletion, Failures: 3, Used: metav1.Duration{Duration: time.Hour}}
	b := &resolvedBatch{references: references{
		batch: &v1alpha1.RecordingExportBatch{
			ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "legal"},
			Spec:       v1alpha1.RecordingExportBatchSpec{ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneStandard},
			Status:     v1alpha1.RecordingExportBatchStatus{Retry: used},
		},
		export:      v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Name: "case-1"}},
		destination: v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Name: "evidence", Namespace: "legal"}},
	}, archiveAccess: archiveAccess{store: store}}
	if err := c.work.states.read(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if out, err := c.Reconcile(t.Context(), b); err != nil || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonDestinationNotReady {
		t.Errorf("a destination that was not probed yet: %v, %v", out, err)
	}
	b.destination.Status.Location = "s3://evidence"
	if out, err := c.Reconcile(t.Context(), b); err != nil || !out.IsDone() {
		t.Errorf("a destination that can be written: %v, %v", out, err)
	}
	running, stopped := make(chan string, 2), make(chan string, 2)
	for _, key := range []string{"b/completion", "group/metadata"} {
		pool.Do(transfer.Job{Key: b.keyPrefix() + key, Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
			running <- key
			<-ctx.Done()
			stopped <- key
			return ctx.Err()
		}})
		<-running
	}
	loop.Mark(&b.destination, outcome.Stall(v1alpha1.ReasonNamespaceFull, "make room", 0), "", "")
	if out, err := c.Reconcile(t.Context(), b); err != nil || !out.IsDone() || len(stopped) > 0 {
		t.Errorf("a destination whose namespace is full: %v, %v, %d stopped", out, err, len(stopped))
	}
	loop.Mark(&b.destination, outcome.Stall(v1alpha1.ReasonBucketShared, "name another bucket", 0), "", "")
	out, err := c.Reconcile(t.Context(), b)
	if err != nil || out.State != outcome.Stalled || out.Reason != v1alpha1.ReasonBucketShared ||
		!strings.Contains(out.Message, `fix the ExportDestination "evidence": name another bucket`) {
		t.Errorf("a destination that is Stalled: %v, %v", out, err)
	}
	<-stopped
	<-stopped
	if summarize(&evaluation{batch: b.batch}, out, time.Unix(0, 0)); b.batch.Status.Retry != used || b.batch.Status.CompletionTime != nil {
		t.Errorf("of the deadline is used %+v, want it as it was", b.batch.Status.Retry)
	}
	loop.Mark(&b.destination, outcome.Done(), v1alpha1.ReasonWritable, "evidence can be written")
	if out, err := c.Reconcile(t.Context(), b); err != nil || !out.IsDone() {
		t.Errorf("a destination that was fixed: %v, %v", out, err)
	}
}
