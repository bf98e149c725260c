package plan

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// hours is the plan of some years of hours, a survey and a review a day, in some lanes.
func hours(t testing.TB, years int, in ...slicing.Lane) View {
	t.Helper()
	days := years * 365
	spec := window(0, time.Duration(days)*Day)
	l := New("case-1", spec).Window(spec.End, spec.End)
	for n := 1; n <= days; n++ {
		entry := surveyedDay(n, 0, PurposeFirst, 0)
		for hour := range 24 {
			start := entry.Surveyed.Day.Add(time.Duration(hour) * time.Hour)
			for _, lane := range in {
				s := slicing.Slice{Lane: lane, Start: start}
				entry.Slices = append(entry.Slices, Slice{
					Name: s.Name("case-1"), Group: s.Group(), Lane: lane, Start: start, End: start.Add(time.Hour), Conversations: 1000,
				})
			}
		}
		appendAll(t, l, entry, surveyedDay(n, 1, PurposeReview, 0))
	}
	return l
}

// TestSlicesByTheirID: a batch's slice is known by lane and ordinal, and only under the
// name that the plan gives it.
func TestSlicesByTheirID(t *testing.T) {
	l := hours(t, 1, slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen)
	last := l.SlicesIn(slicing.LegalHold) - 1
	for id, entry := range map[SliceID]int{
		{slicing.Standard, 0}: 0, {slicing.LegalHold, 23}: 0, {slicing.LegalHoldScreen, 24}: 2, {slicing.Standard, 5000}: 2 * (5000 / 24), {slicing.LegalHold, last}: l.EntryCount() - 2,
	} {
		slice := l.SliceAt(id)
		if want := first.Add(time.Duration(id.Ordinal) * time.Hour); slice.Lane != id.Lane || !slice.Start.Equal(want) || slice.End.Sub(want) != time.Hour {
			t.Errorf("%v is %+v", id, slice)
		}
		if !l.HasSlice(id, slice.Name) || l.HasSlice(id, "another") {
			t.Errorf("%v is not known by its name, or by any", id)
		}
		if place, _ := l.place(id); l.id(place) != id || l.EntryWith(id) != entry {
			t.Errorf("%v is at %d, of entry %d", id, place, l.EntryWith(id))
		}
	}
	for _, id := range []SliceID{{slicing.Standard, -1}, {slicing.LegalHold, last + 1}, {slicing.Isolated, 0}, {"Fast", 0}, {}} {
		if l.HasSlice(id, "") {
			t.Errorf("%v is in the plan", id)
		}
	}
}

// TestSetsOfSlices: a set of the plan's slices leaves out those that are not in it, and what
// a set lacks is listed in order.
func TestSetsOfSlices(t *testing.T) {
	l := logOf(t, window(0, Day), withSlices(surveyedDay(1, 0, PurposeFirst, 0), 4))
	set := SliceSet{slicing.Standard: slicing.FirstOrdinals(2).With(3).With(9), slicing.LegalHold: slicing.FirstOrdinals(1)}
	planned := l.Planned(set)
	if got := planned[slicing.Standard].String(); got != "0-1,3" || planned.Len() != 3 || len(planned) != 1 {
		t.Errorf("planned are %v", planned)
	}
	if !set.ContainsAll(planned) || planned.ContainsAll(set) || !planned.ContainsAll(nil) || SliceSet(nil).ContainsAll(planned) {
		t.Error("which set has all slices of another")
	}
	if got := slices.Collect(l.SlicesWithout(planned, slicing.Standard)); !slices.Equal(got, []SliceID{{slicing.Standard, 2}}) {
		t.Errorf("it lacks %v", got)
	}
	planned.Add(SliceID{slicing.Standard, 2})
	for id := range l.SlicesWithout(nil, slicing.Standard) {
		if !planned.Contains(id) {
			t.Errorf("%v is not in the set", id)
		}
		if id.Ordinal == 2 {
			break
		}
	}
}

// TestSealedSlices are those of the entries that seals take in.
func TestSealedSlices(t *testing.T) {
	l := logOf(t, window(0, 2*Day),
		withSlices(surveyedDay(1, 0, PurposeFirst, 0), 2), withSlices(surveyedDay(2, 0, PurposeFirst, 0), 3), withSlices(surveyedDay(1, 1, PurposeReview, 0), 1),
		Entry{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0,2"}}, Entry{Sealing: &Sealing{Number: 2, Until: first.Add(2 * Day), Entries: "1"}})
	for seals, want := range []string{"", "0-1,5", "0-5"} {
		if got := l.SealedSlices(seals)[slicing.Standard].String(); got != want {
			t.Errorf("in %d seals: %s, want %s", seals, got, want)
		}
	}
}

// TestNames are what was added, whatever they have in common with those that slices have
// as a rule.
func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, part := nameTable{export: "case-1"}, rapid.StringMatching(`[a-z0-9-]{0,40}`)
		var rows []nameRow
		var added []Slice
		for range rapid.IntRange(1, 20).Draw(t, "slices") {
			s := Slice{Lane: rapid.SampledFrom(slicing.AllLanes[:]).Draw(t, "lane"), Start: first.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "start")) * time.Second)}
			shape := slicing.Slice{Lane: s.Lane, Start: s.Start, Piece: rapid.IntRange(0, 9).Draw(t, "piece"), Delta: rapid.IntRange(0, 9).Draw(t, "delta")}
			s.Name = rapid.SampledFrom([]string{shape.Name("case-1"), shape.Name("case-1") + part.Draw(t, "end"), part.Draw(t, "name")}).Draw(t, "which name")
			s.Group = rapid.SampledFrom([]string{shape.Group(), part.Draw(t, "group")}).Draw(t, "which group")
			rows, added = append(rows, table.add(s)), append(added, s)
		}
		for i, s := range added {
			if name, group := table.at(rows[i], s); name != s.Name || group != s.Group {
				t.Fatalf("%q of %q, want %q of %q", name, group, s.Name, s.Group)
			}
		}
	})
}
