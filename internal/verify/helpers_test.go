package verify_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// fullFS is what os.DirFS returns.
type fullFS interface {
	fs.ReadDirFS
	fs.ReadFileFS
	fs.StatFS
}

// inMemory is an archive that is read often, without the disk.
func inMemory(t *testing.T, a *specimen.Archive) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range a.Files(".") {
		files[name] = &fstest.MapFile{Data: a.Read(name), Mode: 0o600}
	}
	return files
}

// brokenFS fails to read one file.
type brokenFS struct {
	fullFS
	path string
}

type brokenFile struct{ fs.File }

func (brokenFile) Read(p []byte) (int, error) {
	return iotest.ErrReader(errors.New("input/output error")).Read(p)
}

// Open opens a file.
func (b brokenFS) Open(name string) (fs.File, error) {
	file, err := b.fullFS.Open(name)
	if err == nil && name == b.path {
		return brokenFile{file}, nil
	}
	return file, err
}
