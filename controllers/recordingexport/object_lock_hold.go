package recordingexport

import (
	"context"
	"io/fs"
	"maps"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// holder is an archive that can put under legal hold what it has stored already.
type holder interface {
	// Hold tells whether what is under key is under legal hold then: it is not in
	// an archive that is not locked. To do it again changes nothing.
	Hold(ctx context.Context, key string) (held bool, err error)
}

// placeHolds puts what was stored of conversations that are under legal hold only
// since under legal hold at the destination, if that knows such a thing, and has
// the seal tell of it: so the seal is written only after. A process that ends in
// between leaves nothing but files that are held, and the next does all of it again.
func (w *sealWork) placeHolds(ctx context.Context, seal *evidence.Seal) error {
	destination, ok := w.store.(holder)
	if !ok {
		return nil
	}
	found, err := seal.HeldIn(w.trustedFS(ctx))
	if err != nil {
		return err
	}
	for _, bag := range slices.Sorted(maps.Keys(found)) {
		files, err := w.holdBag(ctx, destination, bag, found[bag])
		if err != nil {
			return err
		}
		if files > 0 {
			seal.Events = append(seal.Events, evidence.Event{Time: seal.At, Type: "LegalHoldPlaced", Actor: w.actor, Details: map[string]string{
				"bag": bag, "conversations": count(len(found[bag])), "files": count(files),
			}})
		}
	}
	return nil
}

// holdBag puts what some conversations of a bag need under legal hold, and counts the files.
func (w *sealWork) holdBag(ctx context.Context, destination holder, bag string, held evidence.HeldConversations) (files int, err error) {
	folder := evidence.BagFolder(bag)
	stored, err := fs.Sub(w.store.FS(ctx), folder)
	if err != nil {
		return 0, err
	}
	err = held.Each(ctx, stored, func(ctx context.Context, file string) error {
		placed, err := destination.Hold(ctx, folder+"/"+file)
		if placed {
			files++
		}
		return err
	})
	return files, err
}
