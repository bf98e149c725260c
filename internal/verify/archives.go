package verify

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// deepest is how far below a place archives are looked for: below the archive root
// of a manager they are <namespace>/<destination>/<export>, and the root may lie in
// a folder of its own.
const deepest = 4

// Archives finds the archives at a place: the place itself, or the folders below
// it that hold one.
func Archives(fsys fs.FS) ([]string, error) {
	found, err := archivesBelow(fsys, ".", deepest)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w here, nor up to %d folders below", ErrNoArchive, deepest)
	}
	return found, err
}

func archivesBelow(fsys fs.FS, folder string, depth int) ([]string, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, reason(err))
	}
	if slices.ContainsFunc(entries, isPart) {
		return []string{folder}, nil
	}
	var found []string
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == workFolder || depth == 0 {
			continue
		}
		more, err := archivesBelow(fsys, path.Join(folder, entry.Name()), depth-1)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}
