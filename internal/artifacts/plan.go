package artifacts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// Entry is a line of an export's plan, as it is stored. The plan only grows; its entries
// are numbered from 0, and what an entry names follows from it and from artifacts that
// were there before: so whoever reads it makes the same slices.
type Entry struct {
	Stamp
	plan.Entry
}

// PlanBundle repeats consecutive entries of the plan, so that a process that starts reads few
// artifacts instead of one for each entry. Nothing depends on it: the entries are artifacts
// of their own, and whoever finds no bundle reads those.
type PlanBundle struct {
	Stamp
	// First is the number of the first of the entries.
	First   int     `json:"first"`
	Entries []Entry `json:"entries"`
}

// storedBundle is a PlanBundle as it is written: its entries are what is stored, byte for
// byte, with the fields that only later releases know.
type storedBundle struct {
	Stamp
	First   int               `json:"first"`
	Entries []json.RawMessage `json:"entries"`
}

const (
	// BundledEntries is how many entries a PlanBundle contains. The nth contains those from
	// n*BundledEntries on.
	BundledEntries = 128
	// maxBundle is the size of the largest PlanBundle, in bytes, half of what is read as a
	// whole. Entries that would make a larger one are not bundled.
	maxBundle = archive.MaxRead / 2
)

// PutPlanBundle stores the PlanBundle of the entries from a number on, a multiple of
// BundledEntries. The error is evidence.ErrCorrupt if one of them is missing, and *NewerError
// if only a later release can read one.
func PutPlanBundle(ctx context.Context, store archive.Store, stamp Stamp, first int) error {
	bundle, size := storedBundle{Stamp: stamp, First: first}, 0
	for number := first; number < first+BundledEntries; number++ {
		body, err := fs.ReadFile(store.FS(ctx), EntryKey(number))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: artifact %s is missing: %w", evidence.ErrCorrupt, EntryKey(number), err)
		}
		if err != nil {
			return err
		}
		if size += len(body); size > maxBundle {
			return nil
		}
		if _, err := decode[Entry](EntryKey(number), body); err != nil {
			return err
		}
		bundle.Entries = append(bundle.Entries, body)
	}
	_, err := Put(ctx, store, PlanBundleKey(first), bundle)
	return err
}

// PlanEntries returns the next entries of the plan from a number on: those of a bundle if the
// number is that of its first entry and it is stored, or else one entry. It returns none after
// the last.
func PlanEntries(ctx context.Context, store archive.Store, number int) ([]Entry, error) {
	entry, err := Get[Entry](ctx, store, EntryKey(number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || number%BundledEntries != 0 {
		return []Entry{entry}, err
	}
	bundle, err := Get[PlanBundle](ctx, store, PlanBundleKey(number))
	if errors.Is(err, fs.ErrNotExist) {
		return []Entry{entry}, nil
	}
	if err == nil && (bundle.First != number || len(bundle.Entries) != BundledEntries) {
		err = fmt.Errorf("%w: artifact %s contains %d entries from %d on", evidence.ErrCorrupt, PlanBundleKey(number), len(bundle.Entries), bundle.First)
	}
	return bundle.Entries, err
}
