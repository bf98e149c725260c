package main

import (
	"strings"
	"testing"
)

// TestALogThatWasThinnedOut takes an event out of a custody log, or makes one up, and
// makes everything above fit.
func TestALogThatWasThinnedOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(list []event) []event
		says   string
	}{
		"a conversation is not told":           {func(list []event) []event { return leave(list, "MetadataReceived") }, `tells "" of its metadata`},
		"an isolated conversation is not told": {func(list []event) []event { return leave(list, "ConversationIsolated") }, `tells "" of its metadata`},
		"an isolated recording is not told":    {func(list []event) []event { return leave(list, "RecordingIsolated") }, "does not tell that recording"},
		"a conversation is made up": {func(list []event) []event {
			return append([]event{{Type: "MetadataReceived", Details: map[string]string{"conversation": id(1, 99)}}}, list...)
		}, "reports conversation " + id(1, 99)},
		"an isolated recording is made up": {func(list []event) []event {
			return append([]event{{Type: "RecordingIsolated", Details: map[string]string{"conversation": id(1, 1), "recording": id(2, 11)}}}, list...)
		}, "tells that recording " + id(1, 1) + "/" + id(2, 11) + " was isolated"},
		"a conversation is told twice": {func(list []event) []event { return append(list[:1:1], list...) }, "tells twice what was found out"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			log := (&verdict{}).chain(f.archive + "/bags/case-standard/custody/events.jsonl")
			f.write("bags/case-standard/custody/events.jsonl", events(tt.change(log)...))
			f.forge("case-standard", "1")
			if status, says := f.judge(); status != exitViolated || !strings.Contains(says, tt.says) {
				t.Errorf("status %d, no violation says %q, but %q", status, tt.says, says)
			}
		})
	}
}

// leave leaves out the first event of a type.
func leave(list []event, kind string) []event {
	for i, e := range list {
		if e.Type == kind {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}
