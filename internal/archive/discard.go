package archive

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// Discarder is a Store that can discard what no seal holds: a bag, a seal that was not
// finished, or the record of an archive without a seal. Nothing but an export that is
// continued without its artifact key does so (docs/adr/0034).
type Discarder interface {
	// Discard removes what is under a key that CanDiscard, and all below it. There being
	// nothing is success. In a bucket with versions it is hidden, and what is locked stays.
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

// Discard discards what is under a key of a store. The error is errors.ErrUnsupported if
// the store cannot.
func Discard(ctx context.Context, store Store, key string) error {
	if discarder, ok := store.(Discarder); ok {
		return discarder.Discard(ctx, key)
	}
	return fmt.Errorf("discard %s: %w", key, errors.ErrUnsupported)
}

// Discard removes a bag, a seal or export.json.
func (d *Directory) Discard(_ context.Context, key string) error {
	if err := CanDiscard(key); err != nil {
		return err
	}
	return d.removeAll(key)
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
