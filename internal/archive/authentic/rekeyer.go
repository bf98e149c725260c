package authentic

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// rekeyer rekeys an archive.
type rekeyer struct {
	ctx context.Context //nolint:containedctx // it lives as long as the call that made it
	*Store
	// rekeyed is the archive with the present key, whatever its record names.
	rekeyed *Store
}

func rekeyerOf(ctx context.Context, store archive.Store, record []byte) (rekeyer, error) {
	s, err := storeOf(store)
	if err != nil {
		return rekeyer{}, err
	}
	master, err := s.keys(ctx)
	if err != nil {
		return rekeyer{}, err
	}
	sum := sha256.Sum256(record)
	key, err := master.of(s.identity, hex.EncodeToString(sum[:]))
	known := &Store{inner: s.inner, identity: s.identity, keys: s.keys, hasRecord: true}
	known.archiveKey.Store(&key)
	return rekeyer{ctx, s, known}, err
}

// read returns the content of an artifact that has this SHA-256: with the present key,
// from its copy, or with the lost key.
func (w rekeyer) read(key, digest string) ([]byte, error) {
	var failed error
	for _, read := range []func() ([]byte, error){
		func() ([]byte, error) { return fs.ReadFile(w.rekeyed.FS(w.ctx), key) },
		func() ([]byte, error) { return fs.ReadFile(w.rekeyed.FS(w.ctx), copyOf(key)) },
		func() ([]byte, error) {
			content, _, err := unverified(w.inner.FS(w.ctx), key)
			return content, err
		},
	} {
		content, err := read()
		sum := sha256.Sum256(content)
		switch {
		case err == nil && hex.EncodeToString(sum[:]) == digest:
			return content, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, evidence.ErrCorrupt):
			return nil, err
		}
		failed = err
	}
	if errors.Is(failed, fs.ErrNotExist) {
		return nil, corrupt(key, "it is missing, but a seal lists it")
	}
	return nil, corrupt(key, "it differs from the one that a seal lists with the SHA-256 "+digest)
}

// rewrite gives an artifact the MAC of the present key.
func (w rekeyer) rewrite(key, digest string) error {
	content, err := w.read(key, digest)
	if err != nil {
		return err
	}
	if w.isWritten(key, content) {
		return nil
	}
	if err := w.replace(copyOf(key), content); err != nil {
		return err
	}
	return w.replace(key, content)
}

// isWritten tells whether an artifact has this content, and the MAC of the present key.
func (w rekeyer) isWritten(key string, content []byte) bool {
	is, err := fs.ReadFile(w.rekeyed.FS(w.ctx), key)
	return err == nil && bytes.Equal(is, content)
}

// replace writes an artifact with the present key, and removes the former one.
func (w rekeyer) replace(key string, content []byte) error {
	if w.isWritten(key, content) {
		return nil
	}
	if err := w.checkCurrent(); err != nil {
		return err
	}
	if err := w.inner.Remove(w.ctx, key); err != nil {
		return err
	}
	return w.rekeyed.Create(w.ctx, key, func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
}

// checkCurrent fails once the process has to stop, or another process has given the record
// the present key: what this one has read is out of date then.
func (w rekeyer) checkCurrent() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if _, err := fs.ReadFile(w.rekeyed.FS(w.ctx), RecordKey); err == nil {
		return errors.New("another process has changed the archive to the present artifact key")
	}
	return nil
}

// complete writes the added artifacts, copies the record, and finishes.
func (w rekeyer) complete(r Rekeying) error {
	for _, key := range slices.Sorted(maps.Keys(r.Added)) {
		if err := w.replace(key, r.Added[key]); err != nil {
			return err
		}
	}
	if err := w.replace(copyOf(RecordKey), r.Record); err != nil {
		return err
	}
	return w.finish(r.Record)
}

// finish replaces the record, and removes the copies. If the copy of the record is gone,
// another process has finished.
func (w rekeyer) finish(record []byte) error {
	if !w.isWritten(copyOf(RecordKey), record) {
		return errors.New("another process has finished changing the archive to the present artifact key")
	}
	if err := w.replace(RecordKey, record); err != nil {
		return err
	}
	return w.inner.Remove(w.ctx, RekeyingFolder)
}

// discardUnwanted removes the bags and seals that are discarded, and every artifact that
// does not remain.
func (w rekeyer) discardUnwanted(r Rekeying) error {
	for _, key := range r.Discarded {
		if err := w.discardEvidence(key); err != nil {
			return err
		}
	}
	wanted := map[string]bool{RecordKey: true, RekeyingFolder: true, archive.DiscardedFolder: true}
	for _, key := range append(slices.Collect(maps.Keys(r.Kept)), slices.Collect(maps.Keys(r.Added))...) {
		wanted[key] = true
	}
	folders := map[string]bool{}
	for key := range wanted {
		for folder := path.Dir(key); folder != "."; folder = path.Dir(folder) {
			folders[folder] = true
		}
	}
	return w.prune(strings.TrimSuffix(archive.WorkPrefix, "/"), wanted, folders)
}

// discardEvidence discards a bag, an unfinished seal, or export.json.
func (w rekeyer) discardEvidence(key string) error {
	if err := w.checkCurrent(); err != nil {
		return err
	}
	return archive.Discard(w.ctx, w.inner, key)
}

// prune removes everything in a folder that is not wanted; it removes folders without
// anything wanted as a whole.
func (w rekeyer) prune(folder string, wanted, folders map[string]bool) error {
	entries, err := fs.ReadDir(w.inner.FS(w.ctx), folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if err != nil {
			return err
		}
		switch key := folder + "/" + entry.Name(); {
		case wanted[key]:
		case folders[key] && entry.IsDir():
			err = w.prune(key, wanted, folders)
		default:
			if err = w.checkCurrent(); err == nil {
				err = w.inner.Remove(w.ctx, key)
			}
		}
	}
	return err
}
