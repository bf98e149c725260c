package recordingexport

import (
	"context"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// placeHolds puts what was stored of conversations that are under legal hold only
// since under legal hold at the destination, if that knows such a thing, and has
// the seal tell of it: so the seal is written only after. A process that ends in
// between leaves nothing but files that are held, and the next does all of it again.
func (w *sealWork) placeHolds(ctx context.Context, seal *evidence.Seal) error {
	destination, ok := archive.As[archive.LegalHolder](w.store)
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
			seal.Events = append(seal.Events, evidence.Event{Time: seal.At, Type: "LegalHoldPlaced", Actor: w.instance, Details: map[string]string{
				"bag": bag, "conversations": strconv.Itoa(len(found[bag])), "files": strconv.Itoa(files),
			}})
		}
	}
	return nil
}

// holdBag puts what some conversations of a bag need under legal hold, and counts the files.
func (w *sealWork) holdBag(ctx context.Context, destination archive.LegalHolder, bag string, held evidence.HeldConversations) (files int, err error) {
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
