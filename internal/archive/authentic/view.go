package authentic

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// MaxArtifact is the size of the largest artifact that is read as a whole, in bytes:
// far more than the survey of a day with a million conversations. One that is larger
// than archive.MaxRead is held in memory only after all of it was found authentic.
const MaxArtifact = 512 << 20

// view reads an archive.
type view struct {
	ctx   context.Context //nolint:containedctx // io/fs has no room for it; it lives as long as the call that asked for the FS
	store *Store
	inner fs.FS
}

var (
	_ fs.ReadDirFS  = view{}
	_ fs.ReadFileFS = view{}
	_ fs.StatFS     = view{}
	_ fs.SubFS      = view{}
)

// ReadDir lists a directory. That a name is listed says nothing of what it names.
func (v view) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(v.inner, name) }

// Sub reads the archive below a directory of evidence.
func (v view) Sub(name string) (fs.FS, error) {
	if name == "." {
		return v, nil
	}
	if isWork(name + "/") {
		return nil, &fs.PathError{Op: "sub", Path: name, Err: errors.ErrUnsupported}
	}
	return fs.Sub(v.inner, name)
}

// ReadFile reads a file, of an artifact what was put before its MAC.
func (v view) ReadFile(name string) ([]byte, error) {
	raw, err := fs.ReadFile(v.inner, name)
	if !isWork(name) {
		return raw, err
	}
	if errors.Is(err, archive.ErrTooLarge) {
		return v.readLarge(name)
	}
	if err != nil {
		return nil, err
	}
	file, err := v.artifact(name, io.NopCloser(bytes.NewReader(raw)), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}

// readLarge reads a large artifact, once to judge it and then to keep it.
func (v view) readLarge(name string) ([]byte, error) {
	var body []byte
	for _, judged := range []bool{false, true} {
		file, err := v.Open(name)
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err != nil || info.Size() > MaxArtifact {
			return nil, errors.Join(err, file.Close(), corrupt(name, "it is larger than any artifact"))
		}
		if judged {
			body, err = io.ReadAll(file)
		} else {
			_, err = io.Copy(io.Discard, file)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// Stat describes a file. An artifact is read and judged for that: whoever asks
// whether it is there does something because of it.
func (v view) Stat(name string) (fs.FileInfo, error) {
	if !isWork(name) {
		return fs.Stat(v.inner, name)
	}
	body, err := v.ReadFile(name)
	if err == nil {
		return described{name: path.Base(name), size: int64(len(body))}, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, evidence.ErrCorrupt) {
		return nil, err
	}
	if info, failed := fs.Stat(v.inner, name); failed == nil && info.IsDir() {
		return info, nil
	}
	return nil, err
}

// Open opens a file for streaming, or a directory.
func (v view) Open(name string) (fs.File, error) {
	file, err := v.inner.Open(name)
	if err != nil || !isWork(name) {
		return file, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	judged, err := v.artifact(name, file, info.Size())
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	judged.info = described{path.Base(name), judged.left, info.ModTime()}
	return judged, nil
}

// artifact judges what is read of an artifact whose size with its MAC is given.
func (v view) artifact(name string, from io.ReadCloser, size int64) (*artifact, error) {
	if size < lineSize {
		return nil, corrupt(name, "it has no MAC: no operator of this version wrote it")
	}
	key, err := v.store.keyOf(v.ctx, name)
	if err != nil {
		return nil, err
	}
	return &artifact{ReadCloser: from, name: name, key: key, mac: key.begin(name), left: size - lineSize}, nil
}

// artifact is one that is being read.
type artifact struct {
	io.ReadCloser
	info fs.FileInfo
	name string
	key  archiveKey
	mac  hash.Hash
	// left is how many bytes of the body have not been read, judged how the reading
	// ended, nil before that.
	left   int64
	judged error
}

// described is an artifact without its MAC.
type described struct {
	name    string
	size    int64
	changed time.Time
}

// Name is the last part of the key.
func (d described) Name() string { return d.name }

// Size is that of the body, in bytes.
func (d described) Size() int64 { return d.size }

// Mode is that of a file that is only read.
func (d described) Mode() fs.FileMode { return 0o440 }

// ModTime is when it was stored, zero if that was not learned.
func (d described) ModTime() time.Time { return d.changed }

// IsDir is false.
func (d described) IsDir() bool { return false }

// Sys is nil.
func (d described) Sys() any { return nil }

// Stat describes the artifact.
func (a *artifact) Stat() (fs.FileInfo, error) { return a.info, nil }

// Read reads on. The end comes as io.EOF only if the whole was authentic.
func (a *artifact) Read(p []byte) (int, error) {
	if a.left == 0 {
		if a.judged == nil {
			a.judged = a.judge()
		}
		return 0, a.judged
	}
	n, err := a.ReadCloser.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	_, _ = a.mac.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if err = nil; a.left > 0 {
			err = corrupt(a.name, "it ends too soon")
		}
	}
	return n, err
}

// judge reads the line after the body.
func (a *artifact) judge() error {
	line, err := io.ReadAll(io.LimitReader(a.ReadCloser, lineSize+1))
	if err != nil {
		return err
	}
	if err := a.key.check(a.name, string(line), a.mac); err != nil {
		return err
	}
	return io.EOF
}
