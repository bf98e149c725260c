package usage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// The bounds of a walk: how deep it goes, how many names it reads at a time, and how
// long it takes for one namespace.
const (
	maxDepth    = 32
	namesAtOnce = 1024
	maxDuration = time.Hour
)

// measure measures the volume, one namespace after the other. A namespace that cannot be
// measured does not block the others.
func (m *Meter) measure(ctx context.Context) error {
	root, err := os.OpenRoot(m.Root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nobody has stored anything yet
	}
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	m.forgetGone(root)
	var failed []error
	err = each(ctx, root, ".", func(entry fs.DirEntry) {
		namespace := entry.Name()
		if entry.IsDir() && m.Limits.Of(namespace) > 0 {
			failed = append(failed, m.measureOne(ctx, root, namespace))
		}
	})
	return errors.Join(append(failed, err)...)
}

// forgetGone forgets the namespaces without a directory.
func (m *Meter) forgetGone(root *os.Root) {
	for _, known := range m.All() {
		if _, err := root.Lstat(known.Namespace); errors.Is(err, fs.ErrNotExist) {
			m.mu.Lock()
			delete(m.byNamespace, known.Namespace)
			m.mu.Unlock()
		}
	}
}

// measureOne measures a namespace. Files that cannot be read are not counted, and the
// error says so. If the namespace cannot be read at all, or not within maxDuration, the
// last measurement still counts, or what was found if that is more.
func (m *Meter) measureOne(ctx context.Context, root *os.Root, namespace string) error {
	within, cancel := context.WithTimeout(ctx, maxDuration)
	defer cancel()
	w := &walk{root: root, started: m.Clock.Now()}
	before := m.startWalk(namespace)
	err := cmp.Or(w.sum(within, namespace, 0), within.Err())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		m.endWalk(namespace, w.found, before)
		err = w.skippedError()
	default:
		m.abortWalk(namespace, w.found, before)
	}
	if err != nil {
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	return nil
}

// found is how many bytes a walk has found, and how many of them are in files that were
// written after its start.
type found struct{ bytes, fresh int64 }

// walk is one walk through the files of a namespace.
type walk struct {
	root *os.Root
	// started is when it started, by the clock of this process, which may not be that of the
	// file system.
	started time.Time
	found   found
	// unreadable is how many files and folders could not be read, firstError why the first
	// could not.
	unreadable int
	firstError error
}

// sum adds up the sizes of the files below a directory, in bytes. It follows no link, and
// keeps a few names in memory, however many there are. It does not count files that are
// removed meanwhile, and skips what it cannot read. The error says that the directory
// itself could not be read, or that ctx has ended.
func (w *walk) sum(ctx context.Context, name string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s is more than %d folders deep", name, maxDepth)
	}
	return each(ctx, w.root, name, func(entry fs.DirEntry) {
		if entry.IsDir() {
			w.skip(w.sum(ctx, path.Join(name, entry.Name()), depth+1))
			return
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() {
			w.add(info)
		}
		w.skip(ignoreAbsent(err))
	})
}

func (w *walk) add(file fs.FileInfo) {
	w.found.bytes += file.Size()
	if !file.ModTime().Before(w.started) {
		w.found.fresh += file.Size()
	}
}

// skip records that something could not be read, if there is an error.
func (w *walk) skip(err error) {
	if err == nil {
		return
	}
	w.unreadable++
	if w.firstError == nil {
		w.firstError = err
	}
}

// skippedError returns an error if something could not be read.
func (w *walk) skippedError() error {
	if w.firstError == nil {
		return nil
	}
	return fmt.Errorf("%d files or folders could not be read and are not included, for example: %w", w.unreadable, w.firstError)
}

// each calls do for each entry of a directory, until ctx ends.
func each(ctx context.Context, root *os.Root, name string, do func(fs.DirEntry)) error {
	directory, err := root.Open(name)
	if err != nil {
		return ignoreAbsent(err)
	}
	defer func() { _ = directory.Close() }()
	for {
		entries, err := directory.ReadDir(namesAtOnce)
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			do(entry)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ignoreAbsent(err)
		}
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
