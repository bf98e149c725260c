package recordingexport

import (
	"slices"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestWhatIsRetriedTogether: recordings of several conversations are, since each can
// leave; conversations of which nothing is known cannot, and wait for nobody.
func TestWhatIsRetriedTogether(t *testing.T) {
	p := planner{export: "case-1", spec: slicing.Spec{Start: first, End: first.Add(day), Width: day, MaxConversations: 2, Other: true}}
	conversations := func(from, to int) (of []slicing.Conversation) {
		for n := from; n <= to; n++ {
			of = append(of, slicing.Conversation{ID: id(n), Start: first.Add(time.Duration(n) * time.Minute)})
		}
		return of
	}
	for lane, want := range map[slicing.Lane][]int{slicing.Standard: {2, 1, 1, 1}, slicing.Isolated: {1, 1, 1, 1, 1}} {
		cut, err := p.splitInLane(lane, 1, conversations(1, 3), conversations(4, 5))
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		names := map[string]bool{}
		for _, slice := range cut {
			sizes = append(sizes, len(slice.Conversations))
			names[slice.Name("case-1")] = true
		}
		if !slices.Equal(sizes, want) || len(names) != len(cut) {
			t.Errorf("%s: slices of %v conversations, %d names", lane, sizes, len(names))
		}
	}
}
