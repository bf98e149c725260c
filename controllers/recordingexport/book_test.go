package recordingexport

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var first = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func window(from, to time.Duration) slicing.Spec {
	return slicing.Spec{
		Start: first.Add(from), End: first.Add(to), Width: time.Hour, MaxConversations: 1000,
		Scope: slicing.Include, Screen: true, Other: true,
	}
}

func TestDaysOf(t *testing.T) {
	tests := []struct {
		spec slicing.Spec
		want int
	}{
		{window(0, 24*time.Hour), 1},
		{window(0, 24*time.Hour+time.Second), 2},
		{window(23*time.Hour, 25*time.Hour), 2},
		{window(5*time.Hour, 6*time.Hour), 1},
		{window(0, 365*24*time.Hour), 365},
	}
	for _, tt := range tests {
		if got := daysOf(tt.spec); len(got) != tt.want || !got[0].Equal(first) {
			t.Errorf("[%v, %v) touches %d days from %v, want %d", tt.spec.Start, tt.spec.End, len(got), got[0], tt.want)
		}
	}
}

// TestBookGoesThroughRounds: every day once, then those with deferred
// conversations again, until there are none.
func TestBookGoesThroughRounds(t *testing.T) {
	b := newBook(window(0, 72*time.Hour))
	deferred := map[string]int64{"0 1": 2, "0 3": 1, "1 3": 1}
	var got []string
	for {
		round, at, more := b.next()
		if !more {
			break
		}
		name := fmt.Sprintf("%d %d", round, at.Day())
		got = append(got, name)
		b.add(artifacts.Plan{Day: at, Round: round, Surveyed: 10, Held: 1, Deferred: deferred[name], AskAgain: at.Add(time.Hour)})
	}
	if diff := cmp.Diff([]string{"0 1", "0 2", "0 3", "1 1", "1 3", "2 3"}, got); diff != "" {
		t.Errorf("days asked for (-want +got):\n%s", diff)
	}
	if b.totals.Deferred != 0 || b.totals.Conversations != 60 || b.totals.DaysSurveyed != 3 || b.totals.Days != 3 {
		t.Errorf("totals %+v", b.totals)
	}
}

func TestBookSaysWhenADayIsDue(t *testing.T) {
	b := newBook(window(0, 30*time.Hour))
	if got, want := b.due(48*time.Hour), first.Add(72*time.Hour); !got.Equal(want) {
		t.Errorf("the first day is due %v, want %v", got, want)
	}
	b.add(artifacts.Plan{Day: first, Deferred: 1, AskAgain: first.Add(100 * time.Hour)})
	if got, want := b.due(48*time.Hour), first.Add(78*time.Hour); !got.Equal(want) {
		t.Errorf("the second day, of which the window takes 6 hours, is due %v, want %v", got, want)
	}
	b.add(artifacts.Plan{Day: first.Add(24 * time.Hour)})
	if got, want := b.due(48*time.Hour), first.Add(100*time.Hour); !got.Equal(want) {
		t.Errorf("the first day is due again %v, want %v", got, want)
	}
}

// TestEachConversationIsPlannedOnce: whatever the width of parts against that of
// days, and whatever days a round asks for, each conversation becomes known with
// one day, and not before its whole part is surveyed.
func TestEachConversationIsPlannedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := window(
			time.Duration(rapid.IntRange(0, 48*60).Draw(t, "from"))*time.Minute,
			time.Duration(rapid.IntRange(48*60+1, 200*60).Draw(t, "to"))*time.Minute)
		spec.Width = time.Duration(rapid.IntRange(1, 100*60).Draw(t, "width")) * time.Minute
		days := daysOf(spec)
		if rapid.Bool().Draw(t, "later round") {
			days = slices.DeleteFunc(days, func(time.Time) bool { return rapid.Bool().Draw(t, "skip") })
		}
		var surveys []artifacts.Survey
		total := 0
		for _, at := range days {
			survey := artifacts.Survey{Day: at}
			from, to := span(spec, at)
			for n := range rapid.IntRange(0, 5).Draw(t, "conversations") {
				offset := rapid.Int64Range(0, int64(to.Sub(from))-1).Draw(t, "offset")
				survey.Conversations = append(survey.Conversations, slicing.Conversation{
					ID: fmt.Sprintf("%d-%d", at.Day(), n), Start: from.Add(time.Duration(offset)),
				})
				total++
			}
			surveys = append(surveys, survey)
		}
		planned := map[string]bool{}
		for i, at := range days {
			for _, c := range known(spec, days, at, surveys[:i+1]) {
				_, end, _ := spec.Part(c.Start)
				if planned[c.ID] || i+1 < len(days) && days[i+1].Before(end) {
					t.Fatalf("%s at %v is planned with day %v", c.ID, c.Start, at)
				}
				planned[c.ID] = true
			}
		}
		if len(planned) != total {
			t.Fatalf("%d of %d conversations are planned", len(planned), total)
		}
	})
}
