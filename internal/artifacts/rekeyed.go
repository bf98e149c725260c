package artifacts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

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
	// Before are the ids of keys that were lost before From, since the same seal. They are
	// as an artifact said that nobody could judge any more.
	Before []string `json:"before,omitempty"`
}

// keyID is the form of the id of a key, and mostBefore bounds how many are reported.
var keyID = regexp.MustCompile(`^[0-9a-f]{16}$`)

const mostBefore = 16

// Until are the ids of the keys that were lost before another, as this note says, which
// nobody can judge. There are none if it is not of the form that it has to have.
func (r Rekeyed) Until(lost string) []string {
	ids := append(slices.Clone(r.Before), r.From)
	if r.From == lost { // it was written by a process that did not finish
		ids = r.Before
	} else if r.To != lost {
		return nil
	}
	isOther := func(id string) bool { return !keyID.MatchString(id) }
	if slices.ContainsFunc(ids, isOther) {
		return nil
	}
	return ids[max(0, len(ids)-mostBefore):]
}

// RekeyedKey is the key of the Rekeyed after a number of seals.
func RekeyedKey(seals int) string {
	return fmt.Sprintf("%srekeyed/%d%s", archive.WorkPrefix, seals, ending)
}

// Event is what the log of the next seal says about it.
func (r Rekeyed) Event() evidence.Event {
	details := map[string]string{"from": r.From, "to": r.To}
	if len(r.Before) > 0 {
		details["before"] = strings.Join(r.Before, " ")
	}
	return evidence.Event{Time: r.At, Type: evidence.ArtifactKeyReplaced, Actor: r.By, Details: details}
}
