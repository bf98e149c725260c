package specimen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Path is where something of the archive is.
func (a *Archive) Path(name string) string { return filepath.Join(a.Root, filepath.FromSlash(name)) }

// Write writes a file, whether it is there or not.
func (a *Archive) Write(name string, content []byte) {
	a.Helper()
	a.must(os.MkdirAll(filepath.Dir(a.Path(name)), 0o750))
	a.must(os.WriteFile(a.Path(name), content, 0o600))
}

// Read reads a file.
func (a *Archive) Read(name string) []byte {
	a.Helper()
	content, err := os.ReadFile(a.Path(name))
	a.must(err)
	return content
}

// Replace changes a file in one place.
func (a *Archive) Replace(name, old, new string) {
	a.Helper()
	content := a.Read(name)
	if !bytes.Contains(content, []byte(old)) {
		a.Fatalf("%s does not contain %q", name, old)
	}
	a.Write(name, bytes.Replace(content, []byte(old), []byte(new), 1))
}

// Remove removes a file or a folder.
func (a *Archive) Remove(name string) {
	a.Helper()
	if _, err := os.Lstat(a.Path(name)); err != nil {
		a.Fatal(err)
	}
	a.must(os.RemoveAll(a.Path(name)))
}

func (a *Archive) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// Creator stores below a directory, once.
func Creator(root string) evidence.Creator {
	return func(_ context.Context, name string, write func(io.Writer) error) error {
		var content bytes.Buffer
		if err := write(&content); err != nil {
			return err
		}
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = file.Write(content.Bytes())
		return errors.Join(err, file.Close())
	}
}

// Files lists the files below a folder, by their path from there.
func (a *Archive) Files(folder string) []string {
	a.Helper()
	var names []string
	a.must(fs.WalkDir(os.DirFS(a.Path(folder)), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	}))
	slices.Sort(names)
	return names
}
