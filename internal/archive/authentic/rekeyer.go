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
	// known is the archive with the present key, whatever its record names.
	known *Store
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
	known.known.Store(&key)
	return rekeyer{ctx, s, known}, err
}

// find returns the content of an artifact that has this SHA-256: as it was written with
// the present key, as it was copied, or as it was found.
func (w rekeyer) find(key, digest string) ([]byte, error) {
	var failed error
	for _, read := range []func() ([]byte, error){
		func() ([]byte, error) { return fs.ReadFile(w.known.FS(w.ctx), key) },
		func() ([]byte, error) { return fs.ReadFile(w.known.FS(w.ctx), copyOf(key)) },
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
		return nil, corrupt(key, "it is missing, and a seal lists it")
	}
	return nil, corrupt(key, "it is not the one that a seal lists, with the SHA-256 "+digest)
}

// renew gives an artifact the present key's MAC.
func (w rekeyer) renew(key, digest string) error {
	content, err := w.find(key, digest)
	if err != nil {
		return err
	}
	if w.holds(key, content) {
		return nil
	}
	if err := w.put(copyOf(key), content); err != nil {
		return err
	}
	return w.put(key, content)
}

// holds tells whether an artifact has this content, and the present key's MAC.
func (w rekeyer) holds(key string, content []byte) bool {
	is, err := fs.ReadFile(w.known.FS(w.ctx), key)
	return err == nil && bytes.Equal(is, content)
}

// put writes an artifact with the present key, in the place of any other.
func (w rekeyer) put(key string, content []byte) error {
	if w.holds(key, content) {
		return nil
	}
	if err := w.isCurrent(); err != nil {
		return err
	}
	if err := w.inner.Remove(w.ctx, key); err != nil {
		return err
	}
	return w.known.Create(w.ctx, key, func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
}

// isCurrent fails once the process is to stop, or another process has given the record the
// present key: what this one has read is out of date then.
func (w rekeyer) isCurrent() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if _, err := fs.ReadFile(w.known.FS(w.ctx), RecordKey); err == nil {
		return errors.New("another process has given the archive the present artifact key")
	}
	return nil
}

// end writes what is added, copies the record, and finishes.
func (w rekeyer) end(r Rekeying) error {
	for _, key := range slices.Sorted(maps.Keys(r.Added)) {
		if err := w.put(key, r.Added[key]); err != nil {
			return err
		}
	}
	if err := w.put(copyOf(RecordKey), r.Record); err != nil {
		return err
	}
	return w.finish(r.Record)
}

// finish replaces the record, and removes the copies. If the copy of the record is gone,
// another process has finished.
func (w rekeyer) finish(record []byte) error {
	if !w.holds(copyOf(RecordKey), record) {
		return errors.New("another process has finished giving the archive the present artifact key")
	}
	if err := w.put(RecordKey, record); err != nil {
		return err
	}
	return w.inner.Remove(w.ctx, RekeyingFolder)
}

// discard removes the bags and seals that are discarded, and every artifact that does not
// stay.
func (w rekeyer) discard(r Rekeying) error {
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

// discardEvidence discards a bag, a seal that was not finished, or export.json.
func (w rekeyer) discardEvidence(key string) error {
	if err := w.isCurrent(); err != nil {
		return err
	}
	return archive.Discard(w.ctx, w.inner, key)
}

// prune removes what is in a folder and not wanted; folders in which nothing is wanted are
// removed as a whole.
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
			if err = w.isCurrent(); err == nil {
				err = w.inner.Remove(w.ctx, key)
			}
		}
	}
	return err
}
