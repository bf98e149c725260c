package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// Stored is a stored file's size in bytes and SHA-256 in hexadecimal.
type Stored struct {
	Size   int64
	SHA256 string
}

// ErrShort is the error for a stream whose length is not the one announced.
var ErrShort = errors.New("not of the announced length")

// Copy streams from into the archive while hashing it. length is what the
// source announced, in bytes, negative if it did not; a stream of another
// length, or without a byte, is not stored. Memory use does not depend on the length. If there is
// something under key already, the error is fs.ErrExist.
func Copy(ctx context.Context, store archive.Store, key string, from io.Reader, length int64) (Stored, error) {
	var stored Stored
	err := store.Create(ctx, key, func(w io.Writer) error {
		hash := sha256.New()
		size, err := io.Copy(io.MultiWriter(w, hash), from)
		if err != nil {
			return err
		}
		if length >= 0 && size != length || size == 0 {
			return fmt.Errorf("%w: %d bytes came, %d were announced", ErrShort, size, length)
		}
		stored = Stored{size, hex.EncodeToString(hash.Sum(nil))}
		return nil
	})
	return stored, err
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
