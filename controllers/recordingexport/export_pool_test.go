package recordingexport

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/testenv/busypool"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestWorkLeavesPlacesToOthers: work of an export waits while other work of its organisation, or
// of its destination if it only uses the archive, has taken all places that it may.
func TestWorkLeavesPlacesToOthers(t *testing.T) {
	tests := map[string]struct {
		dependency string
		start      func(*harness)
	}{
		"survey": {"GenesysOrganization/emea", func(h *harness) {
			h.reconcileUntil("the survey waits", func() bool { return isWaiting(h.worker.Pools[Pool]) })
		}},
		"ending jobs": {"GenesysOrganization/emea", func(h *harness) {
			h.remove(wholeExport())
			h.reconcileUntil("ending them waits", func() bool { return isWaiting(h.worker.Pools[Pool]) })
		}},
		"what only uses the archive": {"ExportDestination/evidence", func(h *harness) {
			exportPool{h.worker}.start(&subject{export: h.export()}, loop.Task{Key: "plan/0", Work: func(context.Context, transfer.Try) error { return nil }})
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := withJob(t)
			h.worker.Pools = transfer.Pools{Pool: busypool.Start(t, tt.dependency)}
			tt.start(h)
			if diff := cmp.Diff([]transfer.TenantStats{{Tenant: busypool.Tenant, Begun: 1, Waiting: 1}}, h.worker.Pools[Pool].TenantStats()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// isWaiting reports whether work waits for a place.
func isWaiting(pool *transfer.Pool) bool {
	stats := pool.TenantStats()
	return len(stats) > 0 && stats[0].Waiting > 0
}
