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

// MaxArtifact is the size of the largest artifact that is read as a whole, in bytes: far
// more than the survey of a day with a million conversations. An artifact that is larger
// than archive.MaxRead is kept in memory only after all of it was verified.
const MaxArtifact = 512 << 20

// verifiedFS reads an archive, and verifies its artifacts.
type verifiedFS struct {
	ctx   context.Context //nolint:containedctx // io/fs has no room for it; it lives as long as the call that asked for the FS
	store *Store
	inner fs.FS
}

var (
	_ fs.ReadDirFS  = verifiedFS{}
	_ fs.ReadFileFS = verifiedFS{}
	_ fs.StatFS     = verifiedFS{}
	_ fs.SubFS      = verifiedFS{}
)

// ReadDir lists a directory. It does not verify the artifacts that it lists.
func (v verifiedFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(v.inner, name) }

// Sub reads the archive below a directory of evidence.
func (v verifiedFS) Sub(name string) (fs.FS, error) {
	if name == "." {
		return v, nil
	}
	if isWork(name + "/") {
		return nil, &fs.PathError{Op: "sub", Path: name, Err: errors.ErrUnsupported}
	}
	return fs.Sub(v.inner, name)
}

// ReadFile reads a file; of an artifact it returns the body without the MAC.
func (v verifiedFS) ReadFile(name string) ([]byte, error) {
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

// readLarge reads a large artifact twice: to verify it, and then to return it.
func (v verifiedFS) readLarge(name string) ([]byte, error) {
	var body []byte
	for _, verified := range []bool{false, true} {
		file, err := v.Open(name)
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err != nil || info.Size() > MaxArtifact {
			return nil, errors.Join(err, file.Close(), corrupt(name, "it is too large for an artifact"))
		}
		if verified {
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

// Stat describes a file. It reads and verifies artifacts, because callers act on their
// existence.
func (v verifiedFS) Stat(name string) (fs.FileInfo, error) {
	if !isWork(name) {
		return fs.Stat(v.inner, name)
	}
	body, err := v.ReadFile(name)
	if err == nil {
		return artifactInfo{name: path.Base(name), size: int64(len(body))}, nil
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
func (v verifiedFS) Open(name string) (fs.File, error) {
	file, err := v.inner.Open(name)
	if err != nil || !isWork(name) {
		return file, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	opened, err := v.artifact(name, file, info.Size())
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	opened.info = artifactInfo{path.Base(name), opened.left, info.ModTime()}
	return opened, nil
}

// artifact verifies what is read from an artifact, whose size includes its MAC.
func (v verifiedFS) artifact(name string, from io.ReadCloser, size int64) (*artifact, error) {
	if size < macLineSize {
		return nil, corrupt(name, "it has no MAC: an operator of this version did not write it")
	}
	key, err := v.store.keyOf(v.ctx, name)
	if err != nil {
		return nil, err
	}
	return &artifact{ReadCloser: from, name: name, key: key, mac: key.newMAC(name), left: size - macLineSize}, nil
}

// artifact is an artifact that is being read.
type artifact struct {
	io.ReadCloser
	info fs.FileInfo
	name string
	key  archiveKey
	mac  hash.Hash
	// left is how many bytes of the body have not been read. result is how the verification
	// ended, nil before that.
	left   int64
	result error
}

// artifactInfo describes an artifact without its MAC.
type artifactInfo struct {
	name    string
	size    int64
	changed time.Time
}

// Name is the last part of the key.
func (d artifactInfo) Name() string { return d.name }

// Size is that of the body, in bytes.
func (d artifactInfo) Size() int64 { return d.size }

// Mode is that of a file that is only read.
func (d artifactInfo) Mode() fs.FileMode { return 0o440 }

// ModTime is when it was stored, zero if that is unknown.
func (d artifactInfo) ModTime() time.Time { return d.changed }

// IsDir is false.
func (d artifactInfo) IsDir() bool { return false }

// Sys is nil.
func (d artifactInfo) Sys() any { return nil }

// Stat describes the artifact.
func (a *artifact) Stat() (fs.FileInfo, error) { return a.info, nil }

// Read reads more bytes. It returns io.EOF only if the whole artifact was authentic.
func (a *artifact) Read(p []byte) (int, error) {
	if a.left == 0 {
		if a.result == nil {
			a.result = a.verify()
		}
		return 0, a.result
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

// verify reads the MAC line after the body.
func (a *artifact) verify() error {
	line, err := io.ReadAll(io.LimitReader(a.ReadCloser, macLineSize+1))
	if err != nil {
		return err
	}
	if err := a.key.checkMACLine(a.name, string(line), a.mac); err != nil {
		return err
	}
	return io.EOF
}
