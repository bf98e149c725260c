package verify

import (
	"errors"
	"path"
	"regexp"
)

// Hidden is found where a bucket keeps an earlier, locked version of the manifest of a seal,
// which somebody has hidden below a delete marker or below a newer version.
const Hidden Kind = "Hidden"

// Versioner is a file system that keeps earlier versions of files, as a bucket with Object
// Lock does. It tells, by their paths from there, of the files below a directory that have
// one: deleted tells that it lies below a delete marker, locked asks whether the earlier
// version could not be removed. The error says why it cannot be told.
type Versioner interface {
	Hidden(directory string, do func(name string, deleted bool, locked func() (bool, error)) error) error
}

// versions describes the earlier versions of files of seals.
type versions struct {
	// unknown says why they could not be listed, and unlocked is how many hide no seal.
	unknown  string
	unlocked int64
}

// sealedBy is the file that makes a seal: what has none was never one.
var sealedBy = regexp.MustCompile(`^[1-9]\d*/manifest-sha256\.txt$`)

// mostAsked bounds how many manifests are asked about, each with a request.
const mostAsked = 1000

// checkVersions looks for seals that somebody has hidden. No seal is ever written twice or
// deleted, so the lock of the first version of its manifest is an anchor that nobody can
// remove. Other versions are only counted: a seal that was begun and never finished may be
// discarded, and an archive that is not locked deleted and exported again. If versions cannot
// be listed, everything else is still judged.
func (v *verifier) checkVersions() versions {
	var told versions
	store, ok := v.fsys.(Versioner)
	if !ok {
		return told
	}
	asked := 0
	err := store.Hidden("seals", func(name string, deleted bool, isLocked func() (bool, error)) error {
		at, locked := path.Join("seals", name), false
		if sealedBy.MatchString(name) {
			if asked++; asked > mostAsked {
				return errors.New("there are more than 1,000 hidden manifests")
			}
			var err error
			if locked, err = isLocked(); err != nil {
				return err
			}
		}
		switch {
		case !locked:
			told.unlocked++
		case deleted:
			v.fault(Hidden, at, "was deleted: a delete marker hides it, but the bucket keeps the version that was stored and locked")
		default:
			v.fault(Hidden, at, "was overwritten: the bucket keeps the earlier version that was locked")
		}
		return v.ctx.Err()
	})
	if err != nil {
		told.unknown = reason(err).Error()
	}
	return told
}
