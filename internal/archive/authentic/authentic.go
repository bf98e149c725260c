// Package authentic makes the artifacts of an archive tamper-evident: it wraps a
// Store, puts a MAC after everything that is created under .work/, and gives nothing
// back whose MAC does not fit. Evidence passes through untouched.
//
// The key never lies in the archive. So whoever can write to the archive, and does
// not have the key, can remove artifacts, which are then asked for again, but can add
// or change none. A MAC covers the artifact's name and which archive it is in, by the
// export's namespace and name and by the SHA-256 of the archive's record: what is
// copied from another export, from another name, or from an earlier archive of the
// same export is refused. See docs/adr/0026.
package authentic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// RecordKey is the key of the artifact that says whose an archive is
// (artifacts.RecordKey). It is the first one that is written; the MACs of all others
// cover its SHA-256.
const RecordKey = archive.WorkPrefix + "record.json"

// Keys returns the master key.
type Keys func(context.Context) (Master, error)

// Wrap returns the store of an export's archive as package authentic describes.
func Wrap(inner archive.Store, of Identity, keys Keys) archive.Store {
	return wrap(&Store{inner: inner, identity: of, keys: keys, hasRecord: true})
}

// WrapShared is Wrap for an archive that is not one export's and has no record.
func WrapShared(inner archive.Store, of Identity, keys Keys) archive.Store {
	return wrap(&Store{inner: inner, identity: of, keys: keys})
}

func wrap(s *Store) archive.Store {
	if inner, ok := s.inner.(holding); ok {
		return &holdStore{s, inner}
	}
	return s
}

// Store is an archive whose artifacts are authentic.
type Store struct {
	inner     archive.Store
	identity  Identity
	keys      Keys
	hasRecord bool

	// known is the key of all artifacts but the record, nil until it was derived. The
	// record never changes.
	known atomic.Pointer[archiveKey]
}

// holding is what a Store may be able to do beyond the interface.
type holding interface {
	archive.HoldCreator
	Hold(ctx context.Context, key string) (held bool, err error)
}

// holdStore is a Store of an archive that knows legal holds.
type holdStore struct {
	*Store
	inner holding
}

// CreateHeld is Create under legal hold. Artifacts are never held.
func (s *holdStore) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	if isWork(key) {
		return s.Create(ctx, key, write)
	}
	return s.inner.CreateHeld(ctx, key, write)
}

// Hold puts what is stored under key under legal hold.
func (s *holdStore) Hold(ctx context.Context, key string) (held bool, err error) {
	return s.inner.Hold(ctx, key)
}

// Free tells how many bytes can still be stored. The error is errors.ErrUnsupported if
// the archive cannot tell, as a bucket cannot.
func (s *Store) Free(ctx context.Context) (int64, error) {
	return archive.FreeOf(ctx, s.inner)
}

// isWork tells whether a key is that of an artifact.
func isWork(key string) bool { return strings.HasPrefix(key, archive.WorkPrefix) }

// Create stores under key what write writes, an artifact with its MAC.
func (s *Store) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	if !isWork(key) {
		return s.inner.Create(ctx, key, write)
	}
	k, err := s.keyOf(ctx, key)
	if err != nil {
		return err
	}
	return s.inner.Create(ctx, key, func(w io.Writer) error {
		mac := k.begin(key)
		if err := write(io.MultiWriter(w, mac)); err != nil {
			return err
		}
		_, err := io.WriteString(w, k.line(mac))
		return err
	})
}

// Remove removes artifacts.
func (s *Store) Remove(ctx context.Context, key string) error { return s.inner.Remove(ctx, key) }

// Discard discards what no seal holds.
func (s *Store) Discard(ctx context.Context, key string) error {
	return archive.Discard(ctx, s.inner, key)
}

// FS reads what is stored. The error for an artifact that is not authentic is
// evidence.ErrCorrupt. What is read of an artifact that was opened is authentic only
// once io.EOF has come.
func (s *Store) FS(ctx context.Context) fs.FS { return view{ctx, s, s.inner.FS(ctx)} }

// keyOf returns the key of the artifact under a key of the archive.
func (s *Store) keyOf(ctx context.Context, name string) (archiveKey, error) {
	if s.hasRecord && name == RecordKey {
		master, err := s.keys(ctx)
		if err != nil {
			return archiveKey{}, err
		}
		return master.of(s.identity, "")
	}
	if known := s.known.Load(); known != nil {
		return *known, nil
	}
	derived, err := s.derive(ctx, name)
	if err == nil {
		s.known.Store(&derived)
	}
	return derived, err
}

// derive derives the key of all artifacts but the record, for one of them.
func (s *Store) derive(ctx context.Context, name string) (archiveKey, error) {
	master, err := s.keys(ctx)
	if err != nil {
		return archiveKey{}, err
	}
	if !s.hasRecord {
		return master.of(s.identity, "")
	}
	record, err := fs.ReadFile(s.FS(ctx), RecordKey)
	if errors.Is(err, fs.ErrNotExist) {
		return archiveKey{}, corrupt(RecordKey, "it is missing, and "+name+" cannot be judged without it")
	}
	if err != nil {
		return archiveKey{}, err
	}
	sum := sha256.Sum256(record)
	return master.of(s.identity, hex.EncodeToString(sum[:]))
}
