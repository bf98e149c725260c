package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// Stored is a stored file's size in bytes and SHA-256 in hexadecimal.
type Stored struct {
	Size   int64
	SHA256 string
}

// Stream is what Copy stores.
type Stream struct {
	From io.Reader
	// Length is the length that the source announced, in bytes, negative if it announced none.
	Length int64
	// Accept is called when everything has arrived, and may refuse it; nil accepts anything.
	Accept func(Stored) error
}

// ErrShort is the error for a stream that is empty, or whose length is not the one announced.
var ErrShort = errors.New("not a whole file")

// Copy streams into the archive while hashing. It does not store a stream that is empty,
// has another length than announced, or is not accepted. Memory use does not depend on
// the length. If something is stored under key already, the error is fs.ErrExist, with
// what arrived if all of it was read.
func Copy(ctx context.Context, store archive.Store, key string, stream Stream) (Stored, error) {
	var stored Stored
	begun := false
	read := func(w io.Writer) (err error) {
		begun = true
		stored, err = stream.read(w)
		return err
	}
	err := store.Create(ctx, key, read)
	if errors.Is(err, fs.ErrExist) && !begun {
		err = cmp.Or(read(io.Discard), err)
	}
	return stored, err
}

// read hashes the stream while it is written.
func (s Stream) read(w io.Writer) (Stored, error) {
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, hash), s.From)
	if err != nil {
		return Stored{}, err
	}
	switch {
	case s.Length >= 0 && size != s.Length:
		return Stored{}, fmt.Errorf("%w: %d bytes arrived, %d were announced", ErrShort, size, s.Length)
	case size == 0:
		return Stored{}, fmt.Errorf("%w: it is empty", ErrShort)
	}
	stored := Stored{size, hex.EncodeToString(hash.Sum(nil))}
	if s.Accept == nil {
		return stored, nil
	}
	return stored, s.Accept(stored)
}

// Inspect reads and hashes what is stored under key. The error is
// fs.ErrNotExist if there is nothing.
func Inspect(ctx context.Context, store archive.Store, key string) (Stored, error) {
	file, err := store.FS(ctx).Open(key)
	if err != nil {
		return Stored{}, err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	return Stored{size, hex.EncodeToString(hash.Sum(nil))}, errors.Join(err, file.Close())
}
