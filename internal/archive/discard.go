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

// Discarder is a Store that can discard evidence that is in no seal: a bag, an unfinished
// seal, or the record of an archive without a seal. Only an export that is continued
// without its artifact key discards anything (docs/adr/0034).
type Discarder interface {
	// Discard discards everything under a key that CanDiscard, and all below it. If nothing
	// is there, it succeeds. A directory moves it to DiscardedFolder. A bucket removes it;
	// one with versions hides it, and locked versions stay.
	Discard(ctx context.Context, key string) error
}

// discardable matches the keys that can be discarded.
var discardable = regexp.MustCompile(`^(bags/[A-Za-z0-9._-]+|seals/[A-Za-z0-9._-]+|export\.json)$`)

// CanDiscard returns an error unless the key can be discarded: a whole bag or seal, or
// export.json.
func CanDiscard(key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if !discardable.MatchString(key) {
		return fmt.Errorf("discard %s: the operator never removes this evidence", key)
	}
	return nil
}

// DiscardedFolder is where a directory keeps discarded evidence, under its former key,
// with a number if that exists already. Nothing reads it, and nothing removes it.
const DiscardedFolder = WorkPrefix + "discarded"

// sealManifest is the file that completes a seal: it is written last.
const sealManifest = "manifest-sha256.txt"

// Discard discards everything under a key of a store. The error is errors.ErrUnsupported
// if the store cannot do that. It refuses a finished seal, which may have been finished
// after the caller decided.
func Discard(ctx context.Context, store Store, key string) error {
	if err := errors.Join(ctx.Err(), CanDiscard(key)); err != nil {
		return err
	}
	if strings.HasPrefix(key, "seals/") {
		_, err := fs.Stat(store.FS(ctx), path.Join(key, sealManifest))
		if err == nil {
			return fmt.Errorf("discard %s: this evidence is sealed", key)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("discard %s: %w", key, err)
		}
	}
	if discarder, ok := As[Discarder](store); ok {
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

// freeName is the name or, if that exists, the first one with a number after it that does
// not.
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

// removeAll removes everything under a key, and all below it.
func (d *Directory) removeAll(key string) error {
	root, err := d.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return failpoint.Do(failpoint.ArchiveRemove, key, func() error { return root.RemoveAll(key) })
}
