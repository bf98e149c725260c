package verify

import "path"

// Hidden is found where a bucket keeps an earlier, locked version of a file of a seal, which
// somebody has hidden below a delete marker or below a newer version.
const Hidden Kind = "Hidden"

// Versioner is a file system that keeps earlier versions of files, as a bucket with Object
// Lock does. It tells, by their paths from there, of the files below a directory that have
// one: deleted tells that it lies below a delete marker, locked that the earlier version
// could not be removed. The error says why it cannot be told.
type Versioner interface {
	Hidden(directory string, do func(name string, deleted, locked bool) error) error
}

// versions is what is told of earlier versions of files of seals.
type versions struct {
	// unknown says why they could not be listed, and unlocked is how many are not locked.
	unknown  string
	unlocked int64
}

// checkVersions looks for seals that somebody has hidden. No seal is ever written twice or
// deleted, so the lock of its first version is an anchor that nobody can remove. Versions
// that are not locked are only counted: an archive may have been deleted on purpose and
// exported again. If they cannot be listed, everything else is judged all the same.
func (v *verifier) checkVersions() versions {
	var told versions
	store, ok := v.fsys.(Versioner)
	if !ok {
		return told
	}
	err := store.Hidden("seals", func(name string, deleted, locked bool) error {
		at := path.Join("seals", name)
		switch {
		case !locked:
			told.unlocked++
		case deleted:
			v.fault(Hidden, at, "was deleted: a delete marker hides it, and the bucket keeps the version that was stored and locked")
		default:
			v.fault(Hidden, at, "was stored again: the bucket keeps the earlier version that was locked")
		}
		return v.ctx.Err()
	})
	if err != nil {
		told.unknown = reason(err).Error()
	}
	return told
}
