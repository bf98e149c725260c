package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ErrIrregular is the error for what is neither a file nor a folder, or was exchanged
// while it was being opened.
var ErrIrregular = outcome.Advise(errors.New("neither a file nor a folder"), outcome.CorruptArchive())

// openPlain opens a file or a folder for reading, and nothing else: a pipe would wait
// for ever for somebody to write to it, and a device may do anything. What takes the
// place of a file between the look at it and its opening is opened without waiting,
// where the system can do that, and then found to be another.
func openPlain(root *os.Root, name string) (fs.File, error) {
	local := filepath.FromSlash(name)
	before, err := root.Lstat(local)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() && !before.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrIrregular}
	}
	file, err := root.OpenFile(local, os.O_RDONLY|dontWait, 0)
	if err != nil {
		return nil, err
	}
	after, err := file.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrIrregular}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// PlainFS reads the files below a folder. It never opens what is neither a file nor a
// folder, and follows no link out of the folder. Close it when it is not needed any more.
type PlainFS struct{ root *os.Root }

var (
	_ fs.ReadDirFS  = PlainFS{}
	_ fs.ReadLinkFS = PlainFS{}
	_ fs.StatFS     = PlainFS{}
)

// OpenPlain opens a folder.
func OpenPlain(folder string) (PlainFS, error) {
	root, err := os.OpenRoot(folder)
	return PlainFS{root}, err
}

// Close closes the folder. What was opened in it stays open.
func (p PlainFS) Close() error { return p.root.Close() }

// Open opens a file or a folder.
func (p PlainFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return openPlain(p.root, name)
}

// ReadDir lists a folder.
func (p PlainFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(p.root.FS(), name) }

// Stat describes a file, or what a link leads to.
func (p PlainFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(p.root.FS(), name) }

// Lstat describes a file or a link.
func (p PlainFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(p.root.FS(), name) }

// ReadLink says where a link leads to.
func (p PlainFS) ReadLink(name string) (string, error) { return fs.ReadLink(p.root.FS(), name) }
