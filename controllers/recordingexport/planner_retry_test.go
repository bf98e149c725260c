package recordingexport

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
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

// TestEachGapIsRetriedWhereItIsAccountedFor: in its own lane, and, if nothing is known of the
// recordings of a conversation under legal hold, in the lane of its screen recordings too. It
// names the recordings that are missing.
func TestEachGapIsRetriedWhereItIsAccountedFor(t *testing.T) {
	type place struct {
		conversation string
		lane         slicing.Lane
	}
	rapid.Check(t, func(t *rapid.T) {
		spec := window(0, day)
		spec.MaxConversations = rapid.IntRange(1, 3).Draw(t, "max")
		spec.Screen = rapid.Bool().Draw(t, "screen")
		p := planner{export: "case-1", spec: spec}
		var gaps []evidence.Gap
		want := map[place]string{}
		for n := range rapid.IntRange(0, 6).Draw(t, "conversations") {
			known := rapid.Bool().Draw(t, "known")
			lanes := []slicing.Lane{slicing.Standard, slicing.LegalHold, slicing.Isolated}
			if known && spec.Screen {
				lanes = append(lanes, slicing.LegalHoldScreen)
			}
			gap := evidence.Gap{ConversationID: id(n), Start: first.Add(time.Duration(n) * 20 * time.Minute), Lane: rapid.SampledFrom(lanes).Draw(t, "lane"), Held: rapid.Bool().Draw(t, "held")}
			if known {
				gap.Recordings, gap.Media = []string{fmt.Sprint("r", n)}, []genesys.Medium{genesys.Call}
			}
			gaps = append(gaps, gap)
			want[place{gap.ConversationID, gap.Lane}] = fmt.Sprint(gap.Recordings)
			if !known && gap.Lane == slicing.LegalHold && spec.Screen {
				want[place{gap.ConversationID, slicing.LegalHoldScreen}] = "[]"
			}
		}
		planned, err := p.slicesOfGaps(3, gaps)
		if err != nil {
			t.Fatal(err)
		}
		got, names, groups := map[place]string{}, map[string]bool{}, map[string]bool{}
		for _, s := range planned {
			for _, c := range s.Conversations {
				at := place{c.ID, s.Lane}
				if _, twice := got[at]; twice || c.Retried != (len(c.Only) == 0) {
					t.Fatalf("%s in %s: twice %t, %+v", c.ID, s.Lane, twice, c)
				}
				got[at] = fmt.Sprint(c.Only)
			}
			if names[s.name] || groups[s.Group] || !s.Stay {
				t.Fatalf("%s: its name or group is another's, or it is not to stay: %+v", s.name, s)
			}
			names[s.name], groups[s.Group] = true, true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("retried (-want +got):\n%s", diff)
		}
		again, err := p.slicesOfGaps(3, gaps)
		if diff := cmp.Diff(planned, again, cmp.AllowUnexported(namedSlice{})); err != nil || diff != "" {
			t.Fatalf("%v, planned once more (-want +got):\n%s", err, diff)
		}
	})
}
