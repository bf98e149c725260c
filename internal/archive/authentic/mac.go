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

// macLineStart begins the line that follows each artifact: the version of the format, then
// the id of the master key and the MAC, in hexadecimal, and a line feed:
//
//	{"at":"2023-10-01T00:00:00Z",…}
//	recording-export-operator/1 0123456789abcdef 5f2c…
//
// It comes last because the MAC is known only when everything was written. All such lines
// have the same length.
const macLineStart = "\nrecording-export-operator/1 "

// macLineSize is the length of the line with the line feed before it, in bytes.
const macLineSize = int64(len(macLineStart) + idDigits + 1 + macDigits + 1)

// macLine is the line that follows an artifact with this MAC.
func (k archiveKey) macLine(mac hash.Hash) string {
	return macLineStart + k.id + " " + hex.EncodeToString(mac.Sum(nil)) + "\n"
}

// checkMACLine compares the line after an artifact with the MAC of its content.
func (k archiveKey) checkMACLine(name, line string, mac hash.Hash) error {
	says, isLine := strings.CutPrefix(line, macLineStart)
	if !isLine || len(says) != idDigits+1+macDigits+1 {
		return corrupt(name, "it has no MAC: an operator of this version did not write it")
	}
	if id := says[:idDigits]; id != k.id && k.first {
		return &UnknownKeyError{Artifact: name, ID: printable(id), Own: k.id}
	}
	if subtle.ConstantTimeCompare([]byte(line), []byte(k.macLine(mac))) != 1 {
		return corrupt(name, "its MAC does not match: somebody changed it, or it belongs to another artifact or archive")
	}
	return nil
}

// printable is an id that somebody else may have written, or unreadable.
func printable(id string) string {
	if strings.Trim(id, "0123456789abcdef") != "" {
		return unreadable
	}
	return id
}

// unreadable stands for an id that is not one.
const unreadable = "unreadable"

func corrupt(name, says string) error {
	return fmt.Errorf("%w: artifact %s: %s", evidence.ErrCorrupt, name, says)
}

// UnknownKeyError is the error for an archive whose record, or whose first artifact if it
// has no record, names another key than this operator has. It is also evidence.ErrCorrupt,
// because such an artifact cannot be trusted.
type UnknownKeyError struct {
	// Artifact is its key in the archive, ID the id of the artifact key that it names, Own
	// that of the operator's.
	Artifact, ID, Own string
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("artifact %s names the artifact key %s, but this operator has the key %s", e.Artifact, e.ID, e.Own)
}

// IsReadable tells whether the artifact names a key. Nobody can say whether that key
// exists.
func (e *UnknownKeyError) IsReadable() bool { return e.ID != unreadable }

// Advice is to restore the key that the artifact names.
func (e *UnknownKeyError) Advice() outcome.Advice {
	return outcome.Advice{
		Cause: outcome.CauseKey, State: outcome.Stalled, Reason: "ArtifactKeyUnknown",
		Before: "restore the Secret with the artifact key from its backup and restart the manager, " +
			"or export everything again under another export name",
		Behind: "signatures of seals and bags stay valid (docs/disaster-recovery.md)",
	}
}

// Unwrap returns evidence.ErrCorrupt.
func (e *UnknownKeyError) Unwrap() error { return evidence.ErrCorrupt }
