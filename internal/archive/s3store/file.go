package s3store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"
)

// entry describes a file or a directory.
type entry struct {
	name    string
	size    int64
	changed time.Time
	dir     bool
}

// Name is the last part of the key.
func (e entry) Name() string { return e.name }

// Size is in bytes.
func (e entry) Size() int64 { return e.size }

// ModTime is when it was stored.
func (e entry) ModTime() time.Time { return e.changed }

// IsDir tells directories from files.
func (e entry) IsDir() bool { return e.dir }

// Sys is nil.
func (e entry) Sys() any { return nil }

// Type is that of Mode.
func (e entry) Type() fs.FileMode { return e.Mode().Type() }

// Info is the entry.
func (e entry) Info() (fs.FileInfo, error) { return e, nil }

// Mode is that of a file that is only read.
func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o550
	}
	return 0o440
}

// file streams an object, and fails if no bytes arrive for stallTimeout.
type file struct {
	entry
	body         io.ReadCloser
	cancel       context.CancelFunc
	stallTimeout time.Duration
	fail         func(error) error
}

// Stat describes the file.
func (f *file) Stat() (fs.FileInfo, error) { return f.entry, nil }

// Read reads more bytes. A stream that ends too soon is an error, never io.EOF.
func (f *file) Read(p []byte) (int, error) {
	watch := time.AfterFunc(f.stallTimeout, f.cancel)
	defer watch.Stop()
	n, err := f.body.Read(p)
	if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, err
	}
	return n, f.fail(err)
}

// Close ends the stream.
func (f *file) Close() error {
	defer f.cancel()
	return f.body.Close()
}

// directory lists the entries below a key.
type directory struct {
	entry
	list func() ([]fs.DirEntry, error)
	// remaining are the entries that were not returned yet, once the directory was listed.
	remaining []fs.DirEntry
	listed    bool
}

// Stat describes the directory.
func (d *directory) Stat() (fs.FileInfo, error) { return d.entry, nil }

// Read fails: a directory has no bytes.
func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

// Close does nothing.
func (d *directory) Close() error { return nil }

// ReadDir returns the next n entries, all of them if n is not positive.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.listed {
		entries, err := d.list()
		if err != nil {
			return nil, err
		}
		d.remaining, d.listed = entries, true
	}
	if n <= 0 {
		n = len(d.remaining)
	} else if len(d.remaining) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.remaining))
	entries := d.remaining[:n]
	d.remaining = d.remaining[n:]
	return entries, nil
}
