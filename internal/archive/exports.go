package archive

import (
	"fmt"
	"io/fs"
)

// Exports lists the folders at a destination, whose FS is fsys, that may be archives of
// exports, in the order of their names. It leaves out files, and names that no archive can
// have: they belong to somebody else.
func Exports(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("list the destination: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if name := entry.Name(); entry.IsDir() && name+"/" != WorkPrefix && CheckKey(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}
