package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// Discarder is a Store that can discard what no seal holds: a bag, a seal that was not
// finished, or the record of an archive without a seal. Nothing but an export that is
// continued without its artifact key does so (docs/adr/0034).
type Discarder interface {
	// Discard takes away what is under a key that CanDiscard, and all below it. There being
	// nothing is success. A directory keeps it in DiscardedFolder. In a bucket it is
	// removed; in one with versions it is hidden, and what is locked stays.
	Discard(ctx context.Context, key string) error
}

// discardable are the keys of what can be discarded.
var discardable = regexp.MustCompile(`^(bags/[A-Za-z0-9._-]+|seals/[A-Za-z0-9._-]+|export\.json)$`)

// CanDiscard tells, by an error, whether what is under a key can be discarded: a whole
// bag or seal, or export.json.
func CanDiscard(key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if !discardable.MatchString(key) {
		return fmt.Errorf("discard %s: this evidence is never removed", key)
	}
	return nil
}

// DiscardedFolder is where a directory keeps what was discarded, under the key that it had;
// with a number, if there is one already. Nothing reads it again, and nothing removes it.
const DiscardedFolder = WorkPrefix + "discarded"

// sealedBy is the file that makes a seal: it is written last.
const sealedBy = "manifest-sha256.txt"

// Discard discards what is under a key of a store. The error is errors.ErrUnsupported if
// the store cannot. A seal that is finished is refused, though it may have been finished
// after the caller looked.
func Discard(ctx context.Context, store Store, key string) error {
	if err := errors.Join(ctx.Err(), CanDiscard(key)); err != nil {
		return err
	}
	if strings.HasPrefix(key, "seals/") {
		_, err := fs.Stat(store.FS(ctx), path.Join(key, sealedBy))
		if err == nil {
			return fmt.Errorf("discard %s: it is sealed", key)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("discard %s: %w", key, err)
		}
	}
	if discarder, ok := store.(Discarder); ok {
		return discarder.Discard(ctx, key)
	}
	return fmt.Errorf("discard %s: %w", key, errors.ErrUnsupported)
}

// Discard moves a bag, a seal or export.json to DiscardedFolder.
func (d *Directory) Discard(ctx context.Context, key string) error {
	if err := errors.Join(ctx.Err(), CanDiscard(key)); err != nil {
		return err
	}
	root, err := d.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if _, err := root.Lstat(key); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	to, err := freeName(root, path.Join(DiscardedFolder, key))
	if err != nil {
		return err
	}
	changed, err := makeParents(root, path.Dir(to))
	if err == nil {
		err = failpoint.Do(failpoint.ArchiveRemove, key, func() error { return root.Rename(key, to) })
	}
	for _, directory := range append(changed, path.Dir(to), path.Dir(key)) {
		if err == nil {
			err = syncDirectory(root, directory)
		}
	}
	return err
}

// freeName is a name, or the first one with a number after it, under which nothing is.
func freeName(root *os.Root, name string) (string, error) {
	for n, free := 2, name; ; n++ {
		_, err := root.Lstat(free)
		if errors.Is(err, fs.ErrNotExist) {
			return free, nil
		}
		if err != nil {
			return "", err
		}
		free = fmt.Sprintf("%s.%d", name, n)
	}
}

// removeAll removes what is under a key, and all below it.
func (d *Directory) removeAll(key string) error {
	root, err := d.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return failpoint.Do(failpoint.ArchiveRemove, key, func() error { return root.RemoveAll(key) })
}
