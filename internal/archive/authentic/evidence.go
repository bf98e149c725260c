package authentic

import (
	"context"
	"errors"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// FirstFile returns the name of a file below a folder, empty if there is none. Everything
// except folders counts as a file.
func FirstFile(root fs.FS, folder string) (string, error) {
	found := ""
	err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // a bucket may list folders in which everything is hidden
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		}
		found = name
		return fs.SkipAll
	})
	return found, err
}

// KeyID returns the id of this operator's artifact key, empty for a store whose artifacts
// have no MACs.
func KeyID(ctx context.Context, store archive.Store) (string, error) {
	s, err := storeOf(store)
	if err != nil {
		return "", nil //nolint:nilerr // there is no key
	}
	master, err := s.keys(ctx)
	if err != nil {
		return "", err
	}
	return master.ID(), nil
}

// Evidence reads the evidence of an archive with all abilities of its kind of store, for
// example listing earlier versions of files. It does not verify artifacts.
func Evidence(ctx context.Context, store archive.Store) (fs.FS, error) {
	s, err := storeOf(store)
	if err != nil {
		return nil, err
	}
	return s.inner.FS(ctx), nil
}
