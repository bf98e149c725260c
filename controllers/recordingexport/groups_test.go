package recordingexport

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestWorkLeavesPlacesToOthers: work of an export waits while other work of its organisation, or
// of its destination if it only uses the archive, has taken all places that it may.
func TestWorkLeavesPlacesToOthers(t *testing.T) {
	tests := map[string]struct {
		group string
		start func(*harness)
	}{
		"survey": {"GenesysOrganization/emea", func(h *harness) {
			h.reconcileUntil("the survey waits", func() bool { return isWaiting(h.Worker.Pools[Pool]) })
		}},
		"ending analytics jobs": {"GenesysOrganization/emea", func(h *harness) {
			h.remove(wholeExport())
			h.reconcileUntil("ending them waits", func() bool { return isWaiting(h.Worker.Pools[Pool]) })
		}},
		"what only uses the archive": {"ExportDestination/evidence", func(h *harness) {
			h.runWork(&subject{export: h.export()}, loop.Task{Key: "plan/0", Work: func(context.Context, transfer.Try) error { return nil }})
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := withJob(t)
			h.Worker.Pools = transfer.Pools{Pool: startPoolWithWork(t, tt.group)}
			tt.start(h)
			if diff := cmp.Diff([]transfer.TenantStats{{Tenant: "legal", Begun: 1, Waiting: 1}}, h.Worker.Pools[Pool].Stats()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// isWaiting reports whether work waits for a place.
func isWaiting(pool *transfer.Pool) bool {
	stats := pool.Stats()
	return len(stats) > 0 && stats[0].Waiting > 0
}

// startPoolWithWork runs a pool with two places, of which work of a group has taken the one that
// it may.
func startPoolWithWork(t *testing.T, group string) *transfer.Pool {
	t.Helper()
	pool := transfer.NewPool(transfer.Capacity{PerGroup: 1}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended, running := make(chan error, 1), make(chan struct{})
	go func() { ended <- pool.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	pool.Do(transfer.Job{Key: "other", Tenant: "legal", Group: group, Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
		close(running)
		<-ctx.Done()
		return ctx.Err()
	}})
	<-running
	return pool
}
