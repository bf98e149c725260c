package artifacts

import (
	"fmt"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Rekeyed tells that an archive was continued without the artifact key that it was begun
// with, because a person said so.
type Rekeyed struct {
	Stamp
	// From and To are the ids of the keys.
	From string `json:"from"`
	To   string `json:"to"`
	// Seals is how many seals there were, which is what is left of the archive.
	Seals int `json:"seals"`
}

// RekeyedKey is the key of the Rekeyed after a number of seals.
func RekeyedKey(seals int) string {
	return fmt.Sprintf("%srekeyed/%d%s", archive.WorkPrefix, seals, ending)
}

// Event is what the log of the next seal tells of it.
func (r Rekeyed) Event() evidence.Event {
	return evidence.Event{Time: r.At, Type: evidence.ArtifactKeyReplaced, Actor: r.By, Details: map[string]string{"from": r.From, "to": r.To}}
}
