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

// Stream is what Copy stores.
type Stream struct {
	From io.Reader
	// Length is what the source announced, in bytes, negative if it did not.
	Length int64
	// Accept is asked once all has come, and may refuse it; nil accepts anything.
	Accept func(Stored) error
}

// ErrShort is the error for a stream whose length is not the one announced.
var ErrShort = errors.New("not of the announced length")

// Copy streams into the archive while hashing. A stream of another length than
// was announced, without a byte, or that is not accepted, is not stored. Memory
// use does not depend on the length. If there is something under key already,
// the error is fs.ErrExist.
func Copy(ctx context.Context, store archive.Store, key string, stream Stream) (Stored, error) {
	var stored Stored
	err := store.Create(ctx, key, func(w io.Writer) error {
		hash := sha256.New()
		size, err := io.Copy(io.MultiWriter(w, hash), stream.From)
		if err != nil {
			return err
		}
		if stream.Length >= 0 && size != stream.Length || size == 0 {
			return fmt.Errorf("%w: %d bytes came, %d were announced", ErrShort, size, stream.Length)
		}
		stored = Stored{size, hex.EncodeToString(hash.Sum(nil))}
		if stream.Accept == nil {
			return nil
		}
		return stream.Accept(stored)
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
