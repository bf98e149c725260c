package recordingexportbatch

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// bagInfo returns the fields of a batch's bag-info.txt, without those that tell when it was
// sealed.
func bagInfo(b *connectedBatch) []evidence.InfoField {
	window := b.batch.Spec.Window
	info := []evidence.InfoField{
		{Name: "External-Identifier", Value: b.batch.Name},
		{Name: "Bag-Group-Identifier", Value: b.batch.Namespace + "/" + b.export.Name},
		{Name: "Internal-Sender-Identifier", Value: b.organization},
		{Name: "Lane", Value: string(b.batch.Spec.Lane)},
		{Name: "Window", Value: window.Start.UTC().Format(time.RFC3339) + "/" + window.End.UTC().Format(time.RFC3339)},
	}
	for _, key := range slices.Sorted(maps.Keys(b.export.Spec.Attributes)) {
		info = append(info, evidence.InfoField{Name: "Attribute-" + key, Value: string(b.export.Spec.Attributes[key])})
	}
	return info
}

// sealBag makes the bag from the artifacts.
func (w *completionWork) sealBag(ctx context.Context, settled evidence.Inventory) error {
	record, err := w.readRecord(ctx)
	if err != nil {
		return err
	}
	begun, err := w.startBag(ctx, record, settled)
	if err != nil {
		return err
	}
	bag := evidence.Bag{
		Inventory: settled, Files: record.evidenceFiles(), Info: begun.Info, Events: begun.Events,
		Metadata: func(id string) ([]byte, error) { return record.body(id), nil },
		Restored: record.endBody, Restorations: record.dates(),
		Signing: w.signing, Note: artifacts.NoteSealed(w.store, artifacts.SealedBagKey(w.batch), w.stamp),
	}
	folder := evidence.BagFolder(w.batch)
	stored, err := fs.Sub(w.store.FS(ctx), folder)
	if err != nil {
		return err
	}
	_, err = bag.Seal(ctx, stored, func(ctx context.Context, path string, write func(io.Writer) error) error {
		return w.store.Create(ctx, folder+"/"+path, write)
	})
	return err
}

// startBag records what the bag says about its making, or returns what was recorded before.
func (w *completionWork) startBag(ctx context.Context, record batchRecord, settled evidence.Inventory) (artifacts.Bagging, error) {
	key := artifacts.BaggingKey(w.batch)
	begun, err := artifacts.Get[artifacts.Bagging](ctx, w.store, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return begun, err
	}
	now := w.stamp()
	return artifacts.Put(ctx, w.store, key, artifacts.Bagging{
		Stamp: now,
		Info: append(w.info,
			evidence.InfoField{Name: "Bag-Software-Agent", Value: w.instance},
			evidence.InfoField{Name: "Bagging-Date", Value: now.At.Format(time.DateOnly)}),
		Events: append(record.custodyEvents(settled), evidence.Event{Time: now.At, Type: "BagSealed", Actor: now.By}),
	})
}

// batchRecord is everything that was recorded about a batch.
type batchRecord struct {
	slice    artifacts.Slice
	metadata map[string]artifacts.Metadata
	hold     artifacts.Hold
	// inventoried is when the inventory was taken.
	inventoried artifacts.Stamp
	requests    []artifacts.Request
	bulk        bulkCustody
	setAside    []artifacts.SetAside
	files       []artifacts.StoredFile
	runs        []artifacts.Run
	restorationRecord
}

func (w *completionWork) readRecord(ctx context.Context) (batchRecord, error) {
	r := batchRecord{slice: w.contents.slice, inventoried: w.contents.inventory.Stamp, metadata: map[string]artifacts.Metadata{}}
	var now batchArtifacts
	if err := now.readTransfer(ctx, w.store, w.batch); err != nil {
		return r, err
	}
	r.requests, r.setAside, r.files = now.requests, now.setAside, now.files
	var err error
	if w.hasBulkJobs {
		if r.bulk, err = readBulkCustody(ctx, w.store, w.batch); err != nil {
			return r, err
		}
		r.bulk.relisted = w.contents.relisted
	}
	if r.runs, err = artifacts.All[artifacts.Run](ctx, w.store, artifacts.RunFolder(w.batch)); err != nil {
		return r, err
	}
	if r.restorationRecord, err = readRestorations(ctx, w.store, r.slice); err != nil {
		return r, err
	}
	for _, c := range r.slice.Conversations {
		r.metadata[c.ID], err = artifacts.Get[artifacts.Metadata](ctx, w.store, artifacts.MetadataKey(r.slice.Group, c.ID))
		if err != nil {
			return r, err
		}
	}
	r.hold, err = artifacts.Get[artifacts.Hold](ctx, w.store, artifacts.HoldKey(r.slice.Group))
	return r, err
}

// body returns the metadata of a conversation as received: of the latest listing.
func (r batchRecord) body(conversationID string) []byte {
	if m, isRelisted := r.bulk.relisted[conversationID]; isRelisted {
		return m.Body
	}
	return r.metadata[conversationID].Body
}

func (r batchRecord) evidenceFiles() []evidence.File {
	files := make([]evidence.File, len(r.files))
	for i, f := range r.files {
		files[i] = f.File
	}
	slices.SortFunc(files, func(a, b evidence.File) int { return cmp.Compare(a.Path, b.Path) })
	return files
}
