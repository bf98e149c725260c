package exportdestination

import (
	"context"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// inTurns is a file system that is read only while it is the turn of a piece of
// work (see [transfer.Capacity]): each access waits for it. So however much is stored at
// one destination, those of other namespaces are verified meanwhile.
type inTurns struct {
	fs.FS
	ctx context.Context //nolint:containedctx // that of the work that reads
	try transfer.Try
}

// takeTurns has a file system be read in turns.
func takeTurns(ctx context.Context, fsys fs.FS, try transfer.Try) fs.FS {
	turns := inTurns{fsys, ctx, try}
	walker, is := fsys.(verify.Walker)
	if !is {
		return turns
	}
	if versioner, is := fsys.(verify.Versioner); is {
		return storeInTurns{walkerInTurns{turns, walker}, versioner}
	}
	return walkerInTurns{turns, walker}
}

func (t inTurns) wait() error { return t.try.Yield(t.ctx, nil) }

// Open implements fs.FS.
func (t inTurns) Open(name string) (fs.File, error) {
	if err := t.wait(); err != nil {
		return nil, err
	}
	file, err := t.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if folder, is := file.(fs.ReadDirFile); is {
		return folderInTurns{folder, t}, nil
	}
	return &fileInTurns{File: file, of: t, name: name}, nil
}

// ReadDir implements fs.ReadDirFS.
func (t inTurns) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := t.wait(); err != nil {
		return nil, err
	}
	return fs.ReadDir(t.FS, name)
}

// Stat implements fs.StatFS.
func (t inTurns) Stat(name string) (fs.FileInfo, error) {
	if err := t.wait(); err != nil {
		return nil, err
	}
	return fs.Stat(t.FS, name)
}

// Lstat implements fs.ReadLinkFS.
func (t inTurns) Lstat(name string) (fs.FileInfo, error) {
	if err := t.wait(); err != nil {
		return nil, err
	}
	return fs.Lstat(t.FS, name)
}

// ReadLink implements fs.ReadLinkFS.
func (t inTurns) ReadLink(name string) (string, error) {
	if err := t.wait(); err != nil {
		return "", err
	}
	return fs.ReadLink(t.FS, name)
}

// resumer is a file system of a service that ends an answer which nobody reads for a
// while, as S3 does. What is open there is closed while others have their turn, and
// opened again where it was.
type resumer interface {
	// OpenFrom opens a file for reading, beginning at an offset in bytes.
	OpenFrom(name string, offset int64) (fs.File, error)
}

// fileInTurns is a file that is read while it is its work's turn.
type fileInTurns struct {
	fs.File
	of   inTurns
	name string
	// offset is how far it was read, in bytes, and paused that it was closed there.
	offset int64
	paused bool
}

func (f *fileInTurns) Read(p []byte) (int, error) {
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
func (f *fileInTurns) pause() {
	if _, is := f.of.FS.(resumer); is && !f.paused {
		f.paused = true
		_ = f.File.Close() // nothing was written
	}
}

// resume opens a file again that was closed.
func (f *fileInTurns) resume() error {
	if !f.paused {
		return nil
	}
	again, err := f.of.FS.(resumer).OpenFrom(f.name, f.offset) //nolint:forcetypeassert // pause has looked
	if err == nil {
		f.File, f.paused = again, false
	}
	return err
}

// Close closes the file, unless that is done already.
func (f *fileInTurns) Close() error {
	if f.paused {
		return nil
	}
	return f.File.Close()
}

type folderInTurns struct {
	fs.ReadDirFile
	of inTurns
}

func (f folderInTurns) Read(p []byte) (int, error) {
	if err := f.of.wait(); err != nil {
		return 0, err
	}
	return f.ReadDirFile.Read(p)
}

func (f folderInTurns) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := f.of.wait(); err != nil {
		return nil, err
	}
	return f.ReadDirFile.ReadDir(n)
}

// walkerInTurns is one that lists everything below a directory at once.
type walkerInTurns struct {
	inTurns
	walker verify.Walker
}

// Walk implements verify.Walker.
func (w walkerInTurns) Walk(directory string, do func(name string, size int64) error) error {
	return w.walker.Walk(directory, func(name string, size int64) error {
		if err := w.wait(); err != nil {
			return err
		}
		return do(name, size)
	})
}

// storeInTurns is one that also keeps earlier versions of files.
type storeInTurns struct {
	walkerInTurns
	versioner verify.Versioner
}

// Hidden implements verify.Versioner.
func (s storeInTurns) Hidden(directory string, do func(name string, deleted bool, locked func() (bool, error)) error) error {
	if err := s.wait(); err != nil {
		return err
	}
	return s.versioner.Hidden(directory, func(name string, deleted bool, locked func() (bool, error)) error {
		if err := s.wait(); err != nil {
			return err
		}
		return do(name, deleted, locked)
	})
}
