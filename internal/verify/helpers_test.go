package verify_test

import (
	"errors"
	"io/fs"
	"testing/iotest"
)

// fullFS is what os.DirFS returns.
type fullFS interface {
	fs.ReadDirFS
	fs.ReadFileFS
	fs.StatFS
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
