package verify

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// hexDigest is a SHA-256 as manifests write it.
var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// longestLine of a manifest, in bytes: a digest, two spaces and the longest key of S3.
const longestLine = 2048

// manifest reads lines of "<sha256>  <path>". fits says which paths it may list.
// It is not whole if it could not be read to its end.
func (v *verifier) manifest(name string, fits func(string) bool) (listed map[string]string, whole bool) {
	listed = map[string]string{}
	file, err := v.open(name)
	if err != nil {
		v.reportUnreadable(name, err)
		return listed, v.wasRead(name)
	}
	defer func() { _ = file.Close() }()
	reader := bufio.NewReaderSize(file, longestLine)
	for number := 1; ; number++ {
		if number > mostFiles {
			v.fault(Malformed, name, "lists more than %d files", mostFiles)
			return listed, true
		}
		line, err := reader.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return listed, true
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			v.reportUnreadable(name, err)
			return listed, false
		}
		if err != nil {
			v.fault(Malformed, name, "line %d is cut off or too long", number)
			return listed, true
		}
		v.line(name, number, string(line[:len(line)-1]), fits, listed)
	}
}

// line adds one line of a manifest.
func (v *verifier) line(name string, number int, line string, fits func(string) bool, listed map[string]string) {
	digest, of, ok := strings.Cut(line, "  ")
	_, twice := listed[of]
	switch {
	case !ok || !hexDigest.MatchString(digest):
		v.fault(Malformed, name, "line %d is not a SHA-256, two spaces and a path: %q", number, cut(line))
	case !fits(of):
		v.fault(Malformed, name, "line %d lists %q, which does not belong in this manifest", number, cut(of))
	case twice:
		v.fault(Malformed, name, "line %d lists %s a second time", number, of)
	default:
		listed[of] = digest
	}
}

// cut shortens text from outside, so that a finding stays readable.
func cut(text string) string {
	const most = 100
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// compare compares what a manifest lists with what is there, both ways.
func (v *verifier) compare(manifest, directory string, listed map[string]string, found hashedFiles) {
	owners, names := map[string]string{}, map[string]string{}
	for name, digest := range listed {
		owners[digest] = name
	}
	for name := range found {
		names[strings.ToLower(name)] = name
	}
	for name, digest := range listed {
		at := path.Join(directory, name)
		file, there := found[name]
		switch {
		case !there:
			v.missing(manifest, at, names[strings.ToLower(name)])
		case !file.unread && file.sha256 != digest:
			v.altered(manifest, at, digest, file, owners[file.sha256])
		}
	}
	if !v.wasRead(manifest) { // nobody knows what else it lists
		return
	}
	for name, file := range found {
		if _, ok := listed[name]; ok || file.location != "" { // what is referenced is reported with the references
			continue
		}
		says := "is not listed in %s: it was added"
		if owner := owners[file.sha256]; owner != "" {
			says += "; it has the bytes of " + owner
		}
		v.fault(Planted, path.Join(directory, name), says, manifest)
	}
}

func (v *verifier) missing(manifest, at, alike string) {
	if alike != "" {
		v.reportMissing(at, "is missing, though %s lists it; %s differs in upper and lower case only", manifest, alike)
		return
	}
	v.reportMissing(at, "is missing, though %s lists it", manifest)
}

func (v *verifier) altered(manifest, at, listed string, found hashedFile, owner string) {
	says := "was changed: %s lists it with SHA-256 %s, its %d bytes have %s"
	if owner != "" {
		says += "; these are the bytes of " + owner
	}
	if found.location != "" {
		says += "; it is outside the archive, at " + strings.ReplaceAll(found.location, "%", "%%")
	}
	v.fault(Altered, at, says, manifest, listed, found.size, found.sha256)
}

// sub returns the files whose names fit.
func (s hashedFiles) sub(fits func(name string) bool) hashedFiles {
	some := hashedFiles{}
	for name, file := range s {
		if fits(name) {
			some[name] = file
		}
	}
	return some
}

func isPayload(name string) bool { return fs.ValidPath(name) && strings.HasPrefix(name, "data/") }

// allExcept returns a function that accepts all names except these.
func allExcept(these ...string) func(string) bool {
	return func(name string) bool { return fs.ValidPath(name) && !slices.Contains(these, name) }
}
