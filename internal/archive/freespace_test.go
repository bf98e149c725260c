package archive_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

func TestADirectoryTellsItsFreeSpace(t *testing.T) {
	root := t.TempDir()
	store, err := archive.OpenDirectory(root, "evidence")
	if err != nil {
		t.Fatal(err)
	}
	free, known, err := archive.Free(t.Context(), store)
	if free <= 0 || !known || err != nil {
		t.Errorf("%d bytes are free, known %v, %v", free, known, err)
	}
	if err := os.RemoveAll(filepath.Join(root, "evidence")); err != nil {
		t.Fatal(err)
	}
	if _, known, err := archive.Free(t.Context(), store); known || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a directory that is gone: known %v, %v", known, err)
	}
}

// TestAStoreThatCannotTell says so.
func TestAStoreThatCannotTell(t *testing.T) {
	var store struct{ archive.Store }
	if free, known, err := archive.Free(t.Context(), store); free != 0 || known || err != nil {
		t.Errorf("%d bytes are free, known %v, %v", free, known, err)
	}
}

// TestRough never promises more than there is, and at most an eighth less.
func TestRough(t *testing.T) {
	for n, want := range map[int64]int64{-1: 0, 0: 0, 7: 7, 15: 15, 17: 16, 1<<30 + 1: 1 << 30, 1<<40 - 1: 15 << 36} {
		if got := archive.Rough(n); got != want {
			t.Errorf("Rough(%d) = %d, want %d", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Min(1).Draw(t, "n")
		got := archive.Rough(n)
		if got > n || n-got > n/8 || archive.Rough(got) != got {
			t.Fatalf("Rough(%d) = %d", n, got)
		}
	})
}
