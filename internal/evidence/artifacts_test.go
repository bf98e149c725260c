package evidence

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// digestOf is a SHA-256 of one digit.
func digestOf(digit string) string { return strings.Repeat(digit, 64) }

func TestArtifactsAreListedInOneForm(t *testing.T) {
	line := func(digit, key string) string { return digestOf(digit) + "  " + key + "\n" }
	one, two := line("a", ".work/plan/000000.json"), line("b", ".work/survey/2023-10-01/0.json")
	tests := []struct {
		name, list string
		ok         bool
	}{
		{"one", one, true},
		{"two", one + two, true},
		{"none", "", true},
		{"not in order", two + one, false},
		{"one twice", one + one, false},
		{"one with two digests", one + line("c", ".work/plan/000000.json"), false},
		{"cut off", strings.TrimSuffix(one, "\n"), false},
		{"an empty line", one + "\n", false},
		{"capitals", line("A", ".work/plan/000000.json"), false},
		{"a short digest", one[1:], false},
		{"one space", strings.Replace(one, "  ", " ", 1), false},
		{"three spaces", strings.Replace(one, "  ", "   ", 1), false},
		{"a carriage return", strings.Replace(one, "\n", "\r\n", 1), false},
		{"evidence", line("a", "bags/b/bagit.txt"), false},
		{"a folder", line("a", ".work/plan/"), false},
		{"the folder of all", line("a", ".work"), false},
		{"a way up", line("a", ".work/../export.json"), false},
		{"a way round", line("a", ".work/./plan"), false},
		{"a doubled slash", line("a", ".work//plan"), false},
		{"an absolute path", line("a", "/.work/plan"), false},
		{"a long name", line("a", ".work/"+strings.Repeat("x", 256)), false},
		{"a long key", line("a", ".work"+strings.Repeat("/xxxxxxxx", 120)), false},
		{"a long line", line("a", ".work/"+strings.Repeat("x", 1<<20)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			digests, err := ReadArtifacts(strings.NewReader(tt.list))
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%v, %v", digests, err)
			}
		})
	}
}

// FuzzArtifacts: what is read as a list is, to the byte, what is written of it.
func FuzzArtifacts(f *testing.F) {
	f.Add(digestOf("a") + "  .work/plan/000000.json\n" + digestOf("b") + "  .work/plan/000001.json\n")
	f.Add(digestOf("a") + "  .work/..\n")
	f.Fuzz(func(t *testing.T, list string) {
		digests, err := ReadArtifacts(strings.NewReader(list))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeArtifacts(&again, digests); err != nil || again.String() != list {
			t.Errorf("%q became %q, %v", list, again.String(), err)
		}
	})
}

// TestASealListsArtifacts in a file that its manifest lists, as it was begun.
func TestASealListsArtifacts(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	seal.Artifacts = map[string]string{".work/survey/2023-10-01/0.json": digestOf("b"), ".work/plan/000000.json": digestOf("a")}
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	if err := sha256sum(t, filepath.Join(root, "seals", "1"), "manifest-sha256.txt"); err != nil {
		t.Error(err)
	}
	listed, err := fs.ReadFile(os.DirFS(root), SealManifest(1))
	if err != nil || !strings.Contains(string(listed), "  "+ArtifactsFile+"\n") {
		t.Errorf("the manifest does not list it: %s, %v", listed, err)
	}
	list, err := fs.ReadFile(os.DirFS(root), SealFolder(1)+"/"+ArtifactsFile)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadArtifacts(bytes.NewReader(list)); err != nil || cmp.Diff(seal.Artifacts, got) != "" {
		t.Errorf("%v, %v", got, err)
	}
}

// TestASealWithoutArtifacts is as it was before there were such lists.
func TestASealWithoutArtifacts(t *testing.T) {
	root := t.TempDir()
	if _, _, err := sampleSeal(t, root).Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(os.DirFS(root), SealFolder(1)+"/"+ArtifactsFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want fs.ErrNotExist", err)
	}
}
