package recordingexport

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// TestAnIdleExport loses its finalizer once no analytics job is recorded. Those that are left
// are ended before.
func TestAnIdleExport(t *testing.T) {
	for name, jobs := range map[string]int{"no job": 0, "a job": 1} {
		t.Run(name, func(t *testing.T) {
			export, store, pool := wholeExport(), newStore(t), stoppedPool(t)
			export.Finalizers = []string{v1alpha1.Finalizer}
			api := newAPI(t, export)
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(export), export); err != nil {
				t.Fatal(err)
			}
			for n := range jobs {
				job := artifacts.AnalyticsJob{Job: genesys.Ticket{ID: id(n), ClientID: "client"}}
				if _, err := artifacts.Put(t.Context(), store, artifacts.JobKey(n, first), job); err != nil {
					t.Fatal(err)
				}
			}
			check := &idleCheck{finalizers{api}, jobEnding{pool: pool, memories: &exportMemories{}}}
			s := claimedFor(export, store).clients
			out, err := check.Reconcile(t.Context(), s)
			if err != nil || out.IsDone() != (jobs == 0) || check.finalizers.isSet(export) != (jobs > 0) {
				t.Errorf("%v, %v, finalizers %v", out, err, export.Finalizers)
			}
			if pool.worker.Pools.BusyInAny(endJobsKey(s.name())) != (jobs > 0) {
				t.Errorf("%d jobs: ended: %t", jobs, jobs == 0)
			}
		})
	}
}

// TestAnExportWithoutFinalizer is idle, whatever its archive contains.
func TestAnExportWithoutFinalizer(t *testing.T) {
	if out, err := (&idleCheck{}).Reconcile(t.Context(), claimedFor(wholeExport(), nil).clients); err != nil || !out.IsDone() {
		t.Errorf("%v, %v", out, err)
	}
}
