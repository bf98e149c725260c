package plan

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// counted are the first slices of the lane Standard.
func counted(n int) SliceSet { return SliceSet{slicing.Standard: slicing.FirstOrdinals(n)} }

func TestWhatCanBeSealed(t *testing.T) {
	firstDay, secondDay := withSlices(surveyedDay(1, 0, PurposeFirst, 0), 1), withSlices(surveyedDay(2, 0, PurposeFirst, 0), 1)
	open := withSlices(surveyedDay(1, 0, PurposeFirst, 3), 1)
	reviewed := surveyedDay(1, 1, PurposeReview, 0)
	sealed := Entry{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0-1"}}
	retried := withSlices(Entry{Retried: &Retried{Token: "t", Seals: 1}}, 1)
	late := withSlices(surveyedDay(1, 2, PurposeDeferred, 0), 1)
	tests := map[string]struct {
		days       int
		continuous bool
		entries    []Entry
		counted    int
		after      time.Duration
		// want is "<entries> until <day>, <days to review>", empty if nothing is due
		want string
	}{
		"a day that is not surveyed":           {1, false, nil, 0, 0, ""},
		"a running batch":                      {1, false, []Entry{firstDay}, 0, 0, ""},
		"a whole window, not reviewed":         {1, false, []Entry{firstDay}, 1, 0, "0 until 2, 1 to review"},
		"a whole window":                       {1, false, []Entry{firstDay, reviewed}, 1, 0, "0-1 until 2, 0 to review"},
		"half a window":                        {2, false, []Entry{firstDay}, 1, 0, ""},
		"conversations that have not ended":    {1, false, []Entry{open}, 1, 0, ""},
		"the same of an endless window":        {1, true, []Entry{open}, 1, 0, "0 until 2, 1 to review"},
		"a sealed window":                      {1, false, []Entry{firstDay, reviewed, sealed}, 1, 0, ""},
		"a running retry":                      {1, false, []Entry{firstDay, reviewed, sealed, retried}, 1, 0, ""},
		"a retry":                              {1, false, []Entry{firstDay, reviewed, sealed, retried}, 2, 0, "3 until 2, 0 to review"},
		"a retry of an endless window":         {1, true, []Entry{firstDay, reviewed, sealed, retried}, 2, 0, "3 until 2, 0 to review"},
		"what came later":                      {1, true, []Entry{firstDay, reviewed, sealed, late}, 2, 0, ""},
		"what came later, after a day":         {1, true, []Entry{firstDay, reviewed, sealed, late}, 2, sealInterval, "3 until 2, 0 to review"},
		"a day whose neighbour has a batch":    {2, true, []Entry{firstDay, secondDay}, 1, 0, ""},
		"the same when a day has passed":       {2, true, []Entry{firstDay, secondDay}, 1, sealInterval, "0 until 2, 1 to review"},
		"two days, of which one has caught up": {2, true, []Entry{firstDay, reviewed, sealed, secondDay}, 2, 0, "3 until 3, 1 to review"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := logOf(t, window(0, time.Duration(tt.days)*Day), tt.entries...)
			s, got := l.Sealable(counted(tt.counted), tt.continuous, first, first.Add(tt.after)), ""
			if s.Due {
				got = fmt.Sprintf("%s until %d, %d to review", s.Entries, s.Until.Day(), len(s.Reviews))
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestEveryEntryIsSealedOnce: whatever the order in which days are surveyed,
// batches finish and days pass, each entry of an endless plan is in one seal, and
// none is sealed while a batch of its day is running.
func TestEveryEntryIsSealedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const days = 4
		spec := window(0, days*Day)
		l := New("case-1", spec).Window(spec.End, spec.End)
		now, counted := first, SliceSet{}
		for range rapid.IntRange(10, 80).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"survey", "count", "wait", "seal"}).Draw(t, "step") {
			case "survey":
				if next, more := l.NextSurvey(0); more {
					entry := surveyedDay(next.Day.Day(), next.Pass, next.Purpose, rapid.Int64Range(0, 1).Draw(t, "deferred"))
					_ = l.Append(withSlices(entry, rapid.IntRange(0, 2).Draw(t, "slices")), now, "a")
				}
			case "count":
				if n := l.SliceCount(); n > 0 {
					counted.Add(SliceID{slicing.Standard, rapid.IntRange(0, n-1).Draw(t, "batch")})
				}
			case "wait":
				now = now.Add(7 * time.Hour)
			case "seal":
				sealWhatCanBe(t, l, counted, now)
			}
		}
	})
}

// sealWhatCanBe seals what can be sealed, if it is due, and checks it.
func sealWhatCanBe(t *rapid.T, l View, counted SliceSet, now time.Time) {
	s := l.Sealable(counted, true, first, now)
	if !s.Due {
		return
	}
	for _, review := range s.Reviews {
		_ = l.Append(surveyedDay(review.Day.Day(), review.Pass, review.Purpose, l.day(review.Day).deferred), now, "a")
	}
	if s = l.Sealable(counted, true, first, now); !s.Due || len(s.Reviews) > 0 {
		t.Fatalf("after the review %+v", s)
	}
	busy := map[time.Time]bool{}
	for place := range l.SliceCount() {
		if id := l.id(place); !counted.Contains(id) {
			busy[l.EntryAt(l.EntryWith(id)).day()] = true
		}
	}
	for number := range l.EntryCount() {
		if !s.Entries.Contains(number) {
			continue
		}
		if l.SealOf(number) > 0 || busy[l.EntryAt(number).day()] {
			t.Fatalf("entry %d is sealed again, or while a batch of its day is running", number)
		}
	}
	sealing := Sealing{Number: l.SealCount() + 1, Until: s.Until, Entries: s.Entries.String()}
	if err := l.Append(Entry{Sealing: &sealing}, now, "a"); err != nil {
		t.Fatal(err)
	}
}
