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

// batchArtifacts are the artifacts of a batch. Reading them takes the longer the larger the
// batch is: only pools do so.
type batchArtifacts struct {
	slice artifacts.Slice
	// missingMetadata are the conversations whose metadata is still to be fetched.
	missingMetadata []string
	// restorationPending tells that archived recordings have to be restored, or may have to be.
	restorationPending bool
	// inventory is nil until the metadata is complete.
	inventory *evidence.Inventory
	// split tells that the batch is too large, and two others contain its halves.
	split bool
	// bulk is nil if the batch has no bulk jobs.
	bulk     *bulkRecord
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

// readArtifacts reads what the archive has about a batch.
func readArtifacts(ctx context.Context, b *resolvedBatch) (*batchArtifacts, error) {
	a := &batchArtifacts{}
	var err error
	if a.sealed, err = readSealed(ctx, b.store, b.batch.Name); err != nil {
		return nil, err
	}
	if a.sealed != nil {
		a.retentionChanged = a.sealed.RetentionChanged
		return a, nil
	}
	if a.slice, err = artifacts.Get[artifacts.Slice](ctx, b.store, artifacts.SliceKey(b.batch.Name)); err != nil {
		return nil, fmt.Errorf("read the batch's conversations: %w", err)
	}
	var restorations restorationRecord
	if b.restores() {
		if restorations, err = readRestorations(ctx, b.store, a.slice); err != nil {
			return nil, err
		}
		a.retentionChanged = restorations.changedDates()
	}
	inventory, err := artifacts.Get[artifacts.Inventory](ctx, b.store, artifacts.InventoryKey(b.batch.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.readBeforeInventory(ctx, b, restorations.ended)
	}
	if err != nil {
		return nil, err
	}
	if a.inventory, a.split = &inventory.Inventory, inventory.Split; a.split {
		return a, nil
	}
	if b.bulkJobs() != nil {
		if a.bulk, err = readBulkRecord(ctx, b.store, b.batch.Name); err != nil {
			return nil, err
		}
		if err := a.useRelisted(ctx, b); err != nil {
			return nil, err
		}
	}
	if err := a.readTransfer(ctx, b.store, b.batch.Name); err != nil {
		return nil, err
	}
	a.outcome, err = readOutcome(ctx, b.store, b.batch.Name)
	return a, err
}

// readBeforeInventory reads what was recorded before the inventory. ended is how restorations
// have ended.
func (a *batchArtifacts) readBeforeInventory(ctx context.Context, b *resolvedBatch, ended []artifacts.Restoration) (err error) {
	if a.missingMetadata, err = missingMetadata(ctx, b.store, a.slice); err != nil || !b.restores() {
		return err
	}
	inventory, err := takeInventory(ctx, b, a.slice)
	if errors.Is(err, fs.ErrNotExist) { // the metadata or the legal holds are not known yet
		a.restorationPending = true
		return nil
	}
	a.restorationPending = err == nil && len(stillArchived(inventory, ended)) > 0
	return err
}

// readRequests reads which recordings were requested or set aside.
func (a *batchArtifacts) readRequests(ctx context.Context, store archive.Store, batch string) (err error) {
	if a.requests, err = artifacts.All[artifacts.Request](ctx, store, artifacts.RequestFolder(batch)); err != nil {
		return err
	}
	a.setAside, err = artifacts.All[artifacts.SetAside](ctx, store, artifacts.SetAsideFolder(batch))
	return err
}

// readTransfer reads what was recorded about the transfer.
func (a *batchArtifacts) readTransfer(ctx context.Context, store archive.Store, batch string) (err error) {
	if err = a.readRequests(ctx, store, batch); err != nil {
		return err
	}
	a.files, err = artifacts.All[artifacts.StoredFile](ctx, store, artifacts.FileFolder(batch))
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

// batchContents is what a batch has to deliver. Work reads it once.
type batchContents struct {
	slice     artifacts.Slice
	inventory artifacts.Inventory
	// relisted has the metadata of the conversations that were listed again after the inventory was
	// taken: inventory is the one that follows from them (readCurrentContents).
	relisted map[string]artifacts.Metadata
}

// readContents reads the contents of a batch whose inventory is recorded.
func readContents(ctx context.Context, store archive.Store, batch string) (contents batchContents, err error) {
	if contents.slice, err = artifacts.Get[artifacts.Slice](ctx, store, artifacts.SliceKey(batch)); err != nil {
		return contents, err
	}
	contents.inventory, err = artifacts.Get[artifacts.Inventory](ctx, store, artifacts.InventoryKey(batch))
	return contents, err
}

// readOutcome returns what became of the recordings of a batch, nil if that is not recorded yet.
func readOutcome(ctx context.Context, store archive.Store, batch string) (*evidence.Inventory, error) {
	inventory, err := artifacts.Get[artifacts.Inventory](ctx, store, artifacts.OutcomeKey(batch))
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

// countStored counts the recordings that have files in the bag.
func (a *batchArtifacts) countStored() int {
	refs := map[genesys.RecordingRef]bool{}
	for _, file := range a.files {
		refs[refOf(file)] = true
	}
	return len(refs)
}
