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

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

const (
	// scratch contains files while they are written.
	scratch = WorkPrefix + "tmp"
	// Stored files are read-only: nothing writes to them again.
	fileMode = 0o440
	dirMode  = 0o750
	// bufferSize is how much of a file is in memory at a time, in bytes.
	bufferSize = 64 << 10
)

// Directory is a Store in a directory of the local file system, which it cannot leave
// (os.Root). The file system must support hard links. Directory keeps no file open between
// calls, so it needs no closing and notices a directory that was replaced.
type Directory struct {
	root string
	name string
}

// OpenDirectory returns a Store of the directory name below root, and creates both if they
// are missing. name is one or more segments of a key.
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
	return &Directory{root, name}, nil
}

// open opens the directory for one operation.
func (d *Directory) open() (*os.Root, error) {
	outer, err := os.OpenRoot(d.root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = outer.Close() }()
	return outer.OpenRoot(d.name)
}

// Create stores under key what write writes. The bytes go to a scratch file and are
// flushed to disk; only then a hard link gives them their name. The link fails if the name
// exists, and no name ever belongs to a partial file.
func (d *Directory) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	root, err := d.open()
	if err != nil {
		return fmt.Errorf("create %s: %w", key, err)
	}
	defer func() { _ = root.Close() }()
	if _, err := root.Lstat(key); err == nil {
		return fmt.Errorf("create %s: %w", key, fs.ErrExist)
	}
	temporary, err := writeScratch(ctx, root, key, write)
	if err != nil {
		return fmt.Errorf("create %s: %w", key, err)
	}
	defer func() { _ = root.Remove(temporary) }()
	if err := link(root, temporary, key); err != nil {
		return fmt.Errorf("create %s: %w", key, err)
	}
	return nil
}

// writeScratch writes a scratch file and flushes it to disk.
func writeScratch(ctx context.Context, root *os.Root, key string, write func(io.Writer) error) (string, error) {
	folder := scratchFor(key)
	if err := root.MkdirAll(folder, dirMode); err != nil {
		return "", err
	}
	name := path.Join(folder, rand.Text())
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", err
	}
	if err := errors.Join(writeDurably(ctx, file, key, write), file.Close()); err != nil {
		return "", errors.Join(err, root.Remove(name))
	}
	return name, nil
}

// scratchFor is the folder of a key's scratch file. It names the first two folders of the
// key, so that ScratchOf finds it.
func scratchFor(key string) string {
	folders := strings.Split(path.Dir(key), "/")
	return ScratchOf(path.Join(folders[:min(len(folders), 2)]...))
}

func writeDurably(ctx context.Context, file *os.File, key string, write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(contextWriter{ctx, file}, bufferSize)
	if err := failpoint.Do(failpoint.ArchiveWrite, key, func() error { return write(buffered) }); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return failpoint.Do(failpoint.ArchiveSync, key, file.Sync)
}

// link gives a scratch file its key and flushes the directories that contain it.
func link(root *os.Root, temporary, key string) error {
	made, err := makeParents(root, path.Dir(key))
	if err != nil {
		return err
	}
	if err := failpoint.Do(failpoint.ArchiveLink, key, func() error { return root.Link(temporary, key) }); err != nil {
		return err
	}
	for _, directory := range append(made, path.Dir(key)) {
		if err := failpoint.Do(failpoint.ArchiveSyncDirectory, directory, func() error { return syncDirectory(root, directory) }); err != nil {
			return err
		}
	}
	return nil
}

// makeParents makes a directory and all missing ones above it. It returns the directories
// that got a new entry.
func makeParents(root *os.Root, directory string) (changed []string, err error) {
	if directory == "." {
		return nil, nil
	}
	if info, err := root.Stat(directory); err == nil && info.IsDir() {
		return nil, nil
	}
	changed, err = makeParents(root, path.Dir(directory))
	if err != nil {
		return nil, err
	}
	if err := root.Mkdir(directory, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return append(changed, path.Dir(directory)), nil
}

func syncDirectory(root *os.Root, name string) error {
	directory, err := root.Open(name)
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
		return fmt.Errorf("remove %s: the operator never removes evidence", key)
	}
	return d.removeAll(key)
}
