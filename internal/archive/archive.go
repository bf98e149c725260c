// Package archive stores evidence: in a directory (directory.go) or, with package s3store,
// in a bucket.
//
// A Store keeps one export's evidence under keys, which are relative slash paths. Evidence
// is never changed: every write creates a file completely and durably, or stores nothing
// and returns an error. So a process may be killed at any moment, and two may write at the
// same time, without a partial or lost file.
//
// Some stores have more abilities: free space (freespace.go), legal hold (legalhold.go),
// discarding (discard.go).
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

// Scratch is the key of everything that is not completely stored yet. Removing it makes
// every write in progress fail.
const Scratch = scratch

// ScratchOf is the key of everything that is not completely stored yet below a folder of
// at most two segments. Removing it makes every write below the folder fail that has
// begun, in any process, even one that is suspended before its last step. In S3 that
// applies only to writes that take several requests: a write in a single request cannot be
// stopped.
func ScratchOf(folder string) string { return path.Join(Scratch, folder) }

// Store keeps one export's evidence.
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

// MaxRead is the size of the largest file that an FS reads as a whole, in bytes. Only
// small files are read as a whole: records, accounts, artifacts. A larger file is refused
// with ErrTooLarge before it takes memory; callers that can stream it do so.
const MaxRead = 16 << 20

// ErrTooLarge is the error for a file that is larger than MaxRead.
var ErrTooLarge = outcome.Advise(fmt.Errorf("larger than %d bytes, the maximum for a file that is read as a whole", MaxRead), outcome.CorruptArchive())

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

// ErrKey is the error for an invalid key.
var ErrKey = errors.New("not a usable key")

// segment is what a part of a key may be: names that sha256sum, BagIt and every object
// store write alike.
var segment = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}$`)

// maxKey is the length of the longest key, in bytes; the limit of S3.
const maxKey = 1024

// CheckKey returns an error unless a key is valid: segments of letters, digits, dots, hyphens
// and underscores, none of them "." or "..".
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

// contextWriter refuses to write once its context has ended, so that a long copy stops
// even if its source ignores the context.
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
