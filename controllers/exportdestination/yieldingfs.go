package exportdestination

import (
	"context"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// yieldingFS is a file system that is read only while it is the turn of a piece of work
// (see [transfer.Capacity]): each access yields to other work first. So a destination with
// very much stored does not delay the verification of other namespaces.
type yieldingFS struct {
	fs.FS
	ctx context.Context //nolint:containedctx // that of the work that reads
	try transfer.Try
}

// newYieldingFS returns a file system whose accesses yield to other work.
func newYieldingFS(ctx context.Context, fsys fs.FS, try transfer.Try) fs.FS {
	yielding := yieldingFS{fsys, ctx, try}
	walker, is := fsys.(verify.Walker)
	if !is {
		return yielding
	}
	if versioner, is := fsys.(verify.Versioner); is {
		return yieldingVersioner{yieldingWalker{yielding, walker}, versioner}
	}
	return yieldingWalker{yielding, walker}
}

// yield waits while it is the turn of other work.
func (y yieldingFS) yield() error { return y.try.Yield(y.ctx, nil) }

// Open implements fs.FS.
func (y yieldingFS) Open(name string) (fs.File, error) {
	if err := y.yield(); err != nil {
		return nil, err
	}
	file, err := y.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if folder, is := file.(fs.ReadDirFile); is {
		return yieldingFolder{folder, y}, nil
	}
	return &yieldingFile{File: file, of: y, name: name}, nil
}

// ReadDir implements fs.ReadDirFS.
func (y yieldingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := y.yield(); err != nil {
		return nil, err
	}
	return fs.ReadDir(y.FS, name)
}

// Stat implements fs.StatFS.
func (y yieldingFS) Stat(name string) (fs.FileInfo, error) {
	if err := y.yield(); err != nil {
		return nil, err
	}
	return fs.Stat(y.FS, name)
}

// Lstat implements fs.ReadLinkFS.
func (y yieldingFS) Lstat(name string) (fs.FileInfo, error) {
	if err := y.yield(); err != nil {
		return nil, err
	}
	return fs.Lstat(y.FS, name)
}

// ReadLink implements fs.ReadLinkFS.
func (y yieldingFS) ReadLink(name string) (string, error) {
	if err := y.yield(); err != nil {
		return "", err
	}
	return fs.ReadLink(y.FS, name)
}

// resumer is a file system of a service that ends an answer which nobody reads for a
// while, as S3 does. Files that are open there are closed while it is the turn of other
// work, and opened again where they were.
type resumer interface {
	// OpenFrom opens a file for reading, beginning at an offset in bytes.
	OpenFrom(name string, offset int64) (fs.File, error)
}

// yieldingFile is a file that is read while it is its work's turn.
type yieldingFile struct {
	fs.File
	of   yieldingFS
	name string
	// offset is how far it was read, in bytes. paused tells that it was closed there.
	offset int64
	paused bool
}

func (f *yieldingFile) Read(p []byte) (int, error) {
	if err := f.of.try.Yield(f.of.ctx, f.pause); err != nil {
		return 0, err
	}
	if err := f.resume(); err != nil {
		return 0, err
	}
	n, err := f.File.Read(p)
	f.offset += int64(n)
	return n, err
}

// pause closes the file if it cannot stay open while it is not read.
func (f *yieldingFile) pause() {
	if _, is := f.of.FS.(resumer); is && !f.paused {
		f.paused = true
		_ = f.File.Close() // nothing was written
	}
}

// resume opens a file again that pause has closed.
func (f *yieldingFile) resume() error {
	if !f.paused {
		return nil
	}
	reopened, err := f.of.FS.(resumer).OpenFrom(f.name, f.offset) //nolint:forcetypeassert // pause has checked it
	if err == nil {
		f.File, f.paused = reopened, false
	}
	return err
}

// Close closes the file, unless pause has closed it.
func (f *yieldingFile) Close() error {
	if f.paused {
		return nil
	}
	return f.File.Close()
}

type yieldingFolder struct {
	fs.ReadDirFile
	of yieldingFS
}

func (f yieldingFolder) Read(p []byte) (int, error) {
	if err := f.of.yield(); err != nil {
		return 0, err
	}
	return f.ReadDirFile.Read(p)
}

func (f yieldingFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := f.of.yield(); err != nil {
		return nil, err
	}
	return f.ReadDirFile.ReadDir(n)
}

// yieldingWalker also lists everything below a directory at once.
type yieldingWalker struct {
	yieldingFS
	walker verify.Walker
}

// Walk implements verify.Walker.
func (w yieldingWalker) Walk(directory string, do func(name string, size int64) error) error {
	return w.walker.Walk(directory, func(name string, size int64) error {
		if err := w.yield(); err != nil {
			return err
		}
		return do(name, size)
	})
}

// yieldingVersioner also lists earlier versions of files.
type yieldingVersioner struct {
	yieldingWalker
	versioner verify.Versioner
}

// Hidden implements verify.Versioner.
func (s yieldingVersioner) Hidden(directory string, do func(name string, deleted bool, locked func() (bool, error)) error) error {
	if err := s.yield(); err != nil {
		return err
	}
	return s.versioner.Hidden(directory, func(name string, deleted bool, locked func() (bool, error)) error {
		if err := s.yield(); err != nil {
			return err
		}
		return do(name, deleted, locked)
	})
}
