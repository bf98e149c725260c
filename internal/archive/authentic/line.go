package authentic

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// lineStart begins the line that is put after each artifact: the version of the form,
// then the id of the master key and the MAC, in hexadecimal, and a line feed:
//
//	{"at":"2023-10-01T00:00:00Z",…}
//	recording-export-operator/1 0123456789abcdef 5f2c…
//
// It stands last because a MAC is known only when all has been written. Its length
// never differs.
const lineStart = "\nrecording-export-operator/1 "

// lineSize is the length of the line with the line feed before it, in bytes.
const lineSize = int64(len(lineStart) + idDigits + 1 + macDigits + 1)

// line is what follows an artifact whose MAC this is.
func (k archiveKey) line(mac hash.Hash) string {
	return lineStart + k.id + " " + hex.EncodeToString(mac.Sum(nil)) + "\n"
}

// check compares the line after an artifact with the MAC of what was read.
func (k archiveKey) check(name, line string, mac hash.Hash) error {
	says, isLine := strings.CutPrefix(line, lineStart)
	if !isLine || len(says) != idDigits+1+macDigits+1 {
		return corrupt(name, "it has no MAC: no operator of this version wrote it")
	}
	if id := says[:idDigits]; id != k.id && k.first {
		return &UnknownKeyError{Artifact: name, ID: printable(id), Own: k.id}
	}
	if subtle.ConstantTimeCompare([]byte(line), []byte(k.line(mac))) != 1 {
		return corrupt(name, "its MAC does not fit: it was changed, or belongs elsewhere")
	}
	return nil
}

// printable is an id that somebody else may have written.
func printable(id string) string {
	if strings.Trim(id, "0123456789abcdef") != "" {
		return unreadable
	}
	return id
}

// unreadable stands for an id that is none.
const unreadable = "unreadable"

func corrupt(name, says string) error {
	return fmt.Errorf("%w: artifact %s: %s", evidence.ErrCorrupt, name, says)
}

// UnknownKeyError is the error for an archive whose record, or whose first artifact if
// it has no record, names another key than this operator has. It is
// evidence.ErrCorrupt: nothing follows from such an artifact.
type UnknownKeyError struct {
	// Artifact is its key in the archive, ID the id of the key that it names, Own
	// that of the operator's.
	Artifact, ID, Own string
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("artifact %s names the artifact key %s, and this operator has the key %s", e.Artifact, e.ID, e.Own)
}

// IsReadable tells whether the artifact names a key. Whether there is such a key nobody
// can say.
func (e *UnknownKeyError) IsReadable() bool { return e.ID != unreadable }

// Advice is to restore the key that the artifact names.
func (e *UnknownKeyError) Advice() outcome.Advice {
	return outcome.Advice{
		State: outcome.Stalled, Reason: "ArtifactKeyUnknown",
		Before: "restore the Secret with the artifact key from its backup and restart the manager, " +
			"or use another export name and have everything exported again",
		Behind: "seals and bags stay valid by their signatures (docs/disaster-recovery.md)",
	}
}

// Unwrap returns evidence.ErrCorrupt.
func (e *UnknownKeyError) Unwrap() error { return evidence.ErrCorrupt }
