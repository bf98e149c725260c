package verify

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Walker is a file system that can list every file below a directory at once, as
// an object store does.
type Walker interface {
	Walk(directory string, do func(name string, size int64) error) error
}

// segment is what the parts of a path may be, so that every system writes them alike.
var segment = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}$`)

// listing is the regular files below a directory, by their path from there.
type listing map[string]int64

// list lists what is below a directory. What is neither a file nor a directory is
// a finding, and is never opened; so are names that mean different things elsewhere.
func (v *verifier) list(ctx context.Context, directory string) (listing, error) {
	files := listing{}
	if walker, ok := v.fsys.(Walker); ok {
		err := walker.Walk(directory, func(name string, size int64) error {
			files[name] = size
			return ctx.Err()
		})
		v.checkNames(directory, files)
		return files, err
	}
	err := v.descend(ctx, directory, ".", files)
	v.checkNames(directory, files)
	return files, err
}

// descend lists one directory and those below it.
func (v *verifier) descend(ctx context.Context, root, below string, files listing) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(v.fsys, path.Join(root, below))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			v.fault(Unreadable, path.Join(root, below), "cannot be listed: %v", reason(err))
		}
		return ctx.Err()
	}
	for _, entry := range entries {
		name := path.Join(below, entry.Name())
		if err := v.enter(ctx, root, name, entry, files); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) enter(ctx context.Context, root, name string, entry fs.DirEntry, files listing) error {
	switch {
	case entry.IsDir():
		return v.descend(ctx, root, name, files)
	case !entry.Type().IsRegular():
		v.fault(Irregular, path.Join(root, name), "is %s, not a file: what it leads to is not evidence", irregular(entry.Type()))
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return nil //nolint:nilerr // it was removed a moment ago, and is missed wherever it is listed
	}
	files[name] = info.Size()
	return nil
}

func irregular(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// checkNames reports names that a system may write or read differently: beyond
// letters, digits, dots, hyphens and underscores, or alike but for upper and
// lower case.
func (v *verifier) checkNames(directory string, files listing) {
	folded := map[string]string{}
	for name := range files {
		for at := name; at != "."; at = path.Dir(at) {
			lower := strings.ToLower(at)
			other, seen := folded[lower]
			if seen && other == at {
				break
			}
			folded[lower] = at
			if seen {
				v.fault(Name, path.Join(directory, max(at, other)), "is %s but for upper and lower case: many systems keep only one of them", path.Join(directory, min(at, other)))
			}
			if !segment.MatchString(path.Base(at)) {
				v.fault(Name, path.Join(directory, at), "has a name (%q) of other characters than letters, digits, dots, hyphens and underscores", path.Base(at))
			}
		}
	}
}

// reason is an error without the path that the finding names already.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
