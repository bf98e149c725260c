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
	r := &Reconciler{Worker: &loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneStandard): pool}}}
	used := &v1alpha1.RetryStatus{Step: v1alpha1.StepCompletion, Failures: 3, Used: metav1.Duration{Duration: time.Hour}}
	s := &scope{
		batch: &v1alpha1.RecordingExportBatch{
			ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "legal"},
			Spec:       v1alpha1.RecordingExportBatchSpec{ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneStandard},
			Status:     v1alpha1.RecordingExportBatchStatus{Retry: used},
		},
		export: v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Name: "case-1"}}, store: store,
		destination: v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Name: "evidence", Namespace: "legal"}},
	}
	if out, err := r.checkDestination(t.Context(), s); err != nil || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonDestinationNotReady {
		t.Errorf("a destination that was not probed yet: %v, %v", out, err)
	}
	s.destination.Status.Location = "s3://evidence"
	if out, err := r.checkDestination(t.Context(), s); err != nil || !out.IsDone() {
		t.Errorf("a destination that can be written: %v, %v", out, err)
	}
	running, stopped := make(chan string, 2), make(chan string, 2)
	for _, key := range []string{"b/completion", "group/metadata"} {
		pool.Do(transfer.Job{Key: s.keyPrefix() + key, Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
			running <- key
			<-ctx.Done()
			stopped <- key
			return ctx.Err()
		}})
		<-running
	}
	loop.Mark(&s.destination, outcome.Stall(v1alpha1.ReasonNamespaceFull, "make room", 0), "", "")
	if out, err := r.checkDestination(t.Context(), s); err != nil || !out.IsDone() || len(stopped) > 0 {
		t.Errorf("a destination whose namespace is full: %v, %v, %d stopped", out, err, len(stopped))
	}
	loop.Mark(&s.destination, outcome.Stall(v1alpha1.ReasonBucketShared, "name another bucket", 0), "", "")
	out, err := r.checkDestination(t.Context(), s)
	if err != nil || out.State != outcome.Stalled || out.Reason != v1alpha1.ReasonBucketShared ||
		!strings.Contains(out.Message, `fix the ExportDestination "evidence": name another bucket`) {
		t.Errorf("a destination that is Stalled: %v, %v", out, err)
	}
	<-stopped
	<-stopped
	if summarize(s, out, time.Unix(0, 0)); s.batch.Status.Retry != used || s.batch.Status.CompletionTime != nil {
		t.Errorf("of the deadline is used %+v, want it as it was", s.batch.Status.Retry)
	}
	loop.Mark(&s.destination, outcome.Done(), v1alpha1.ReasonWritable, "evidence can be written")
	if out, err := r.checkDestination(t.Context(), s); err != nil || !out.IsDone() {
		t.Errorf("a destination that was fixed: %v, %v", out, err)
	}
}
