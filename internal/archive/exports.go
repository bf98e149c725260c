package archive

import (
	"fmt"
	"io/fs"
)

// Exports lists the folders at a destination, whose FS is fsys, that an export's
// archive may be in, in the order of their names. What is no folder, or has a name
// that no archive can have, is somebody else's and is left out.
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
