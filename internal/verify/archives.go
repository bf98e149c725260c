package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// deepest is how far below a place archives are looked for: below the archive root
// of a manager they are <namespace>/<destination>/<export>, and the root may lie in
// a folder of its own.
const deepest = 4

// Archives finds the archives at a place: the place itself, or the folders below
// it that contain one. With an error there may be archives as well: those that are not in
// what could not be listed.
func Archives(fsys fs.FS) ([]string, error) {
	found, err := archivesBelow(fsys, ".", deepest)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w here, nor up to %d folders below", ErrNoArchive, deepest)
	}
	return found, err
}

func archivesBelow(fsys fs.FS, folder string, depth int) (found []string, err error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, reason(err))
	}
	if isArchive(fsys, folder, entries) {
		return []string{folder}, nil
	}
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == workFolder || !fs.ValidPath(entry.Name()) || depth == 0 {
			continue
		}
		more, unlisted := archivesBelow(fsys, path.Join(folder, entry.Name()), depth-1)
		found, err = append(found, more...), errors.Join(err, unlisted)
	}
	return found, err
}

func isRecord(entry fs.DirEntry) bool { return entry.Name() == evidence.RecordPath }

// isArchive reports whether a folder is an archive: it says whose, or it contains bags or
// seals, even if what says so was removed. A folder of that name with archives in it
// is that of a namespace, a destination or an export, and no part of an archive.
func isArchive(fsys fs.FS, folder string, entries []fs.DirEntry) bool {
	if slices.ContainsFunc(entries, isRecord) {
		return true
	}
	return slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		return isPart(entry) && (!entry.IsDir() || !containsRecord(fsys, path.Join(folder, entry.Name()), 2))
	})
}

// containsRecord reports whether an export.json is in a folder, or so many folders below.
func containsRecord(fsys fs.FS, folder string, depth int) bool {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		return isRecord(entry) || depth > 0 && entry.IsDir() && fs.ValidPath(entry.Name()) && containsRecord(fsys, path.Join(folder, entry.Name()), depth-1)
	})
}
