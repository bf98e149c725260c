// Package authentic makes the artifacts of an archive tamper-evident: it wraps a Store,
// adds a MAC to everything that is created under .work/ (mac.go), and returns only
// artifacts whose MAC is right (verifiedfs.go). Evidence is passed through unchanged.
//
// The key is never in the archive. So somebody who can write to the archive, and does not
// have the key, can remove artifacts, which the operator then asks for again, but can
// neither add nor change any. A MAC covers the artifact's name and its archive: the
// export's namespace and name and the SHA-256 of the archive's record. So artifacts that
// are copied from another export, from another name, or from an earlier archive of the
// same export are refused. See docs/adr/0026.
//
// If the key is lost, an archive can be rekeyed (rekey.go).
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

// RecordKey is the key of the artifact that says which export an archive belongs to
// (artifacts.RecordKey). It is the first one that is written; the MACs of all others cover
// its SHA-256.
const RecordKey = archive.WorkPrefix + "record.json"

// Keys returns the master key.
type Keys func(context.Context) (Master, error)

// Wrap returns an archive's store with authentic artifacts, as package authentic
// describes.
func Wrap(inner archive.Store, of Identity, keys Keys) archive.Store {
	return wrap(&Store{inner: inner, identity: of, keys: keys, hasRecord: true})
}

// WrapShared is Wrap for an archive that belongs to no single export and has no record.
func WrapShared(inner archive.Store, of Identity, keys Keys) archive.Store {
	return wrap(&Store{inner: inner, identity: of, keys: keys})
}

func wrap(s *Store) archive.Store {
	if inner, ok := s.inner.(archive.HoldCreator); ok {
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

	// archiveKey is the key of all artifacts except the record, nil until it was derived.
	// The record never changes.
	archiveKey atomic.Pointer[archiveKey]
}

// holdStore is a Store of an archive that supports legal hold.
type holdStore struct {
	*Store
	inner archive.HoldCreator
}

// CreateHeld is Create under legal hold. Artifacts are never under legal hold.
func (s *holdStore) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	if isWork(key) {
		return s.Create(ctx, key, write)
	}
	return s.inner.CreateHeld(ctx, key, write)
}

// Unwrap returns the archive as it is stored.
func (s *Store) Unwrap() archive.Store { return s.inner }

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
		mac := k.newMAC(key)
		if err := write(io.MultiWriter(w, mac)); err != nil {
			return err
		}
		_, err := io.WriteString(w, k.macLine(mac))
		return err
	})
}

// Remove removes artifacts.
func (s *Store) Remove(ctx context.Context, key string) error { return s.inner.Remove(ctx, key) }

// FS reads the archive. The error for an artifact that is not authentic is
// evidence.ErrCorrupt. The content of an artifact that was opened is authentic only once
// io.EOF was returned.
func (s *Store) FS(ctx context.Context) fs.FS { return verifiedFS{ctx, s, s.inner.FS(ctx)} }

// keyOf returns the key of the artifact under a key of the archive.
func (s *Store) keyOf(ctx context.Context, name string) (archiveKey, error) {
	if s.hasRecord && name == RecordKey {
		master, err := s.keys(ctx)
		if err != nil {
			return archiveKey{}, err
		}
		return master.of(s.identity, "")
	}
	if known := s.archiveKey.Load(); known != nil {
		return *known, nil
	}
	derived, err := s.derive(ctx, name)
	if err == nil {
		s.archiveKey.Store(&derived)
	}
	return derived, err
}

// derive derives the key of all artifacts except the record. name is the artifact that it
// is needed for.
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
		return archiveKey{}, corrupt(RecordKey, "it is missing, and the operator cannot authenticate "+name+" without it")
	}
	if err != nil {
		return archiveKey{}, err
	}
	sum := sha256.Sum256(record)
	return master.of(s.identity, hex.EncodeToString(sum[:]))
}
