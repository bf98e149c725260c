package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ErrIrregular is the error for something that is neither a file nor a folder, or was
// replaced while it was being opened.
var ErrIrregular = outcome.Advise(errors.New("neither a file nor a folder"), outcome.CorruptArchive())

// openRegular opens a file or a folder for reading, and nothing else: a pipe would wait
// forever for a writer, and a device may do anything. If somebody replaces the file
// between the check and the opening, it is opened without waiting, where the system can do
// that, and then the replacement is noticed.
func openRegular(root *os.Root, name string) (fs.File, error) {
	local := filepath.FromSlash(name)
	before, err := root.Lstat(local)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() && !before.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrIrregular}
	}
	file, err := root.OpenFile(local, os.O_RDONLY|nonBlocking, 0)
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

// RegularFS reads the files below a folder. It opens only files and folders, and follows
// no link out of the folder. The caller has to close it.
type RegularFS struct{ root *os.Root }

var (
	_ fs.ReadDirFS  = RegularFS{}
	_ fs.ReadLinkFS = RegularFS{}
	_ fs.StatFS     = RegularFS{}
)

// OpenRegular opens a folder.
func OpenRegular(folder string) (RegularFS, error) {
	root, err := os.OpenRoot(folder)
	return RegularFS{root}, err
}

// Close closes the folder. Files that were opened in it stay open.
func (r RegularFS) Close() error { return r.root.Close() }

// Open opens a file or a folder.
func (r RegularFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return openRegular(r.root, name)
}

// ReadDir lists a folder.
func (r RegularFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(r.root.FS(), name) }

// Stat describes a file, or the target of a link.
func (r RegularFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(r.root.FS(), name) }

// Lstat describes a file or a link.
func (r RegularFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(r.root.FS(), name) }

// ReadLink returns the target of a link.
func (r RegularFS) ReadLink(name string) (string, error) { return fs.ReadLink(r.root.FS(), name) }
