package authentic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// RekeyingFolder contains copies of artifacts while an archive is rekeyed.
const RekeyingFolder = archive.WorkPrefix + "rekeying"

// Rekeying is what remains of an archive whose artifacts name a lost key. Only what a
// signature of another key vouches for is trusted.
type Rekeying struct {
	// Record is the record of the archive.
	Record []byte
	// Kept are the SHA-256s of the artifacts that remain, by key.
	Kept map[string]string
	// Added are artifacts that are written, by key.
	Added map[string][]byte
	// Discarded are the bags and seals that are discarded.
	Discarded []string
}

// Rekey gives artifacts the MAC of the present key, and removes all others. The error is
// evidence.ErrCorrupt, and nothing was changed, if one of those that remain is missing or
// has another content.
//
// It replaces the record last: until then the record names the lost key, so that the
// operator refuses the archive, and Rekey can be run again. It copies each artifact before
// it replaces it, so that the process may end at any moment. If the process ends while the
// record is replaced, Resume completes the work.
func Rekey(ctx context.Context, store archive.Store, r Rekeying) error {
	w, err := rekeyerOf(ctx, store, r.Record)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r.Kept)) {
		if _, err := w.read(key, r.Kept[key]); err != nil {
			return err
		}
	}
	if err := w.discardUnwanted(r); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r.Kept)) {
		if err := w.rewrite(key, r.Kept[key]); err != nil {
			return err
		}
	}
	return w.complete(r)
}

// Resume completes a rekeying that ended while the record was replaced, and tells whether
// there was one: then there is a copy of the record with the present key, which is the
// last step before that.
func Resume(ctx context.Context, store archive.Store) (bool, error) {
	record, err := fs.ReadFile(store.FS(ctx), evidence.RecordPath)
	if errors.Is(err, fs.ErrNotExist) {
		record, err = copiedRecord(ctx, store)
	}
	if err != nil || record == nil {
		return false, err
	}
	w, err := rekeyerOf(ctx, store, record)
	if err != nil {
		return false, err
	}
	copied, err := fs.ReadFile(w.rekeyed.FS(ctx), copyOf(RecordKey))
	if err != nil || !bytes.Equal(copied, record) {
		return false, nil //nolint:nilerr // nothing of the present key is there
	}
	return true, w.finish(record)
}

// copiedRecord is the copy of a record that was being replaced when neither the record nor
// export.json existed, nil if there is none.
func copiedRecord(ctx context.Context, store archive.Store) ([]byte, error) {
	s, err := storeOf(store)
	if err != nil {
		return nil, nil //nolint:nilerr // artifacts without MACs are never given another key
	}
	root := s.inner.FS(ctx)
	if _, err := fs.Stat(root, RecordKey); !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	content, _, err := unverified(root, copyOf(RecordKey))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, evidence.ErrCorrupt) {
		return nil, nil
	}
	return content, err
}

// StartOver replaces an archive that has no seal and names a lost key by one with only its
// record and the added artifacts; Kept is empty. It replaces the record last: until then
// the operator refuses the archive. The error is evidence.ErrCorrupt, and export.json
// remains, if there is a file below seals/.
func StartOver(ctx context.Context, store archive.Store, r Rekeying) error {
	w, err := rekeyerOf(ctx, store, r.Record)
	if err == nil {
		err = w.refuseSeals()
	}
	if err == nil {
		err = w.discardUnwanted(r)
	}
	if err == nil {
		err = w.refuseSeals()
	}
	if err == nil {
		err = w.discardEvidence(evidence.RecordPath)
	}
	if err != nil {
		return err
	}
	return w.complete(r)
}

// refuseSeals fails if there is a file below seals/.
func (w rekeyer) refuseSeals() error {
	found, err := FirstFile(w.inner.FS(w.ctx), "seals")
	if err == nil && found != "" {
		err = fmt.Errorf("%w: %s exists: the operator never empties an archive with a seal", evidence.ErrCorrupt, evidence.Printable(found, 256))
	}
	return err
}

// ReadUnverified reads an artifact without verifying who wrote it. The caller has to
// compare its digest, or ask a person.
func ReadUnverified(ctx context.Context, store archive.Store, key string) ([]byte, error) {
	s, err := storeOf(store)
	if err != nil {
		return nil, err
	}
	root := s.inner.FS(ctx)
	content, _, err := unverified(root, key)
	if errors.Is(err, fs.ErrNotExist) { // it may be about to be replaced
		content, _, err = unverified(root, copyOf(key))
	}
	return content, err
}

// ReadVouched reads an artifact whose SHA-256 is known from something that is trusted,
// whichever key the artifact names. record is that of the archive.
func ReadVouched(ctx context.Context, store archive.Store, record []byte, key, digest string) ([]byte, error) {
	w, err := rekeyerOf(ctx, store, record)
	if err != nil {
		return nil, err
	}
	return w.read(key, digest)
}

// RemoveForeign removes the artifacts that name a key from an archive without a record.
// Artifacts without a MAC remain: they are not trusted either.
func RemoveForeign(ctx context.Context, store archive.Store, keyID string) error {
	s, err := storeOf(store)
	if err != nil {
		return err
	}
	root := s.inner.FS(ctx)
	var foreign []string
	err = fs.WalkDir(root, strings.TrimSuffix(archive.WorkPrefix, "/"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		switch _, id, err := unverified(root, name); {
		case err == nil && id == keyID:
			foreign = append(foreign, name)
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, evidence.ErrCorrupt):
			return err
		}
		return ctx.Err()
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range foreign {
		if err := errors.Join(ctx.Err(), s.inner.Remove(ctx, name)); err != nil {
			return err
		}
	}
	return nil
}

// storeOf returns the Store inside what Wrap or WrapShared has returned.
func storeOf(store archive.Store) (*Store, error) {
	switch s := store.(type) {
	case *Store:
		return s, nil
	case *holdStore:
		return s.Store, nil
	default:
		return nil, fmt.Errorf("artifacts without MACs: %w", errors.ErrUnsupported)
	}
}

// unverified reads an artifact, and the key id that its MAC line names.
func unverified(root fs.FS, name string) (content []byte, keyID string, err error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = file.Close() }()
	all, err := io.ReadAll(io.LimitReader(file, MaxArtifact+1))
	if err != nil {
		return nil, "", err
	}
	body := int64(len(all)) - macLineSize
	if body < 0 || len(all) > MaxArtifact {
		return nil, "", corrupt(name, "it has no MAC, or is too large for an artifact")
	}
	says, isLine := strings.CutPrefix(string(all[body:]), macLineStart)
	if !isLine {
		return nil, "", corrupt(name, "it has no MAC: an operator of this version did not write it")
	}
	return all[:body], says[:idDigits], nil
}

// copyOf is the key of an artifact's copy.
func copyOf(key string) string {
	return RekeyingFolder + "/" + strings.TrimPrefix(key, archive.WorkPrefix)
}
