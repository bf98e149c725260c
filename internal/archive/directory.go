package archive

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

const (
	// scratch holds files while they are written.
	scratch = WorkPrefix + "tmp"
	// Stored files are read-only: nothing writes to them again.
	fileMode = 0o440
	dirMode  = 0o750
	// bufferSize is what a copy holds in memory, in bytes, whatever the file's size.
	bufferSize = 64 << 10
)

// Directory is a Store in a directory of the local file system, which it cannot
// leave (os.Root). The file system must know hard links.
type Directory struct {
	root *os.Root
}

// OpenDirectory opens the directory name below root, both of which it makes if
// they are missing. name is one or more segments of a key.
func OpenDirectory(root, name string) (*Directory, error) {
	if err := CheckKey(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(root, dirMode); err != nil {
		return nil, fmt.Errorf("make archive root: %w", err)
	}
	outer, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open archive root: %w", err)
	}
	defer func() { _ = outer.Close() }()
	if err := outer.MkdirAll(name, dirMode); err != nil {
		return nil, fmt.Errorf("make archive directory: %w", err)
	}
	inner, err := outer.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open archive directory: %w", err)
	}
	return &Directory{root: inner}, nil
}

// Close lets go of the directory.
func (d *Directory) Close() error { return d.root.Close() }

// FS reads what is stored.
func (d *Directory) FS(context.Context) fs.FS { return d.root.FS() }

// Create stores under key what write writes. The bytes go to a scratch file,
// are flushed to disk, and only then get their name, by a hard link: the link
// fails if the name is taken, and a name never stands for half a file.
func (d *Directory) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if _, err := d.root.Lstat(key); err == nil {
		return fmt.Errorf("create %s: %w", key, fs.ErrExist)
	}
	temporary, err := d.fill(ctx, write)
	if err != nil {
		return fmt.Errorf("create %s: %w", key, err)
	}
	defer func() { _ = d.root.Remove(temporary) }()
	if err := d.name(temporary, key); err != nil {
		return fmt.Errorf("create %s: %w", key, err)
	}
	return nil
}

// fill writes a scratch file and flushes it to disk.
func (d *Directory) fill(ctx context.Context, write func(io.Writer) error) (string, error) {
	if err := d.root.MkdirAll(scratch, dirMode); err != nil {
		return "", err
	}
	name := path.Join(scratch, rand.Text())
	file, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	if err := errors.Join(writeDurably(ctx, file, write), file.Close()); err != nil {
		return "", errors.Join(err, d.root.Remove(name))
	}
	return name, nil
}

func writeDurably(ctx context.Context, file *os.File, write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(contextWriter{ctx, file}, bufferSize)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return file.Sync()
}

// name gives a scratch file its key and flushes the directories that hold it.
func (d *Directory) name(temporary, key string) error {
	made, err := d.makeParents(path.Dir(key))
	if err != nil {
		return err
	}
	if err := d.root.Link(temporary, key); err != nil {
		return err
	}
	for _, directory := range append(made, path.Dir(key)) {
		if err := d.syncDirectory(directory); err != nil {
			return err
		}
	}
	return nil
}

// makeParents makes a directory and what is missing above it. It returns the
// directories that got a new entry.
func (d *Directory) makeParents(directory string) (changed []string, err error) {
	if directory == "." {
		return nil, nil
	}
	if info, err := d.root.Stat(directory); err == nil && info.IsDir() {
		return nil, nil
	}
	changed, err = d.makeParents(path.Dir(directory))
	if err != nil {
		return nil, err
	}
	if err := d.root.Mkdir(directory, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return append(changed, path.Dir(directory)), nil
}

func (d *Directory) syncDirectory(name string) error {
	directory, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Remove removes working artifacts: key itself, or all keys below it.
func (d *Directory) Remove(_ context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if !strings.HasPrefix(key, WorkPrefix) {
		return fmt.Errorf("remove %s: evidence is never removed", key)
	}
	return d.root.RemoveAll(key)
}
