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
	deepest     = 32
	namesAtOnce = 1024
	longest     = time.Hour
)

// measure walks through the volume, one namespace after the other. One that cannot be
// measured does not keep the others from it.
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

// forgetGone forgets the namespaces that have no directory any more.
func (m *Meter) forgetGone(root *os.Root) {
	for _, known := range m.All() {
		if _, err := root.Lstat(known.Namespace); errors.Is(err, fs.ErrNotExist) {
			m.mu.Lock()
			delete(m.of, known.Namespace)
			m.mu.Unlock()
		}
	}
}

// measureOne measures a namespace. What cannot be read counts as nothing, and is told by
// the error. If the namespace cannot be read at all, or not within longest, what was known
// of it still counts, or what was found if that is more.
func (m *Meter) measureOne(ctx context.Context, root *os.Root, namespace string) error {
	within, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	w := &walk{root: root, begun: m.Clock.Now()}
	before := m.begin(namespace)
	err := cmp.Or(w.sum(within, namespace, 0), within.Err())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		m.end(namespace, w.found, before)
		err = w.skipped()
	default:
		m.endEarly(namespace, w.found, before)
	}
	if err != nil {
		return fmt.Errorf("namespace %s: %w", namespace, err)
	}
	return nil
}

// found is how many bytes a walk has found, and how many of them are in files that were
// written after it had begun.
type found struct{ bytes, fresh int64 }

// walk is a walk through a namespace.
type walk struct {
	root *os.Root
	// begun is when it began, by the clock of this process, which may not be that of the
	// file system.
	begun time.Time
	found found
	// unreadable is how many files and folders could not be read, first why the first
	// could not.
	unreadable int
	first      error
}

// sum adds up the sizes of the files below a directory, in bytes. It follows no link, and
// holds a few names in memory, however many there are. What is removed meanwhile is not
// counted, and what cannot be read is skipped. The error tells that the directory itself
// could not be read, or that ctx has ended.
func (w *walk) sum(ctx context.Context, name string, depth int) error {
	if depth > deepest {
		return fmt.Errorf("%s is more than %d folders deep", name, deepest)
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
	if !file.ModTime().Before(w.begun) {
		w.found.fresh += file.Size()
	}
}

// skip notes that something could not be read, if there is an error.
func (w *walk) skip(err error) {
	if err == nil {
		return
	}
	w.unreadable++
	if w.first == nil {
		w.first = err
	}
}

// skipped is an error if something could not be read.
func (w *walk) skipped() error {
	if w.first == nil {
		return nil
	}
	return fmt.Errorf("%d files or folders could not be read, and are not counted, for example: %w", w.unreadable, w.first)
}

// each does something with each entry of a directory, until ctx ends.
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
