// Package archive is where evidence lands.
//
// A Store holds one export's evidence under keys, which are relative slash
// paths. What is stored is never changed: every write creates, completely and
// durably, or leaves nothing behind and says why. So a process may be killed at
// any moment, and two may write at once, without a half file or a lost one.
package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// WorkPrefix begins the keys of working artifacts, the only ones that may be removed.
const WorkPrefix = ".work/"

// Scratch is the key of what is not yet wholly stored. To remove it makes every
// write fail that is under way.
const Scratch = scratch

// ScratchOf is the key of what is not yet wholly stored below a folder of at most
// two segments. To remove it makes every write below the folder fail that has
// begun, in whichever process, even one that stands still before its last step. In
// S3 that holds for what takes several requests: one that is sent whole in a single
// request cannot be stopped.
func ScratchOf(folder string) string { return path.Join(Scratch, folder) }

// Store holds one export's evidence.
type Store interface {
	// FS reads what is stored. Its errors are those of package io/fs.
	FS(ctx context.Context) fs.FS

	// Create stores under key what write writes. It returns only once that is
	// durable, and an error that is fs.ErrExist if there is something under key
	// already. If write fails, its error is returned and nothing is stored.
	Create(ctx context.Context, key string, write func(io.Writer) error) error

	// Remove removes working artifacts: key itself, or all keys below it.
	// There being none is success.
	Remove(ctx context.Context, key string) error
}

// MaxRead is the size of the largest file that an FS reads as a whole, in bytes. What
// is read so are small files: records, accounts, artifacts. A file that is larger is
// refused with ErrTooLarge before it takes memory; whoever can use it streams it.
const MaxRead = 16 << 20

// ErrTooLarge is the error for a file that is larger than MaxRead.
var ErrTooLarge = outcome.Advise(fmt.Errorf("larger than %d bytes, the most that is read as a whole", MaxRead), outcome.CorruptArchive())

// ReadAll reads a file whose size is not trusted, up to MaxRead.
func ReadAll(file fs.File, name string) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxRead {
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrTooLarge}
	}
	content, err := io.ReadAll(io.LimitReader(file, MaxRead+1))
	if err == nil && len(content) > MaxRead {
		err = &fs.PathError{Op: "read", Path: name, Err: ErrTooLarge}
	}
	return content, err
}

// ErrKey is the error for a key that may not be used.
var ErrKey = errors.New("not a usable key")

// segment is what the parts of a key may be: what sha256sum, BagIt and every
// object store write alike.
var segment = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}$`)

// maxKey is the length of the longest key, in bytes; the limit of S3.
const maxKey = 1024

// CheckKey tells whether a key may be used: segments of letters, digits, dots,
// hyphens and underscores, none of them "." or "..".
func CheckKey(key string) error {
	if len(key) > maxKey || !fs.ValidPath(key) || key == "." {
		return fmt.Errorf("%w: %q", ErrKey, key)
	}
	for part := range strings.SplitSeq(key, "/") {
		if !segment.MatchString(part) {
			return fmt.Errorf("%w: %q", ErrKey, key)
		}
	}
	return nil
}

// contextWriter refuses to write once its context has ended, so that a long
// copy stops without its source having to know.
type contextWriter struct {
	ctx context.Context //nolint:containedctx // lives as long as the one Create call that makes it
	w   io.Writer
}

func (c contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}
