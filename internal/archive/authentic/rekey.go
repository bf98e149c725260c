package authentic

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// RekeyingFolder holds copies of artifacts while an archive is rekeyed.
const RekeyingFolder = archive.WorkPrefix + "rekeying"

// Rekeying is what stays of an archive whose artifacts name a key that is lost. Nothing
// is believed but what something that is signed with another key vouches for.
type Rekeying struct {
	// Record is the record of the archive.
	Record []byte
	// Kept are the SHA-256s of the artifacts that stay, by key.
	Kept map[string]string
	// Added are artifacts that are written, by key.
	Added map[string][]byte
	// Discarded are the bags and seals that are discarded.
	Discarded []string
}

// Rekey gives artifacts the MAC of the present key, and removes all others. The error is
// evidence.ErrCorrupt, and nothing was changed, if one of those that stay is missing or
// has another content.
//
// The record comes last: until then it names the lost key, whoever looks is told so, and
// Rekey can be run again. Each artifact is copied before it is replaced, so that a process
// may end at any moment. One that ends while the record is replaced is for Resume.
func Rekey(ctx context.Context, store archive.Store, r Rekeying) error {
	w, err := rekeyerOf(ctx, store, r.Record)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r.Kept)) {
		if _, err := w.find(key, r.Kept[key]); err != nil {
			return err
		}
	}
	if err := w.discard(r); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r.Kept)) {
		if err := w.renew(key, r.Kept[key]); err != nil {
			return err
		}
	}
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

// Resume ends a rekeying that ended while the record was replaced, and tells whether there
// was one: a copy of the record with the present key is left, which was the last step
// before that.
func Resume(ctx context.Context, store archive.Store) (bool, error) {
	record, err := fs.ReadFile(store.FS(ctx), evidence.RecordPath)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	w, err := rekeyerOf(ctx, store, record)
	if err != nil {
		return false, err
	}
	copied, err := fs.ReadFile(w.known.FS(ctx), copyOf(RecordKey))
	if err != nil || !bytes.Equal(copied, record) {
		return false, nil //nolint:nilerr // nothing of the present key is there
	}
	return true, w.finish(record)
}

// BeginAgain removes everything of an archive without a seal that names a lost key. The
// record goes last: until then whoever looks is told of that key.
func BeginAgain(ctx context.Context, store archive.Store, discarded []string) error {
	w, err := rekeyerOf(ctx, store, nil)
	if err != nil {
		return err
	}
	if err := w.discard(Rekeying{Discarded: append(slices.Clone(discarded), evidence.RecordPath)}); err != nil {
		return err
	}
	return errors.Join(w.inner.Remove(ctx, RekeyingFolder), w.inner.Remove(ctx, RecordKey))
}

// Unverified reads an artifact of which nobody can say who wrote it: that is for whoever
// then compares its digest, or asks a person.
func Unverified(ctx context.Context, store archive.Store, key string) ([]byte, error) {
	s, err := storeOf(store)
	if err != nil {
		return nil, err
	}
	content, _, err := unverified(s.inner.FS(ctx), key)
	return content, err
}

// Vouched reads an artifact that something else vouches for by its SHA-256, whichever key
// it names. record is that of the archive.
func Vouched(ctx context.Context, store archive.Store, record []byte, key, digest string) ([]byte, error) {
	w, err := rekeyerOf(ctx, store, record)
	if err != nil {
		return nil, err
	}
	return w.find(key, digest)
}

// RemoveForeign removes the artifacts of an archive without a record that name a key.
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
		if _, id, err := unverified(root, name); err == nil && id == keyID {
			foreign = append(foreign, name)
		}
		return ctx.Err()
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range foreign {
		err = errors.Join(err, s.inner.Remove(ctx, name))
	}
	return err
}

// storeOf is the Store that Wrap or WrapShared has returned.
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

// unverified reads an artifact, and which key its line names.
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
	body := int64(len(all)) - lineSize
	if body < 0 || len(all) > MaxArtifact {
		return nil, "", corrupt(name, "it has no MAC, or is larger than any artifact")
	}
	says, isLine := strings.CutPrefix(string(all[body:]), lineStart)
	if !isLine {
		return nil, "", corrupt(name, "it has no MAC: no operator of this version wrote it")
	}
	return all[:body], says[:idDigits], nil
}

// copyOf is where the copy of an artifact is.
func copyOf(key string) string {
	return RekeyingFolder + "/" + strings.TrimPrefix(key, archive.WorkPrefix)
}

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
	if err := w.inner.Remove(w.ctx, key); err != nil {
		return err
	}
	return w.known.Create(w.ctx, key, func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
}

// finish replaces the record, and removes the copies.
func (w rekeyer) finish(record []byte) error {
	if err := w.put(RecordKey, record); err != nil {
		return err
	}
	return w.inner.Remove(w.ctx, RekeyingFolder)
}

// discard removes the bags and seals that are discarded, and every artifact that does not
// stay.
func (w rekeyer) discard(r Rekeying) error {
	for _, key := range r.Discarded {
		if err := archive.Discard(w.ctx, w.inner, key); err != nil {
			return err
		}
	}
	wanted := map[string]bool{RecordKey: true, RekeyingFolder: true}
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

// prune removes what is in a folder and not wanted; folders in which nothing is wanted are
// removed as a whole.
func (w rekeyer) prune(folder string, wanted, folders map[string]bool) error {
	entries, err := fs.ReadDir(w.inner.FS(w.ctx), folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		switch key := folder + "/" + entry.Name(); {
		case wanted[key]:
		case folders[key] && entry.IsDir():
			err = errors.Join(err, w.prune(key, wanted, folders))
		default:
			err = errors.Join(err, w.inner.Remove(w.ctx, key))
		}
	}
	return err
}
