package recordingexportbatch

import (
	"context"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
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
	if before := c.states[keyOf(b.batch)]; before != nil {
		state.bulk.keepSeen(before.bulk.jobs)
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

// countBulkSeen takes in the state of a bulk job as Genesys Cloud told it.
func (c *stateCache) countBulkSeen(key stateKey, jobID, seen string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.states[key]
	if state == nil {
		return
	}
	jobs := slices.Clone(state.bulk.jobs) // copies of the state share the list
	for i := range jobs {
		if jobs[i].ID == jobID {
			jobs[i].State = seen
		}
	}
	state.bulk.jobs = jobs
}

// bulkSeen takes in the state of a bulk job as Genesys Cloud told it.
func (c counters) bulkSeen(jobID, seen string) {
	if c.states != nil {
		c.states.countBulkSeen(c.key, jobID, seen)
	}
}
