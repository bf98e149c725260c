package recordingexportbatch

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestTheWorkOfASuspendedBatchStops, and that of one that is cancelled or being deleted. An export that was cancelled
// while it was suspended says that it was cancelled.
func TestTheWorkOfASuspendedBatchStops(t *testing.T) {
	tests := map[string]struct {
		suspended, cancelled, deleted bool
		state                         outcome.State
		reason                        string
	}{
		"neither":   {state: outcome.Satisfied},
		"suspended": {suspended: true, state: outcome.Waiting, reason: v1alpha1.ReasonSuspended},
		"cancelled": {cancelled: true, state: outcome.Stalled, reason: v1alpha1.ReasonCancelled},
		"both":      {suspended: true, cancelled: true, state: outcome.Stalled, reason: v1alpha1.ReasonCancelled},
		"deleted":   {deleted: true, state: outcome.Waiting, reason: v1alpha1.ReasonEndingJobs},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pool := transfer.NewPool(transfer.Capacity{}, clocktesting.NewFakeClock(time.Unix(0, 0)), DefaultIntervals().Backoff)
			go func() { _ = pool.Start(t.Context()) }()
			b, running := resolvedAs(openStore(t), "b"), make(chan context.Context)
			pool.Do(transfer.Job{Key: b.keyPrefix() + "b/completion", Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
				running <- ctx
				<-ctx.Done()
				return ctx.Err()
			}})
			work := <-running
			b.export.Spec.Suspend, b.export.Status.Cancelled = tt.suspended, tt.cancelled
			if tt.deleted {
				b.export.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)}
			}
			check := &suspensionCheck{batchWork{&loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneStandard): pool, StatePool: pool}}, &stateCache{}}}
			out, err := check.Reconcile(t.Context(), b)
			if err != nil || out.State != tt.state || out.Reason != tt.reason {
				t.Errorf("%v, %v; want %v, %s", out, err, tt.state, tt.reason)
			}
			if stopped := work.Err() != nil; stopped == out.IsDone() {
				t.Errorf("the work was stopped: %t", stopped)
			}
		})
	}
}
