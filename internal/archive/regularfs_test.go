//go:build unix

package archive

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// irregulars puts a file and what is none into a folder.
func irregulars(t *testing.T, folder string) (names []string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(folder, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return []string{"pipe", "link", "socket"}
}

// doesNotWait fails the test if something waits forever.
func doesNotWait(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits forever")
	}
}

// TestIrregularFilesAreNeverOpened, neither by the store nor where archives are judged.
func TestIrregularFilesAreNeverOpened(t *testing.T) {
	root := t.TempDir()
	store, err := OpenDirectory(root, "d")
	if err != nil {
		t.Fatal(err)
	}
	names := irregulars(t, filepath.Join(root, "d"))
	plain, err := OpenRegular(filepath.Join(root, "d"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	for kind, fsys := range map[string]fs.FS{"store": store.FS(t.Context()), "plain": plain} {
		doesNotWait(t, func() {
			for _, name := range names {
				if _, err := fsys.Open(name); !errors.Is(err, ErrIrregular) {
					t.Errorf("%s: open %s: %v", kind, name, err)
				}
				if _, err := fs.ReadFile(fsys, name); !errors.Is(err, ErrIrregular) {
					t.Errorf("%s: read %s: %v", kind, name, err)
				}
			}
		})
		if content, err := fs.ReadFile(fsys, "file"); err != nil || string(content) != "x" {
			t.Errorf("%s: read a file: %q, %v", kind, content, err)
		}
	}
}

// TestAFileThatIsExchanged for a pipe while it is being opened is not waited for.
func TestAFileThatIsExchanged(t *testing.T) {
	folder := t.TempDir()
	irregulars(t, folder)
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	doesNotWait(t, func() {
		file, err := root.OpenFile("pipe", os.O_RDONLY|nonBlocking, 0)
		if err != nil {
			t.Error(err)
			return
		}
		_ = file.Close()
	})
}

func TestPlainFS(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "a", "b"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a", "b", "c"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := OpenRegular(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if err := fstest.TestFS(plain, "a/b/c"); err != nil {
		t.Error(err)
	}
}
