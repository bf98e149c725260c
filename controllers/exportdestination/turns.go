package exportdestination

import (
	"context"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// inTurns is a file system that is read only while it is the turn of a piece of
// work (see [transfer.Room]): each access waits for it. So however much is stored at
// one destination, those of other namespaces are verified meanwhile.
type inTurns struct {
	fs.FS
	ctx context.Context //nolint:containedctx // that of the work that reads
	try transfer.Try
}

// takeTurns has a file system be read in turns.
func takeTurns(ctx context.Context, fsys fs.FS, try transfer.Try) fs.FS {
	turns := inTurns{fsys, ctx, try}
	if walker, is := fsys.(verify.Walker); is {
		return walkerInTurns{turns, walker}
	}
	return turns
}

func (t inTurns) wait() error { return t.try.Keep(t.ctx) }

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
	return fileInTurns{file, t}, nil
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

type fileInTurns struct {
	fs.File
	of inTurns
}

func (f fileInTurns) Read(p []byte) (int, error) {
	if err := f.of.wait(); err != nil {
		return 0, err
	}
	return f.File.Read(p)
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
