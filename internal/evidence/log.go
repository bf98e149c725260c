package evidence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Event is something that happened to evidence: who did what, when, to what.
type Event struct {
	Time time.Time `json:"time"`
	// Type names what happened, for example RecordingStored.
	Type string `json:"type"`
	// Actor is the process that did it.
	Actor string `json:"actor"`
	// Details are facts about it, by name.
	Details map[string]string `json:"details,omitempty"`
}

// logLine is an event as it stands in a custody log.
type logLine struct {
	Sequence int `json:"sequence"`
	Event
	// Previous is the SHA-256 of the line before, without its line feed.
	Previous string `json:"previous"`
}

// firstPrevious stands where there is no line before.
var firstPrevious = strings.Repeat("0", 2*sha256.Size)

// inOrder are events in the order of time, then of their types.
func inOrder(events []Event) []Event {
	return slices.SortedStableFunc(slices.Values(events), func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Type, b.Type))
	})
}

// WriteLog writes events in order of time as a custody log: JSON lines, each
// with the SHA-256 of the line before it, so that none can be changed, removed
// or moved without all that follow showing it.
func WriteLog(w io.Writer, events []Event) error {
	previous := firstPrevious
	for i, event := range inOrder(events) {
		event.Time = event.Time.UTC()
		line, err := json.Marshal(logLine{Sequence: i + 1, Event: event, Previous: previous})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n", line); err != nil {
			return err
		}
		digest := sha256.Sum256(line)
		previous = hex.EncodeToString(digest[:])
	}
	return nil
}
