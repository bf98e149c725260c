package recordingexport

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Pool is the name of the pool that does an export's own work.
const Pool = "Export"

// exportPool does the slow work of exports, outside reconciles.
type exportPool struct{ worker *loop.Worker }

// workPrefix begins the keys of all work for an export, in the pools of its batches too.
func workPrefix(export types.NamespacedName) string { return export.String() + "/" }

// start has the pool do work for the export, and returns how the work is doing. Work that names
// no dependency only uses the archive.
func (p exportPool) start(s *subject, task loop.Task) outcome.Outcome {
	task.Pool, task.Key = Pool, workPrefix(s.name())+task.Key
	task.Dependency = cmp.Or(task.Dependency, loop.DestinationDependency(s.export.Spec.DestinationRef.Name))
	return p.worker.Do(s.name(), task)
}

// retrier returns what the work with this key retries with.
func (p exportPool) retrier(s *subject, key string) transfer.Retrier {
	return p.worker.Pools[Pool].Retrier(workPrefix(s.name()) + key)
}

// isBusy tells whether an export's own work is running.
func (p exportPool) isBusy(export types.NamespacedName) bool {
	return p.worker.Pools[Pool].Busy(workPrefix(export))
}

// isBusyWithBatches tells whether work of an export or of its batches is running.
func (p exportPool) isBusyWithBatches(export types.NamespacedName) bool {
	return p.worker.Pools.BusyInAny(workPrefix(export))
}

// cancel stops an export's own work, which is all that may start an analytics job. Its
// batches stop theirs themselves, once their states are read: cancelling that work here, each
// time that the export is evaluated, would never let it end.
func (p exportPool) cancel(export types.NamespacedName) {
	p.worker.Pools[Pool].Cancel(workPrefix(export))
}

// cancelWithBatches stops the work of an export that is deleted, and that of its batches.
func (p exportPool) cancelWithBatches(export types.NamespacedName) {
	p.worker.Pools.CancelInAll(workPrefix(export))
}

// retryFailed has the pools retry at once whatever has failed of the work of an export and of its
// batches.
func (p exportPool) retryFailed(export types.NamespacedName) {
	p.worker.Pools.RetryInAll(workPrefix(export))
}
