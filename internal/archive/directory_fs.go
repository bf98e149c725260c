package archive

import (
	"context"
	"errors"
	"io/fs"
)

// FS reads what is stored.
func (d *Directory) FS(context.Context) fs.FS { return directoryFS{d} }

// directoryFS opens the directory for each operation.
type directoryFS struct{ directory *Directory }

var (
	_ fs.ReadDirFS  = directoryFS{}
	_ fs.ReadFileFS = directoryFS{}
	_ fs.ReadLinkFS = directoryFS{}
	_ fs.StatFS     = directoryFS{}
)

func within[T any](d directoryFS, do func(RegularFS) (T, error)) (T, error) {
	root, err := d.directory.open()
	if err != nil {
		var none T
		return none, err
	}
	defer func() { _ = root.Close() }()
	return do(RegularFS{root})
}

// Open opens a file, which stays open when the directory is closed.
func (d directoryFS) Open(name string) (fs.File, error) {
	return within(d, func(fsys RegularFS) (fs.File, error) { return fsys.Open(name) })
}

// Lstat describes a file or a link.
func (d directoryFS) Lstat(name string) (fs.FileInfo, error) {
	return within(d, func(fsys RegularFS) (fs.FileInfo, error) { return fsys.Lstat(name) })
}

// ReadLink returns the target of a link.
func (d directoryFS) ReadLink(name string) (string, error) {
	return within(d, func(fsys RegularFS) (string, error) { return fsys.ReadLink(name) })
}

// ReadDir lists a directory.
func (d directoryFS) ReadDir(name string) ([]fs.DirEntry, error) {
	return within(d, func(fsys RegularFS) ([]fs.DirEntry, error) { return fs.ReadDir(fsys, name) })
}

// ReadFile reads a file of up to MaxRead.
func (d directoryFS) ReadFile(name string) ([]byte, error) {
	file, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, errors.Join(&fs.PathError{Op: "read", Path: name, Err: ErrIrregular}, file.Close())
	}
	content, err := ReadAll(file, name)
	return content, errors.Join(err, file.Close())
}

// Stat describes a file.
func (d directoryFS) Stat(name string) (fs.FileInfo, error) {
	return within(d, func(fsys RegularFS) (fs.FileInfo, error) { return fs.Stat(fsys, name) })
}
