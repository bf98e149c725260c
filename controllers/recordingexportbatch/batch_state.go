package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// batchState is what the archive proves about a batch.
type batchState struct {
	slice artifacts.Slice
	// missingMetadata are the conversations whose metadata is still to be fetched.
	missingMetadata []string
	// inventory is nil until the metadata is complete.
	inventory *evidence.Inventory
	// split tells that the batch is too large, and two others hold its halves.
	split    bool
	requests []artifacts.Request
	setAside []artifacts.SetAside
	files    []artifacts.StoredFile
	// outcome is nil until every wanted recording has its final disposition.
	outcome *evidence.Inventory
	// sealed is nil until the bag is sealed.
	sealed *evidence.Summary
	// retentionChanged are the restored recordings of which another date than the archive
	// date changed during the restoration.
	retentionChanged []evidence.Restoration
}

// loadedBatch is a batch whose state is known.
type loadedBatch struct {
	*resolvedBatch
	state *batchState
	// report is filled by the work of a step.
	report *workReport
}

// loadState reads the state of a batch. After an error it returns what could be read.
func loadState(ctx context.Context, b *resolvedBatch) (*batchState, error) {
	s := &batchState{}
	var err error
	if s.sealed, err = readSealed(ctx, b.store, b.batch.Name); err != nil {
		return s, err
	}
	if s.sealed != nil {
		s.retentionChanged = s.sealed.RetentionChanged
		return s, nil
	}
	if s.slice, err = artifacts.Get[artifacts.Slice](ctx, b.store, artifacts.SliceKey(b.batch.Name)); err != nil {
		return s, fmt.Errorf("read the batch's conversations: %w", err)
	}
	if b.restores() {
		if s.retentionChanged, err = readRetentionChanges(ctx, b.store, s.slice); err != nil {
			return s, err
		}
	}
	inventory, err := artifacts.Get[artifacts.Inventory](ctx, b.store, artifacts.InventoryKey(b.batch.Name))
	if errors.Is(err, fs.ErrNotExist) {
		s.missingMetadata, err = missingMetadata(ctx, b.store, s.slice)
		return s, err
	}
	s.inventory, s.split = &inventory.Inventory, inventory.Split
	if err != nil || inventory.Split {
		return s, err
	}
	return s, s.readTransfer(ctx, b.store, b.batch.Name)
}

// readRequests reads which recordings were requested or set aside.
func (s *batchState) readRequests(ctx context.Context, store archive.Store, batch string) (err error) {
	if s.requests, err = artifacts.All[artifacts.Request](ctx, store, artifacts.RequestFolder(batch)); err != nil {
		return err
	}
	s.setAside, err = artifacts.All[artifacts.SetAside](ctx, store, artifacts.SetAsideFolder(batch))
	return err
}

// readTransfer reads what was recorded after the inventory.
func (s *batchState) readTransfer(ctx context.Context, store archive.Store, batch string) (err error) {
	if err = s.readRequests(ctx, store, batch); err != nil {
		return err
	}
	if s.files, err = artifacts.All[artifacts.StoredFile](ctx, store, artifacts.FileFolder(batch)); err != nil {
		return err
	}
	s.outcome, err = readInventory(ctx, store, artifacts.OutcomeKey(batch))
	return err
}

// readSealed returns the summary of the batch's bag, nil if it is not sealed. It is an error if
// the bag is not the one that this operator sealed.
func readSealed(ctx context.Context, store archive.Store, batch string) (*evidence.Summary, error) {
	bag, err := fs.Sub(evidence.Trust(store.FS(ctx), artifacts.Anchors(ctx, store, 0)), evidence.BagFolder(batch))
	if err != nil {
		return nil, err
	}
	summary, err := evidence.ReadSummary(bag)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &summary, nil
}

// readInventory returns an inventory, nil if there is none.
func readInventory(ctx context.Context, store archive.Store, key string) (*evidence.Inventory, error) {
	inventory, err := artifacts.Get[artifacts.Inventory](ctx, store, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &inventory.Inventory, nil
}

// missingMetadata returns the slice's conversations without recorded metadata.
func missingMetadata(ctx context.Context, store archive.Store, slice artifacts.Slice) ([]string, error) {
	names, err := artifacts.Names(ctx, store, artifacts.MetadataFolder(slice.Group))
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(names))
	for _, name := range names {
		known[name] = true
	}
	var missing []string
	for _, c := range slice.Conversations {
		if !known[c.ID] {
			missing = append(missing, c.ID)
		}
	}
	return missing, nil
}

// isFinished tells whether nothing is left to do.
func (s *batchState) isFinished() bool { return s.sealed != nil || s.split }

// countStored counts the recordings that have files in the bag.
func (s *batchState) countStored() int {
	refs := map[genesys.RecordingRef]bool{}
	for _, file := range s.files {
		refs[refOf(file)] = true
	}
	return len(refs)
}
