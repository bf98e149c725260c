package artifacts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// RecordKey is the key of the record of whose the archive is, as the operator wrote
// it. export.json repeats it as evidence, where anybody who can write to the archive
// may have put something else.
const RecordKey = archive.WorkPrefix + "record.json"

// Begin writes the record of whose the archive is, and export.json after it, and
// returns the record that is there: mine, or the one that was there before. The error
// is evidence.ErrCorrupt if export.json is not what the record says, or has no record.
func Begin(ctx context.Context, store archive.Store, mine evidence.ExportRecord) (evidence.ExportRecord, error) {
	record, err := Get[evidence.ExportRecord](ctx, store, RecordKey)
	if errors.Is(err, fs.ErrNotExist) {
		record, err = begin(ctx, store, mine)
	}
	if err != nil {
		return record, err
	}
	return record, begun(ctx, store)
}

// begin writes the record, unless there is an export.json already.
func begin(ctx context.Context, store archive.Store, mine evidence.ExportRecord) (evidence.ExportRecord, error) {
	there, err := Exists(ctx, store, evidence.RecordPath)
	if err != nil {
		return mine, err
	}
	if there {
		// Whoever began the archive wrote the record before export.json.
		if record, err := Get[evidence.ExportRecord](ctx, store, RecordKey); !errors.Is(err, fs.ErrNotExist) {
			return record, err
		}
		return mine, fmt.Errorf("%w: artifact %s is missing: another program or a version without artifact keys wrote %s, or somebody removed the artifacts",
			evidence.ErrCorrupt, RecordKey, evidence.RecordPath)
	}
	return Put(ctx, store, RecordKey, mine)
}

// begun makes sure that export.json is the record, byte for byte.
func begun(ctx context.Context, store archive.Store) error {
	body, err := fs.ReadFile(store.FS(ctx), RecordKey)
	if err != nil {
		return err
	}
	stored, err := fs.ReadFile(store.FS(ctx), evidence.RecordPath)
	if errors.Is(err, fs.ErrNotExist) {
		err = store.Create(ctx, evidence.RecordPath, func(w io.Writer) error {
			_, err := w.Write(body)
			return err
		})
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return err
		}
		stored, err = fs.ReadFile(store.FS(ctx), evidence.RecordPath)
	}
	if err == nil && !bytes.Equal(stored, body) {
		err = fmt.Errorf("%w: %s differs from the file that the operator wrote", evidence.ErrCorrupt, evidence.RecordPath)
	}
	return err
}

// Record reads the record of whose the archive is. The error is fs.ErrNotExist if it
// was not begun.
func Record(ctx context.Context, store archive.Store) (evidence.ExportRecord, error) {
	return Get[evidence.ExportRecord](ctx, store, RecordKey)
}
