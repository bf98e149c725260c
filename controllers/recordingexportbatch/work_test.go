package recordingexportbatch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/testenv/busypool"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestWorkLeavesPlacesToOthers: work of a batch waits while other work of its organisation, or of
// its destination if it only uses the archive, has taken all places that it may.
func TestWorkLeavesPlacesToOthers(t *testing.T) {
	tests := map[string]struct {
		pool, dependency string
		start            func(*testing.T, batchWork, *loadedBatch)
	}{
		"metadata": {string(v1alpha1.LaneStandard), "GenesysOrganization/emea", func(t *testing.T, pools batchWork, b *loadedBatch) {
			step := &metadataStep{work: pools, gates: &transfer.Gates{Clock: clock.RealClock{}}}
			if _, err := step.Reconcile(t.Context(), &connectedBatch{loadedBatch: b}); err != nil {
				t.Error(err)
			}
		}},
		"inventory": {StatePool, "ExportDestination/evidence", func(t *testing.T, pools batchWork, b *loadedBatch) {
			if _, err := (&inventoryStep{work: pools}).Reconcile(t.Context(), &connectedBatch{loadedBatch: b}); err != nil {
				t.Error(err)
			}
		}},
		"state": {StatePool, "ExportDestination/evidence", func(t *testing.T, pools batchWork, b *loadedBatch) {
			if _, out := (stateLoader{pools.worker, pools.states}).load(t.Context(), b.resolvedBatch); out.IsDone() {
				t.Error("the state is known")
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := openStore(t)
			pool := busypool.Start(t, tt.dependency)
			pools := batchWork{worker: &loop.Worker{Pools: transfer.Pools{tt.pool: pool}}, states: &stateCache{}}
			tt.start(t, pools, loadedAs(store))
			if diff := cmp.Diff([]transfer.TenantStats{{Tenant: busypool.Tenant, Begun: 1, Waiting: 1}}, pool.TenantStats()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// loadedAs is a batch of the organisation "emea" and the destination "evidence".
func loadedAs(store archive.Store) *loadedBatch {
	b := &loadedBatch{resolvedBatch: resolvedAs(store, "b"), state: &batchState{group: "g"}, report: &workReport{}}
	b.export.Spec.OrganizationRef.Name, b.destination.Name = "emea", "evidence"
	return b
}
