package recordingexportbatch

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// StatePool is the name of the pool that reads archives for the states and inventories of batches. It
// is not that of a lane: work there may wait for Genesys Cloud for minutes.
const StatePool = "BatchState"

// loadedBatch is a batch whose state is known.
type loadedBatch struct {
	*resolvedBatch
	state *batchState
	// report is filled by the work of a step.
	report *workReport
}

// stateLoader gets the states of batches from the cache, or has a pool read them from the archive.
type stateLoader struct {
	worker *loop.Worker
	cache  *stateCache
}

// load returns the state of a batch, or has it read by the pool for that. Before that it reads
// something small itself: an archive that hangs then hangs the evaluation, which shows that, and
// takes no place in the pool.
func (l stateLoader) load(ctx context.Context, b *resolvedBatch) (*batchState, outcome.Outcome) {
	if state := l.cache.get(b.batch); state != nil {
		return state, outcome.Done()
	}
	_, _ = artifacts.Exists(ctx, b.store, artifacts.RecordKey) // its error is also that of the load
	return nil, l.worker.Do(client.ObjectKeyFromObject(b.batch), loop.Task{
		Pool: StatePool, Key: b.keyPrefix() + b.batch.Name + "/state", Dependency: b.archiveDependency(),
		Work:   func(ctx context.Context, _ transfer.Try) error { return l.cache.read(ctx, b) },
		Reason: v1alpha1.ReasonLoadingState, Message: "loading the state of the batch",
	})
}

// isLoading tells whether an outcome only says that the state is being read.
func isLoading(out outcome.Outcome) bool {
	return out.State == outcome.Waiting && out.Reason == v1alpha1.ReasonLoadingState
}
