package usage

import (
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
// long it takes for one namespace. What it has found by then is at least what is there,
// and counts if that is more than was known.
const (
	deepest     = 32
	namesAtOnce = 1024
	longest     = time.Hour
)

// measure walks through the volume, one namespace after the other.
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
	return each(ctx, root, ".", func(entry fs.DirEntry) error {
		namespace := entry.Name()
		if !entry.IsDir() || m.Limits.Of(namespace) == 0 {
			return nil
		}
		return m.measureOne(ctx, root, namespace)
	})
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

func (m *Meter) measureOne(ctx context.Context, root *os.Root, namespace string) error {
	within, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	before := m.begin(namespace)
	found, err := sum(within, root, namespace, 0)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		m.end(namespace, found, before)
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.taken(namespace)
	of.measured = max(of.measured, found)
	return fmt.Errorf("namespace %s: %w", namespace, err)
}

// sum adds up the sizes of the files below a directory, in bytes. It follows no link, and
// holds a few names in memory, however many there are. What is removed meanwhile is not
// counted. With an error it returns what it has found so far.
func sum(ctx context.Context, root *os.Root, name string, depth int) (bytes int64, err error) {
	if depth > deepest {
		return 0, fmt.Errorf("%s is more than %d folders deep", name, deepest)
	}
	err = each(ctx, root, name, func(entry fs.DirEntry) error {
		if entry.IsDir() {
			below, err := sum(ctx, root, path.Join(name, entry.Name()), depth+1)
			bytes += below
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return ignoreAbsent(err)
	})
	return bytes, err
}

// each does something with each entry of a directory.
func each(ctx context.Context, root *os.Root, name string, do func(fs.DirEntry) error) error {
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
			if err := do(entry); err != nil {
				return err
			}
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
