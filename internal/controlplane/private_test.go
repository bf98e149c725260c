package controlplane

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestKeepPrivate(t *testing.T) {
	tests := map[string]struct {
		mode   os.FileMode
		holds  bool
		refuse bool
	}{
		"private":                       {0o700, true, false},
		"readable by others":            {0o755, true, false},
		"writable by others, and empty": {0o777, false, false},
		"writable by the group":         {0o770, true, true},
		"writable by others":            {0o777, true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "state")
			if err := errors.Join(os.Mkdir(folder, 0o700), os.Chmod(folder, tt.mode)); err != nil {
				t.Fatal(err)
			}
			if tt.holds {
				if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := keepPrivate(folder)
			if errors.Is(err, ErrNotPrivate) != tt.refuse || err != nil && !tt.refuse {
				t.Fatalf("%v, refused: %v", err, tt.refuse)
			}
			if is, err := os.Stat(folder); err != nil || !tt.refuse && is.Mode().Perm() != 0o700 {
				t.Errorf("mode %v, %v", is.Mode(), err)
			}
		})
	}
	made := filepath.Join(t.TempDir(), "a", "b")
	if err := keepPrivate(made); err != nil {
		t.Fatal(err)
	}
	if is, err := os.Stat(made); err != nil || is.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", is.Mode(), err)
	}
	if os.Geteuid() == 0 { // who is not root cannot make a directory of somebody else's
		foreign := t.TempDir()
		if err := os.Chown(foreign, 12345, -1); err != nil {
			t.Fatal(err)
		}
		if err := keepPrivate(foreign); !errors.Is(err, ErrNotPrivate) {
			t.Errorf("somebody else's: %v", err)
		}
	}
}
