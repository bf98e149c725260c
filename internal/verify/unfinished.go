package verify

import (
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// mostOfASeal is how many files a seal in the making has, at most: more than one that is
// finished.
const mostOfASeal = 64

// isBegun reports whether the last seal, which has no manifest, was begun and is not
// finished, rather than that its manifest was removed. One that nobody is making any
// more is a finding of its own: it proves nothing, and contradicts nothing.
func (v *verifier) isBegun(number int, files listing) bool {
	folder, isNext := evidence.SealFolder(number), number == v.options.Making
	switch {
	case !v.options.Running || !isNext && !v.options.Abandoned:
		return false
	case isNext && v.isRecent(folder, files):
		return true
	case isNext:
		v.fault(Unfinished, folder, "was begun, but nothing of it has been stored since %s: nobody finishes it", stamp(v.options.MakingSince))
	default:
		v.fault(Unfinished, folder, "was begun and never finished, and its export no longer exists")
	}
	return true
}

// isRecent reports whether something of a seal was stored late enough for it to be in the
// making still. A file without a time of storing counts as just stored.
func (v *verifier) isRecent(folder string, files listing) bool {
	if len(files) > mostOfASeal {
		return false
	}
	names := slices.Collect(maps.Keys(files))
	if len(names) == 0 {
		names = []string{"."}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		info, err := fs.Stat(v.fsys, path.Join(folder, name))
		return err != nil || info.ModTime().IsZero() || !info.ModTime().Before(v.options.MakingSince)
	})
}
