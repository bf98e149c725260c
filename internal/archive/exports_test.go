package archive_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// TestExports: folders that may be archives are listed, links and what has a name
// that no archive has are not.
func TestExports(t *testing.T) {
	root := t.TempDir()
	store := openDirectory(t, root, "legal/evidence")
	at := filepath.Join(root, "legal", "evidence")
	for _, folder := range []string{"case-2", "case-1/bags", ".work/probe", "a b", "x\n"} {
		if err := os.MkdirAll(filepath.Join(at, folder), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("case-1", filepath.Join(at, "case-3")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, "note.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	names, err := archive.Exports(store.FS(t.Context()))
	if err != nil || !slices.Equal(names, []string{"case-1", "case-2"}) {
		t.Errorf("Exports: %q, %v", names, err)
	}
	if names, err := archive.Exports(fstest.MapFS{}); err != nil || len(names) != 0 {
		t.Errorf("Exports of nothing: %q, %v", names, err)
	}
	if err := os.RemoveAll(at); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Exports(store.FS(t.Context())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Exports of a destination that is gone: %v", err)
	}
}
