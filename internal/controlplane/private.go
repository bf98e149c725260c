package controlplane

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNotPrivate is the error for a state directory that cannot be made private.
var ErrNotPrivate = errors.New("the state directory is not private")

// keepPrivate makes a directory that nobody else can look into: etcd's data in it
// contain every Secret. One that is there is closed to others. One that belongs to
// somebody else, or into which others could write, is refused: what is in it may be
// theirs, such as a token that they know.
func keepPrivate(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	var is unix.Stat_t
	if err := unix.Stat(folder, &is); err != nil {
		return fmt.Errorf("look at %s: %w", folder, err)
	}
	if int(is.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: %s belongs to the user with the id %d; name another directory", ErrNotPrivate, folder, is.Uid)
	}
	const others, writers = 0o077, 0o022
	if is.Mode&writers != 0 {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return fmt.Errorf("%w: other users can write to %s, and may have created its files; name another directory, or remove it", ErrNotPrivate, folder)
		}
	}
	if is.Mode&others != 0 {
		return os.Chmod(folder, 0o700) //nolint:gosec // a directory has to be entered
	}
	return nil
}
