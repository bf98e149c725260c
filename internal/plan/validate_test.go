package plan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestEntriesThatCannotBe are errors, change nothing, and cost nothing: each could
// make a reader panic, or take more memory than there is.
func TestEntriesThatCannotBe(t *testing.T) {
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	surveyed := func(at time.Time, change func(*Surveyed)) Entry {
		s := Surveyed{Day: at, To: at.Add(Day)}
		if change != nil {
			change(&s)
		}
		return Entry{Surveyed: &s}
	}
	tests := map[string]Entry{
		"nothing":                    {},
		"two kinds":                  {Moved: &Moved{Group: "g", Batch: "b", Day: first}, Halved: &Halved{Batch: "b", Day: first}},
		"a day in year 9999":         surveyed(far, nil),
		"a day before the window":    surveyed(first.Add(-Day), nil),
		"half a day":                 surveyed(first.Add(time.Hour), nil),
		"a survey up to year 9999":   surveyed(first, func(s *Surveyed) { s.To = far }),
		"a survey that skips one":    surveyed(first, func(s *Surveyed) { s.Pass = 1 }),
		"a survey before the first":  surveyed(first, func(s *Surveyed) { s.Pass = -1 }),
		"less than no conversations": surveyed(first, func(s *Surveyed) { s.Deferred = -1 }),
		"a batch out of the archive": {Halved: &Halved{Batch: "../b", Day: first}},
		"a batch below another":      {Halved: &Halved{Batch: "a/b", Day: first}},
		"a retry of year 9999":       {Retried: &Retried{Days: []time.Time{far}}},
		"a retry of seals to come":   {Retried: &Retried{Seals: 1}},
		"seal 0":                     {Sealing: &Sealing{Until: far}},
		"seal 2 before the first":    {Sealing: &Sealing{Number: 2}},
		"a seal of entries to come":  {Sealing: &Sealing{Number: 1, Entries: "0-2147483647"}},
		"a seal of no numbers":       {Sealing: &Sealing{Number: 1, Entries: "all"}},
		"a lane that there is not":   {Halved: &Halved{Batch: "b", Day: first}, Slices: []Slice{{Name: "s", Group: "g", Lane: "Fast", End: far}}},
		"a slice without a name":     withSlices(surveyed(first, nil), 1),
		"a slice after year 9999":    {Halved: &Halved{Batch: "b", Day: first}, Slices: []Slice{{Name: "s", Group: "g", Lane: slicing.Standard, Start: first, End: far.AddDate(1, 0, 0)}}},
		"a slice before the window":  {Halved: &Halved{Batch: "b", Day: first}, Slices: []Slice{{Name: "s", Group: "g", Lane: slicing.Standard, Start: first.Add(-Day), End: first}}},
		"a slice of too many":        {Halved: &Halved{Batch: "b", Day: first}, Slices: []Slice{{Name: "s", Group: "g", Lane: slicing.Standard, Start: first, End: first.Add(1), Conversations: maxConversations + 1}}},
	}
	tests["a slice without a name"].Slices[0].Name = ""
	for name, entry := range tests {
		t.Run(name, func(t *testing.T) {
			l := New("case-1", slicing.Spec{Start: first, End: far, Width: time.Hour, MaxConversations: 10, Daily: true})
			err := l.Append(entry, first, "a")
			var invalid *EntryError
			if !errors.As(err, &invalid) || invalid.Number != 0 {
				t.Errorf("Append: %v, want an EntryError for entry 0", err)
			}
			if l.EntryCount()+len(l.days)+l.SliceCount()+l.SealCount() > 0 {
				t.Errorf("%d entries, %d days, %d slices were taken in", l.EntryCount(), len(l.days), l.SliceCount())
			}
		})
	}
}

// FuzzPlan reads plans that nobody wrote: lines of entries.
func FuzzPlan(f *testing.F) {
	good := []Entry{
		withSlices(surveyedDay(1, 0, PurposeFirst, 1), 2), withSlices(surveyedDay(1, 1, PurposeReview, 0), 1),
		{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0-1"}},
		withSlices(Entry{Retried: &Retried{Token: "t", Seals: 1, Days: []time.Time{first, first.Add(9 * Day)}}}, 1),
		{Moved: &Moved{Group: "g", Batch: "b", Day: first}}, {Halved: &Halved{Batch: "b", Day: first}},
	}
	var lines []string
	for _, entry := range good {
		line, err := json.Marshal(entry)
		if err != nil {
			f.Fatal(err)
		}
		lines = append(lines, string(line))
		f.Add(string(line))
	}
	f.Add(strings.Join(lines, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		for _, end := range []time.Time{first.Add(3 * Day), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
			l := New("case-1", slicing.Spec{Start: first, End: end, Width: time.Hour, MaxConversations: 10, Daily: true, Screen: true, Other: true})
			for line := range strings.SplitSeq(text, "\n") {
				var entry Entry
				if json.Unmarshal([]byte(line), &entry) == nil {
					_ = l.Append(entry, first, "a")
				}
			}
			readAll(t, l)
		}
	})
}

// readAll asks a log everything that is asked of one.
func readAll(t *testing.T, log *Log) {
	l := log.Window(log.spec.End, first.Add(3*Day))
	if len(l.days) > maxDays || l.Totals().Days < 0 {
		t.Fatalf("%d days", len(l.days))
	}
	for _, continuous := range []bool{false, true} {
		l.Sealable(counted(l.SliceCount()/2), continuous, first, first.Add(9*Day))
	}
	l.NextSurvey(time.Hour)
	l.FirstSurveyAfter(time.Hour)
	sealed := l.SealedSlices(l.SealCount())
	if all := l.Planned(sealed); all.Len() != sealed.Len() || sealed.Len() > l.SliceCount() {
		t.Errorf("%d slices are sealed of %d, %d of them planned", sealed.Len(), l.SliceCount(), all.Len())
	}
	for place := range l.SliceCount() {
		id := l.id(place)
		if number := l.EntryWith(id); number >= l.EntryCount() || !l.HasSlice(id, l.SliceAt(id).Name) {
			t.Errorf("slice %d is of entry %d", place, number)
		}
		l.FollowUp(FinishedBatch{SliceID: id, Moved: true})
	}
	for number := range l.EntryCount() {
		l.EntryAt(number)
	}
	for seal := 1; seal <= l.SealCount(); seal++ {
		readSeal(t, l, seal)
	}
}

// readSeal asks a log what a seal takes in, as whoever makes the seal does: entries from
// before the one that closes it. Another seal may take in the same later.
func readSeal(t *testing.T, l View, seal int) {
	closing := l.EntryAt(l.ClosedBy(seal)).Sealing
	if closing == nil || closing.Number != seal || *closing != l.Seal(seal) {
		t.Fatalf("seal %d is %+v, and closed by %+v", seal, l.Seal(seal), closing)
	}
	entries, err := slicing.ParseOrdinals(closing.Entries)
	if err != nil {
		t.Fatal(err)
	}
	for number := range entries.All() {
		if number >= l.ClosedBy(seal) || l.SealOf(number) < seal || l.EntryAt(number).Number != number {
			t.Errorf("seal %d, closed by entry %d, takes in entry %d, which is in seal %d", seal, l.ClosedBy(seal), number, l.SealOf(number))
		}
	}
}
