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

// bagInfo is what bag-info.txt says of a batch.
func bagInfo(s *scope) []evidence.InfoField {
	window := s.batch.Spec.Window
	info := []evidence.InfoField{
		{Name: "External-Identifier", Value: s.batch.Name},
		{Name: "Bag-Group-Identifier", Value: s.batch.Namespace + "/" + s.export.Name},
		{Name: "Internal-Sender-Identifier", Value: s.organization},
		{Name: "Lane", Value: string(s.batch.Spec.Lane)},
		{Name: "Window", Value: window.Start.UTC().Format(time.RFC3339) + "/" + window.End.UTC().Format(time.RFC3339)},
	}
	for _, key := range slices.Sorted(maps.Keys(s.export.Spec.Attributes)) {
		info = append(info, evidence.InfoField{Name: "Attribute-" + key, Value: string(s.export.Spec.Attributes[key])})
	}
	return info
}

// seal makes the bag of what the artifacts tell.
func (w *completionWork) seal(ctx context.Context, settled evidence.Inventory) error {
	record, err := w.gather(ctx)
	if err != nil {
		return err
	}
	begun, err := w.beginBag(ctx, record, settled)
	if err != nil {
		return err
	}
	bag := evidence.Bag{
		Inventory: settled, Files: record.evidenceFiles(), Info: begun.Info, Events: begun.Events,
		Metadata: func(id string) ([]byte, error) { return record.metadata[id].Body, nil },
		Restored: record.body, Restorations: record.retention(),
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

// beginBag notes down what the bag tells of its making, or reads what was noted down
// before.
func (w *completionWork) beginBag(ctx context.Context, record record, settled evidence.Inventory) (artifacts.Bagging, error) {
	key := artifacts.BaggingKey(w.batch)
	begun, err := artifacts.Get[artifacts.Bagging](ctx, w.store, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return begun, err
	}
	now := w.stamp()
	return artifacts.Put(ctx, w.store, key, artifacts.Bagging{
		Stamp: now,
		Info: append(w.info,
			evidence.InfoField{Name: "Bag-Software-Agent", Value: w.actor},
			evidence.InfoField{Name: "Bagging-Date", Value: now.At.Format(time.DateOnly)}),
		Events: append(record.events(settled), evidence.Event{Time: now.At, Type: "BagSealed", Actor: now.By}),
	})
}

func (w *completionWork) stamp() artifacts.Stamp { return artifacts.NewStamp(w.clock.Now(), w.actor) }

// record is everything that was noted down about a batch.
type record struct {
	slice    artifacts.Slice
	metadata map[string]artifacts.Metadata
	hold     artifacts.Hold
	// inventoried is when the inventory was taken.
	inventoried artifacts.Stamp
	requests    []artifacts.Request
	aside       []artifacts.SetAside
	files       []artifacts.StoredFile
	runs        []artifacts.Run
	restorationRecord
}

func (w *completionWork) gather(ctx context.Context) (record, error) {
	r := record{slice: w.slice, metadata: map[string]artifacts.Metadata{}}
	var now facts
	if err := now.observeTransfer(ctx, w.store, w.batch); err != nil {
		return r, err
	}
	r.requests, r.aside, r.files = now.requests, now.aside, now.files
	taken, err := artifacts.Get[artifacts.Inventory](ctx, w.store, artifacts.InventoryKey(w.batch))
	if err != nil {
		return r, err
	}
	r.inventoried = taken.Stamp
	if r.runs, err = artifacts.All[artifacts.Run](ctx, w.store, artifacts.RunFolder(w.batch)); err != nil {
		return r, err
	}
	if r.restorationRecord, err = readRestorations(ctx, w.store, w.slice); err != nil {
		return r, err
	}
	for _, c := range w.slice.Conversations {
		r.metadata[c.ID], err = artifacts.Get[artifacts.Metadata](ctx, w.store, artifacts.MetadataKey(w.slice.Group, c.ID))
		if err != nil {
			return r, err
		}
	}
	r.hold, err = artifacts.Get[artifacts.Hold](ctx, w.store, artifacts.HoldKey(w.slice.Group))
	return r, err
}

func (r record) evidenceFiles() []evidence.File {
	files := make([]evidence.File, len(r.files))
	for i, f := range r.files {
		files[i] = f.File
	}
	slices.SortFunc(files, func(a, b evidence.File) int { return cmp.Compare(a.Path, b.Path) })
	return files
}
