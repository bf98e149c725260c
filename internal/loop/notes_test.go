package loop

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNotesOfEvents: no message is too long for the API server.
func TestNotesOfEvents(t *testing.T) {
	for message, want := range map[string]int{"short": 5, strings.Repeat("a", maxNote): maxNote, strings.Repeat("a", maxNote-1) + "ü": maxNote - 1} {
		if got := Note(message); len(got) != want || !utf8.ValidString(got) {
			t.Errorf("%d bytes of %d, want %d", len(got), len(message), want)
		}
	}
}
