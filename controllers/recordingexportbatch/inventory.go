package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// inventoryStep takes the inventory. From then on it is fixed what the batch transfers, and
// which recordings are gaps.
type inventoryStep struct {
	process
	work batchWork
	// maxRecordings is the most recordings that one bag may contain.
	maxRecordings int
}

// Reconcile is satisfied once the inventory is recorded. While restorations are pending it
// takes none: the inventory would list their recordings as gaps.
func (i *inventoryStep) Reconcile(_ context.Context, b *connectedBatch) (outcome.Outcome, error) {
	switch {
	case b.state.inventory != nil:
		return outcome.Done(), nil
	case b.state.restorationPending:
		return outcome.Wait(v1alpha1.ReasonRestoringArchived, "waiting for archived recordings to be restored", 0), nil
	}
	return i.work.run(b.loadedBatch, v1alpha1.StepMetadata, loop.Task{
		Pool: StatePool, Key: inventoryKey(b.batch.Name), Dependency: b.archiveDependency(),
		Work:   func(ctx context.Context, _ transfer.Try) error { return i.recordInventory(ctx, b.resolvedBatch) },
		Reason: v1alpha1.ReasonFetchingMetadata, Message: "taking the inventory of the recordings",
	}), nil
}

// inventoryKey is the key of the work that takes the inventory of a batch, after that of its
// export.
func inventoryKey(batch string) string { return batch + "/inventory" }

// recordInventory takes the inventory and decides whether the batch is split.
func (i *inventoryStep) recordInventory(ctx context.Context, b *resolvedBatch) error {
	slice, err := artifacts.Get[artifacts.Slice](ctx, b.store, artifacts.SliceKey(b.batch.Name))
	if err != nil {
		return err
	}
	inventory, err := takeInventory(ctx, b, slice)
	if err != nil {
		return err
	}
	if err := applyRestorations(ctx, b.store, slice, &inventory); err != nil {
		return err
	}
	_, err = artifacts.Put(ctx, b.store, artifacts.InventoryKey(b.batch.Name), artifacts.Inventory{
		Stamp: i.stamp(), Inventory: inventory,
		Split: len(inventory.Wanted()) > i.maxRecordings && len(inventory.Conversations) > 1,
	})
	return err
}

// takeInventory returns the inventory of a slice, made from its recorded metadata and the
// legal holds before transfer. The error is fs.ErrNotExist if these are not known yet.
func takeInventory(ctx context.Context, b *resolvedBatch, slice artifacts.Slice) (evidence.Inventory, error) {
	return takeInventoryWith(ctx, b, slice, nil)
}

// takeInventoryWith returns the inventory of a slice of which some conversations were listed again.
func takeInventoryWith(ctx context.Context, b *resolvedBatch, slice artifacts.Slice, relisted map[string]artifacts.Metadata) (evidence.Inventory, error) {
	hold, err := artifacts.Get[artifacts.Hold](ctx, b.store, artifacts.HoldKey(slice.Group))
	if err != nil {
		return evidence.Inventory{}, err
	}
	known, err := readMetadata(ctx, b.store, slice, hold)
	if err != nil {
		return evidence.Inventory{}, err
	}
	policy := exportspec.Policy(b.export.Spec)
	policy.Stay = slice.Stay
	latest := func(id string) evidence.Metadata {
		m, isRelisted := relisted[id]
		if first := known(id); !isRelisted || first.Reason != "" {
			return first
		}
		return evidence.Metadata{Recordings: m.Recordings, RestorationsLeft: m.RestorationsLeft}
	}
	return evidence.TakeInventory(policy, slice.Lane, hold.Answer(slice.Conversations), latest), nil
}

// readMetadata reads the recorded metadata of a slice. A conversation whose legal hold is
// unknown leaves the slice, unless that is of the lane Isolated or of a retry: there the
// survey's answer applies.
func readMetadata(ctx context.Context, store archive.Store, slice artifacts.Slice, hold artifacts.Hold) (func(id string) evidence.Metadata, error) {
	known := make(map[string]evidence.Metadata, len(slice.Conversations))
	for _, c := range slice.Conversations {
		m, err := artifacts.Get[artifacts.Metadata](ctx, store, artifacts.MetadataKey(slice.Group, c.ID))
		if err != nil {
			return nil, err
		}
		known[c.ID] = evidence.Metadata{Recordings: m.Recordings, RestorationsLeft: m.RestorationsLeft, Reason: m.Reason, Detail: m.Detail}
		if why, unknown := hold.Why(c.ID); unknown && slice.Lane != slicing.Isolated && !slice.Stay {
			// The number of its recordings stays known: the bag has the metadata.
			known[c.ID] = evidence.Metadata{
				Recordings: m.Recordings, Reason: evidence.ReasonMovedToIsolated, Detail: "its legal hold is not known: " + why,
			}
		}
	}
	return func(id string) evidence.Metadata { return known[id] }, nil
}
