package recordingexport

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestEntriesThatCannotBe are errors, change nothing, and cost nothing: each could
// make a reader panic, or take more memory than there is.
func TestEntriesThatCannotBe(t *testing.T) {
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	surveyed := func(at time.Time, change func(*artifacts.Surveyed)) artifacts.Entry {
		s := artifacts.Surveyed{Day: at, To: at.Add(day)}
		if change != nil {
			change(&s)
		}
		return artifacts.Entry{Surveyed: &s}
	}
	tests := map[string]artifacts.Entry{
		"nothing":                    {},
		"two kinds":                  {Moved: &artifacts.Moved{Group: "g", Batch: "b", Day: first}, Halved: &artifacts.Halved{Batch: "b", Day: first}},
		"a day in year 9999":         surveyed(far, nil),
		"a day before the window":    surveyed(first.Add(-day), nil),
		"half a day":                 surveyed(first.Add(time.Hour), nil),
		"a survey up to year 9999":   surveyed(first, func(s *artifacts.Surveyed) { s.To = far }),
		"a survey that skips one":    surveyed(first, func(s *artifacts.Surveyed) { s.Pass = 1 }),
		"a survey before the first":  surveyed(first, func(s *artifacts.Surveyed) { s.Pass = -1 }),
		"less than no conversations": surveyed(first, func(s *artifacts.Surveyed) { s.Deferred = -1 }),
		"a batch out of the archive": {Halved: &artifacts.Halved{Batch: "../b", Day: first}},
		"a batch below another":      {Halved: &artifacts.Halved{Batch: "a/b", Day: first}},
		"a retry of year 9999":       {Retried: &artifacts.Retried{Days: []time.Time{far}}},
		"a retry of seals to come":   {Retried: &artifacts.Retried{Seals: 1}},
		"seal 0":                     {Sealing: &artifacts.Sealing{Until: far}},
		"seal 2 before the first":    {Sealing: &artifacts.Sealing{Number: 2}},
		"a seal of entries to come":  {Sealing: &artifacts.Sealing{Number: 1, Entries: "0-2147483647"}},
		"a seal of no numbers":       {Sealing: &artifacts.Sealing{Number: 1, Entries: "all"}},
		"a lane that there is not":   {Halved: &artifacts.Halved{Batch: "b", Day: first}, Slices: []artifacts.PlannedSlice{{Name: "s", Group: "g", Lane: "Fast", End: far}}},
		"a slice without a name":     withSlices(surveyed(first, nil), 1),
	}
	tests["a slice without a name"].Slices[0].Name = ""
	for name, entry := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBook(slicing.Spec{Start: first, End: far, Width: time.Hour, MaxConversations: 10, Daily: true})
			if err := b.add(entry); !errors.Is(err, evidence.ErrCorrupt) {
				t.Errorf("add: %v, want a corrupt archive", err)
			}
			if len(b.entries)+len(b.days)+len(b.slices)+len(b.seals) > 0 {
				t.Errorf("%d entries, %d days, %d slices were taken in", len(b.entries), len(b.days), len(b.slices))
			}
		})
	}
}

// FuzzPlan reads plans that nobody wrote: lines of entries.
func FuzzPlan(f *testing.F) {
	good := []artifacts.Entry{
		withSlices(surveyedDay(1, 0, artifacts.First, 1), 2), withSlices(surveyedDay(1, 1, artifacts.Review, 0), 1),
		{Sealing: &artifacts.Sealing{Number: 1, Until: first.Add(day), Entries: "0-1"}},
		withSlices(artifacts.Entry{Retried: &artifacts.Retried{Token: "t", Seals: 1, Days: []time.Time{first}}}, 1),
		{Moved: &artifacts.Moved{Group: "g", Batch: "b", Day: first}}, {Halved: &artifacts.Halved{Batch: "b", Day: first}},
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
		for _, end := range []time.Time{first.Add(3 * day), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
			b := newBook(slicing.Spec{Start: first, End: end, Width: time.Hour, MaxConversations: 10, Daily: true, Screen: true, Other: true})
			for line := range strings.SplitSeq(text, "\n") {
				var entry artifacts.Entry
				if json.Unmarshal([]byte(line), &entry) == nil {
					_ = b.add(entry)
				}
			}
			readAll(t, b)
		}
	})
}

// readAll asks a book everything that is asked of one.
func readAll(t *testing.T, b *book) {
	b.extend(b.spec.End, first.Add(3*day))
	if len(b.days) > maxDays || b.totals.Days < 0 {
		t.Fatalf("%d days", len(b.days))
	}
	counted := slicing.FirstOrdinals(len(b.slices) / 2)
	for _, follows := range []bool{false, true} {
		b.ripen(counted, follows, first, first.Add(9*day))
	}
	b.next(time.Hour)
	b.coming(time.Hour)
	if sealed := b.sealedSlices(len(b.seals)); sealed.Len() > len(b.slices) {
		t.Errorf("%d slices are sealed of %d", sealed.Len(), len(b.slices))
	}
	for ordinal := range b.slices {
		if number := b.entryOf(ordinal); number >= len(b.entries) {
			t.Errorf("slice %d is of entry %d", ordinal, number)
		}
	}
	for number := range b.seals {
		(&sealWork{}).take(b, number+1)
	}
}
