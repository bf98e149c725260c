package recordingexportbatch

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// stateCache has the states of the batches that this process works on. A pool reads a state
// when the process begins with the batch, and again after each piece of work; in between the
// work counts what it records. So an evaluation reads no artifacts. The zero value is ready for
// use.
//
// Another process may write to the same archive for a moment, when the leader changes. The
// state does not show that until it is read again, which is why work reads the artifacts that
// it decides by.
type stateCache struct {
	mu     sync.Mutex
	states map[stateKey]*batchState
}

// stateKey tells batches apart, also those that have had the same name.
type stateKey struct {
	types.NamespacedName
	export string
	uid    types.UID
}

func keyOf(batch *v1alpha1.RecordingExportBatch) stateKey {
	return stateKey{client.ObjectKeyFromObject(batch), batch.Spec.ExportRef.Name, batch.UID}
}

// get returns a copy of a batch's state, nil if it is not known.
func (c *stateCache) get(batch *v1alpha1.RecordingExportBatch) *batchState {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.states[keyOf(batch)]
	if state == nil {
		return nil
	}
	now := *state
	return &now
}

// read reads a batch's state. After an error, which is that of ctx if ctx has ended, the state
// is unknown: the next evaluation has it read again.
func (c *stateCache) read(ctx context.Context, b *resolvedBatch) error {
	if err := ctx.Err(); err != nil {
		c.drop(b.batch)
		return err
	}
	read, err := readArtifacts(ctx, b)
	if err != nil {
		c.drop(b.batch)
		return err
	}
	state := read.summary()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil { // the batch may have been forgotten meanwhile
		delete(c.states, keyOf(b.batch))
		return err
	}
	if c.states == nil {
		c.states = map[stateKey]*batchState{}
	}
	c.states[keyOf(b.batch)] = state
	return nil
}

// drop forgets a batch that is finished or gone.
func (c *stateCache) drop(batch *v1alpha1.RecordingExportBatch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.states, keyOf(batch))
}

// dropExport forgets the batches of an export that is gone.
func (c *stateCache) dropExport(export types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.states {
		if key.Namespace == export.Namespace && key.export == export.Name {
			delete(c.states, key)
		}
	}
}

// countFile counts a file that was recorded for a batch, and its recording if it is the first
// of that.
func (c *stateCache) countFile(key stateKey, bytes int64, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.states[key]
	if state == nil {
		return
	}
	state.bytes += bytes
	if first {
		state.stored++
	}
}

// countMetadata counts the metadata of a conversation, for all batches of its group.
func (c *stateCache) countMetadata(recorded stateKey, group string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, state := range c.states {
		if key.Namespace == recorded.Namespace && key.export == recorded.export && state.group == group {
			state.missingMetadata = max(state.missingMetadata-1, 0)
		}
	}
}

// counters count what work for one batch records. The zero value counts nothing.
type counters struct {
	states *stateCache
	key    stateKey
}

func (c counters) fileStored(bytes int64, first bool) {
	if c.states != nil {
		c.states.countFile(c.key, bytes, first)
	}
}

func (c counters) metadataRecorded(group string) {
	if c.states != nil {
		c.states.countMetadata(c.key, group)
	}
}

// loadedBatch is a batch whose state is known.
type loadedBatch struct {
	*resolvedBatch
	state *batchState
	// report is filled by the work of a step.
	report *workReport
}

// counters count what work for the batch records.
func (p lanePools) counters(b *loadedBatch) counters { return counters{p.states, keyOf(b.batch)} }

// StatePool is the name of the pool that reads archives for the states and inventories of batches. It
// is not that of a lane: work there may wait for Genesys Cloud for minutes.
const StatePool = "BatchState"

// load returns the state of a batch, or has it read by the pool for that. Before that it reads
// something small itself: an archive that hangs then hangs the evaluation, which shows that, and
// takes no place in the pool.
func (p lanePools) load(ctx context.Context, b *resolvedBatch) (*batchState, outcome.Outcome) {
	if state := p.states.get(b.batch); state != nil {
		return state, outcome.Done()
	}
	_, _ = artifacts.Exists(ctx, b.store, artifacts.RecordKey) // its error is also that of the load
	return nil, p.worker.Do(client.ObjectKeyFromObject(b.batch), loop.Task{
		Pool: StatePool, Key: b.keyPrefix() + b.batch.Name + "/state", Dependency: b.archiveDependency(),
		Work:   func(ctx context.Context, _ transfer.Try) error { return p.states.read(ctx, b) },
		Reason: v1alpha1.ReasonLoadingState, Message: "loading the state of the batch",
	})
}

// isLoading tells whether an outcome only says that the state is being read.
func isLoading(out outcome.Outcome) bool {
	return out.State == outcome.Waiting && out.Reason == v1alpha1.ReasonLoadingState
}
