package archive_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

func openDirectory(t *testing.T, root, name string) *archive.Directory {
	t.Helper()
	store, err := archive.OpenDirectory(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestDirectoryIsAStore(t *testing.T) {
	testStore(t, func(t *testing.T) (store, other archive.Store) {
		root := filepath.Join(t.TempDir(), "missing", "root")
		return openDirectory(t, root, "legal/evidence/case-1"), openDirectory(t, root, "legal/evidence/case-1")
	})
}

// TestWhatADirectoryDiscarded leaves room for the same again.
func TestWhatADirectoryDiscarded(t *testing.T) {
	testDiscardedAgain(t, openDirectory(t, t.TempDir(), "legal/evidence/case-1"))
}

func TestDirectoryCannotBeLeft(t *testing.T) {
	for _, name := range []string{"", "..", "../x", "/x", "a/../../x", "a b"} {
		if _, err := archive.OpenDirectory(t.TempDir(), name); !errors.Is(err, archive.ErrKey) {
			t.Errorf("OpenDirectory(%q): %v, want ErrKey", name, err)
		}
	}
}

func TestDirectoryDoesNotFollowLinksOut(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(root, "legal")); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.OpenDirectory(root, "legal/evidence"); err == nil {
		t.Error("a link out of the archive root was followed")
	}
	store := openDirectory(t, root, "ops")
	if err := os.Symlink(outside, filepath.Join(root, "ops", "bags")); err != nil {
		t.Fatal(err)
	}
	if err := store.Create(t.Context(), "bags/a", text("x")); err == nil {
		t.Error("a link out of the store was followed")
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("outside holds %v", left)
	}
}

func TestDirectoryStoresReadOnlyFiles(t *testing.T) {
	root := t.TempDir()
	if err := openDirectory(t, root, "a").Create(t.Context(), "b", text("x")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(root, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != fs.FileMode(0o440) {
		t.Errorf("mode %v, want -r--r-----", got)
	}
}
