package slicing

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestIsolate: no slice contains more conversations than it may, each is of its own
// part of the window and has a name that no other slice has.
func TestIsolate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spec()
		var conversations []Conversation
		for n := range rapid.IntRange(0, 20).Draw(t, "conversations") {
			minute := rapid.IntRange(0, 24*60-1).Draw(t, "minute")
			conversations = append(conversations, at(time.Duration(minute)*time.Minute, fmt.Sprint(n)))
		}
		delta := rapid.IntRange(1, 1000).Draw(t, "delta")
		most := rapid.IntRange(1, 3).Draw(t, "most")
		slices, err := Isolate(s, delta, most, conversations)
		if err != nil || most == 1 && len(slices) != len(conversations) {
			t.Fatalf("%d slices, %v", len(slices), err)
		}
		seen, left := map[string]bool{}, map[string]bool{}
		for _, slice := range slices {
			start, end, _ := s.Part(slice.Conversations[0].Start)
			if len(slice.Conversations) > most || slice.Lane != Isolated || !slice.Start.Equal(start) || !slice.End.Equal(end) || seen[slice.Name("x")] || seen[slice.Group()] {
				t.Errorf("slice %s: %+v", slice.Name("x"), slice)
			}
			seen[slice.Name("x")], seen[slice.Group()] = true, true
			for _, c := range slice.Conversations {
				left[c.ID] = true
			}
		}
		if len(left) != len(conversations) {
			t.Errorf("%d conversations of %d", len(left), len(conversations))
		}
	})
}

func TestIsolateRefuses(t *testing.T) {
	for name, conversations := range map[string][]Conversation{
		"a conversation outside the window": {at(-time.Hour, "a")},
		"the same conversation twice":       {at(0, "a"), at(0, "a")},
	} {
		if _, err := Isolate(spec(), 1, 1, conversations); err == nil {
			t.Error("accepted: " + name)
		}
	}
}
