package verify

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
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

// The bounds of what is listed: how many files a bag or a seal may contain, how many bags
// and seals an archive, and how deep files lie. A bag contains at most 10,000 recordings,
// and the deepest lie in data/recordings/<conversation>/<recording>.
const (
	mostFiles   = 1 << 20
	mostFolders = 1 << 20
	deepestFile = 8
)

// errEnough ends a listing that would become too long.
var errEnough = errors.New("enough")

// list lists the files below a directory. Anything that is neither a file nor a
// directory is a finding, and is never opened; so are names that mean different
// things elsewhere. The error is that of the context.
func (v *verifier) list(ctx context.Context, directory string) (listing, error) {
	files := listing{}
	var err error
	if walker, ok := v.fsys.(Walker); ok {
		if err = walker.Walk(directory, func(name string, size int64) error {
			return errors.Join(v.addFile(directory, name, size, files), ctx.Err())
		}); err != nil && ctx.Err() == nil && !errors.Is(err, errEnough) {
			v.unlistable(directory, err)
		}
	} else {
		err = v.descend(ctx, directory, ".", files)
	}
	if errors.Is(err, errEnough) {
		v.fault(Malformed, directory, "contains more than %d files: its other files are not checked", mostFiles)
	}
	v.checkNames(directory, files)
	return files, ctx.Err()
}

// addFile takes a file into a listing. A key of S3 that is not a clean path, with empty parts
// or dots for parts, could not be opened under its own name, but stand for another file:
// it is a finding. The error is errEnough if the listing is full.
func (v *verifier) addFile(directory, name string, size int64, files listing) error {
	switch {
	case !fs.ValidPath(name):
		v.fault(Name, directory+"/"+name, "has a name that is not a clean path: many systems treat it as another file")
	case strings.Count(name, "/") >= deepestFile:
		v.fault(Planted, path.Join(directory, name), "is deeper than any file of an archive")
	case len(files) == mostFiles:
		return errEnough
	default:
		files[name] = size
	}
	return nil
}

// descend lists one directory and those below it. The error is that of the context, or
// errEnough.
func (v *verifier) descend(ctx context.Context, root, below string, files listing) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := path.Join(root, below)
	entries, err := v.readDir(at)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errEnough) {
		v.unlistable(at, err)
	}
	for _, entry := range entries {
		if err := v.addEntry(ctx, root, path.Join(below, entry.Name()), entry, files); err != nil {
			return err
		}
	}
	if errors.Is(err, errEnough) {
		return err
	}
	return ctx.Err()
}

func (v *verifier) addEntry(ctx context.Context, root, name string, entry fs.DirEntry, files listing) error {
	switch {
	case entry.IsDir() && strings.Count(name, "/") >= deepestFile:
		v.fault(Planted, path.Join(root, name), "is deeper than any file of an archive")
		return nil
	case entry.IsDir():
		return v.descend(ctx, root, name, files)
	case !entry.Type().IsRegular():
		v.fault(Irregular, path.Join(root, name), "is %s, not a file: its target is not evidence", irregular(entry.Type()))
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return nil //nolint:nilerr // it was removed a moment ago, and is missed wherever it is listed
	}
	return v.addFile(root, name, info.Size(), files)
}

// entriesAtOnce is how many entries of a directory are read at once.
const entriesAtOnce = 4096

// readDir lists a directory, in the order of names. The error is errEnough if it contains
// more than is ever needed; then some entries are returned.
func (v *verifier) readDir(name string) ([]fs.DirEntry, error) {
	if _, ok := v.fsys.(Walker); ok { // an object store bounds its lists itself
		return fs.ReadDir(v.fsys, name)
	}
	file, err := v.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	directory, ok := file.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	var entries []fs.DirEntry
	for {
		some, err := directory.ReadDir(entriesAtOnce)
		entries = append(entries, some...)
		switch {
		case errors.Is(err, io.EOF):
			slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			return entries, nil
		case err != nil:
			return entries, err
		case len(entries) > mostFolders:
			return entries, errEnough
		}
	}
}

func irregular(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
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
// letters, digits, dots, hyphens and underscores, or alike except for upper and
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
				v.fault(Name, path.Join(directory, max(at, other)), "differs from %s in upper and lower case only: many systems keep only one of them", path.Join(directory, min(at, other)))
			}
			if !segment.MatchString(path.Base(at)) {
				v.fault(Name, path.Join(directory, at), "has a name (%q) with characters other than letters, digits, dots, hyphens and underscores", path.Base(at))
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
