package outcome

import (
	"errors"
	"io/fs"
	"syscall"
)

// Reasons to do with a directory that archives are stored in. Those of object stores
// are in internal/archive.
const (
	reasonFull        = "DestinationFull"
	reasonNotWritable = "DestinationNotWritable"
	reasonCorrupt     = "ArchiveCorrupt"
)

// ofOperatingSystem is the advice for an error that the operating system returns
// where an archive is stored in a directory.
func ofOperatingSystem(err error) (Advice, bool) {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Advice{Cause: CauseOperatingSystem, State: Stalled, Reason: reasonFull, Before: "free space at the destination"}, true
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return Advice{Cause: CauseOperatingSystem, State: Stalled, Reason: reasonNotWritable, Before: "let the manager write to the destination"}, true
	default:
		return Advice{}, false
	}
}

// CorruptArchive is the advice for everything in an archive that the operator did not write.
func CorruptArchive() Advice {
	return Advice{Cause: CauseContent, State: Stalled, Reason: reasonCorrupt, Before: "inspect the archive; the operator has stopped writing to it"}
}
