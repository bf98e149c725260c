package tamper

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// harmless are the changes of a byte or a name that nobody has to find, each with the
// reason why. The list is empty: what no manifest lists follows from what one does.
var harmless = map[string]string{}

// kept is a sound archive in memory, with what is known of it from elsewhere.
type kept struct {
	files   map[string][]byte
	names   []string
	options verify.Options
}

// keep makes a sound archive, signed, and reads it.
func keep(t testing.TB) kept {
	t.Helper()
	signer := specimen.NewSigner(t)
	a := specimen.New(t, signer)
	key, err := verify.ParseKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	k := kept{files: map[string][]byte{}, names: a.Files("."), options: verify.Options{
		Keys: []verify.Key{key}, Seal: specimen.Sum(a.Read("seals/2/manifest-sha256.txt")), Namespace: "legal", Name: "case-1", Workers: 1,
	}}
	for _, name := range k.names {
		k.files[name] = a.Read(name)
	}
	if _, err := os.Stat(a.Path("export.json")); err != nil {
		t.Fatal(err)
	}
	return k
}

// mutation is one change of an archive. The numbers stand for any number: they are
// taken modulo what there is.
type mutation struct {
	how                 byte
	file, other, at, by uint16
}

// The ways to change an archive.
const (
	flip = iota
	insert
	remove
	truncate
	exchangeFiles
	renameFile
	duplicateFile
	ways
)

// apply changes a copy of the archive, and tells what it did. Nothing is changed if
// says is empty.
func (k kept) apply(m mutation) (files map[string][]byte, says string) {
	files = maps.Clone(k.files)
	name, other := k.names[int(m.file)%len(k.names)], k.names[int(m.other)%len(k.names)]
	content := k.files[name]
	at := 0
	if len(content) > 0 {
		at = int(m.at) % len(content)
	}
	switch m.how % ways {
	case flip:
		if bit := byte(m.by); len(content) > 0 && bit != 0 {
			files[name] = slices.Clone(content)
			files[name][at] ^= bit
			says = "flip a byte of "
		}
	case insert:
		files[name] = slices.Insert(slices.Clone(content), at, byte(m.by))
		says = "insert a byte into "
	case remove:
		if len(content) > 0 {
			files[name] = slices.Delete(slices.Clone(content), at, at+1)
			says = "remove a byte from "
		}
	case truncate:
		if len(content) > 0 {
			files[name] = content[:at]
			says = "cut off "
		}
	case exchangeFiles:
		if string(content) != string(k.files[other]) {
			files[name], files[other] = k.files[other], content
			says = "exchange " + other + " for "
		}
	case renameFile:
		delete(files, name)
		files[path.Join(path.Dir(name), "x"+path.Base(name))] = content
		says = "rename "
	case duplicateFile:
		files[path.Join(path.Dir(other), "copy-"+path.Base(name))] = content
		says = "duplicate beside " + other + " "
	}
	if says == "" {
		return nil, ""
	}
	return files, says + name
}

// judge has a changed archive judged, and fails if nothing is found.
func (k kept) judge(t *testing.T, m mutation) {
	t.Helper()
	files, says := k.apply(m)
	if says == "" {
		return
	}
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: content, Mode: 0o600}
	}
	report, err := verify.Archive(t.Context(), fs.FS(fsys), k.options)
	if err == nil && len(report.Findings) == 0 && harmless[says] == "" {
		t.Errorf("%s, at byte %d (%+v): nothing is found", says, m.at, m)
	}
}

// FuzzArchive changes a sound archive in one place: whatever is changed, something is
// found.
func FuzzArchive(f *testing.F) {
	k := keep(f)
	for how := range byte(ways) {
		f.Add(how, uint16(3), uint16(40), uint16(17), uint16(1))
		f.Add(how, uint16(90), uint16(2), uint16(300), uint16('\n'))
	}
	f.Fuzz(func(t *testing.T, how byte, file, other, at, by uint16) {
		k.judge(t, mutation{how, file, other, at, by})
	})
}

// everywhere is in how many places, evenly spread, a file is changed that no manifest
// lists. FuzzArchive tries the others.
const everywhere = 6

// TestBytesThatNoManifestLists: what a manifest lists is found by its digest; the rest
// is changed from its beginning to its end, by a bit, by a byte less and by one more.
func TestBytesThatNoManifestLists(t *testing.T) {
	t.Parallel()
	k := keep(t)
	for file, name := range k.names {
		if isListed(name) {
			continue
		}
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			t.Parallel()
			step := 1 + len(k.files[name])/everywhere
			for at := 0; at < len(k.files[name]); at += step {
				k.judge(t, mutation{how: flip, file: uint16(file), at: uint16(at), by: 1 << (at % 8)})
				k.judge(t, mutation{how: remove, file: uint16(file), at: uint16(at)})
				k.judge(t, mutation{how: insert, file: uint16(file), at: uint16(at), by: uint16(k.files[name][at])})
			}
		})
	}
}

// isListed reports whether a file of an archive is in a manifest that is not its own.
func isListed(name string) bool {
	switch base := path.Base(name); {
	case name == "export.json":
		return false
	case strings.HasPrefix(name, "seals/"):
		return !slices.Contains([]string{"manifest-sha256.txt", "manifest-sha256.txt.sig", "attestation.sigstore.json", "signer.pub"}, base)
	default:
		return base != "tagmanifest-sha256.txt"
	}
}
