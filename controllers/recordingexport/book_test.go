package recordingexport

import (
	"fmt"
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

// surveyedDay is the entry of a survey of the nth day of October.
func surveyedDay(n, pass int, purpose artifacts.Purpose, deferred int64) artifacts.Entry {
	at := first.AddDate(0, 0, n-1)
	return artifacts.Entry{Surveyed: &artifacts.Surveyed{
		Day: at, Pass: pass, Purpose: purpose, To: at.Add(day), Conversations: 10, Held: 1, Deferred: deferred, AskAgain: at.Add(100 * time.Hour),
	}}
}

// withSlices adds slices to an entry.
func withSlices(entry artifacts.Entry, n int) artifacts.Entry {
	entry.Slices = nil
	for i := range n {
		entry.Slices = append(entry.Slices, plannedSlice(fmt.Sprint(i), "g"))
	}
	return entry
}

func plannedSlice(name, group string) artifacts.PlannedSlice {
	return laneSlice(slicing.Standard, name, group)
}

func laneSlice(lane slicing.Lane, name, group string) artifacts.PlannedSlice {
	return artifacts.PlannedSlice{Name: name, Group: group, Lane: lane, Start: first, End: first.Add(time.Hour)}
}

func bookOf(t testing.TB, spec slicing.Spec, entries ...artifacts.Entry) *book {
	t.Helper()
	b := newBook(spec)
	b.extend(spec.End, spec.End)
	for _, entry := range entries {
		if err := b.add(entry); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestTheDaysOfAWindow(t *testing.T) {
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
		if got := bookOf(t, tt.spec).days; len(got) != tt.want || !got[0].at.Equal(first) {
			t.Errorf("[%v, %v) touches %d days from %v, want %d", tt.spec.Start, tt.spec.End, len(got), got[0].at, tt.want)
		}
	}
}

// TestTheNextSurvey: every day once, in order, and those with deferred
// conversations again when they are due.
func TestTheNextSurvey(t *testing.T) {
	b := bookOf(t, window(0, 72*time.Hour))
	var got []string
	deferred := map[string]int64{"1/0": 2, "3/0": 1, "3/1": 1}
	for {
		q, more := b.next(48 * time.Hour)
		if !more {
			break
		}
		name := fmt.Sprintf("%d/%d", q.day.Day(), q.pass)
		got = append(got, name+" "+string(q.purpose)+" "+q.due.Sub(first).String())
		if err := b.add(surveyedDay(q.day.Day(), q.pass, q.purpose, deferred[name])); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"1/0 First 72h0m0s", "2/0 First 96h0m0s", "1/1 Deferred 100h0m0s", "3/0 First 120h0m0s", "3/1 Deferred 148h0m0s", "3/2 Deferred 148h0m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("surveys (-want +got):\n%s", diff)
	}
	if b.totals.Deferred != 0 || b.totals.Conversations != 60 || b.totals.DaysSurveyed != 3 || b.totals.Days != 3 {
		t.Errorf("totals %+v", b.totals)
	}
}

// TestAnEndThatComesLater: what was surveyed before the window got its end stays,
// and no day is added any more.
func TestAnEndThatComesLater(t *testing.T) {
	endless := window(0, 72*time.Hour)
	endless.End, endless.Daily = first.AddDate(100, 0, 0), true
	b := newBook(endless)
	b.extend(endless.End, first.Add(48*time.Hour))
	for n := 1; n <= 2; n++ {
		if err := b.add(surveyedDay(n, 0, artifacts.First, 0)); err != nil {
			t.Fatal(err)
		}
	}
	early := first.Add(30 * time.Hour)
	b.extend(early, early)
	if want := first.Add(48 * time.Hour); len(b.days) != 2 || !b.spec.End.Equal(want) || !b.surveyed() {
		t.Errorf("%d days, end %v; want 2 days and the end of the second", len(b.days), b.spec.End)
	}
}

// TestAnEndBeforeDaysThatWereSurveyed: the window ends where the last of them does,
// in whichever order the surveys came.
func TestAnEndBeforeDaysThatWereSurveyed(t *testing.T) {
	b := newBook(window(0, 96*time.Hour))
	b.extend(b.spec.End, first.Add(72*time.Hour))
	for _, entry := range []artifacts.Entry{
		surveyedDay(1, 0, artifacts.First, 1), surveyedDay(2, 0, artifacts.First, 0), surveyedDay(3, 0, artifacts.First, 0), surveyedDay(1, 1, artifacts.Deferred, 0),
	} {
		if err := b.add(entry); err != nil {
			t.Fatal(err)
		}
	}
	end := first.Add(20 * time.Hour)
	b.extend(end, end)
	want := first.Add(72 * time.Hour)
	if r := b.ripen(slicing.Ordinals{}, false, first, want); !b.spec.End.Equal(want) || len(b.days) != 3 || !r.until.Equal(want) || r.entries.String() != "0-3" {
		t.Errorf("end %v, %d days, ripe %+v; want the end of the third day, and all of it ripe", b.spec.End, len(b.days), r)
	}
}

// TestAnEndBeforeDaysThatAreKnown: days that have settled, but were not surveyed, are
// left out by an end that comes before them. There would be nothing to ask for.
func TestAnEndBeforeDaysThatAreKnown(t *testing.T) {
	b := newBook(window(0, 96*time.Hour))
	b.extend(b.spec.End, first.Add(96*time.Hour))
	if err := b.add(surveyedDay(1, 0, artifacts.First, 0)); err != nil {
		t.Fatal(err)
	}
	end := first.Add(30 * time.Hour)
	b.extend(end, end)
	if len(b.days) != 2 || b.totals.Days != 2 {
		t.Errorf("%d days, totals %+v; want 2 days", len(b.days), b.totals)
	}
	end = first.Add(24 * time.Hour)
	b.extend(end, end)
	if q, more := b.next(0); more || len(b.days) != 1 || !b.surveyed() {
		t.Errorf("%d days, next %+v; want the surveyed one and nothing more", len(b.days), q)
	}
}

func TestWhatCanBeSealed(t *testing.T) {
	firstDay, secondDay := withSlices(surveyedDay(1, 0, artifacts.First, 0), 1), withSlices(surveyedDay(2, 0, artifacts.First, 0), 1)
	open := withSlices(surveyedDay(1, 0, artifacts.First, 3), 1)
	reviewed := surveyedDay(1, 1, artifacts.Review, 0)
	sealed := artifacts.Entry{Sealing: &artifacts.Sealing{Number: 1, Until: first.Add(day), Entries: "0-1"}}
	retried := withSlices(artifacts.Entry{Retried: &artifacts.Retried{Token: "t", Seals: 1}}, 1)
	late := withSlices(surveyedDay(1, 2, artifacts.Deferred, 0), 1)
	tests := map[string]struct {
		days    int
		follows bool
		entries []artifacts.Entry
		counted int
		after   time.Duration
		// want is "<entries> until <day>, <days to review>", empty if nothing is due
		want string
	}{
		"a day that is not surveyed":           {1, false, nil, 0, 0, ""},
		"a batch at work":                      {1, false, []artifacts.Entry{firstDay}, 0, 0, ""},
		"a whole window, not reviewed":         {1, false, []artifacts.Entry{firstDay}, 1, 0, "0 until 2, 1 to review"},
		"a whole window":                       {1, false, []artifacts.Entry{firstDay, reviewed}, 1, 0, "0-1 until 2, 0 to review"},
		"half a window":                        {2, false, []artifacts.Entry{firstDay}, 1, 0, ""},
		"conversations that have not ended":    {1, false, []artifacts.Entry{open}, 1, 0, ""},
		"the same of an endless window":        {1, true, []artifacts.Entry{open}, 1, 0, "0 until 2, 1 to review"},
		"a sealed window":                      {1, false, []artifacts.Entry{firstDay, reviewed, sealed}, 1, 0, ""},
		"a retry at work":                      {1, false, []artifacts.Entry{firstDay, reviewed, sealed, retried}, 1, 0, ""},
		"a retry":                              {1, false, []artifacts.Entry{firstDay, reviewed, sealed, retried}, 2, 0, "3 until 2, 0 to review"},
		"a retry of an endless window":         {1, true, []artifacts.Entry{firstDay, reviewed, sealed, retried}, 2, 0, "3 until 2, 0 to review"},
		"what came later":                      {1, true, []artifacts.Entry{firstDay, reviewed, sealed, late}, 2, 0, ""},
		"what came later, a day on":            {1, true, []artifacts.Entry{firstDay, reviewed, sealed, late}, 2, sealEvery, "3 until 2, 0 to review"},
		"a day whose neighbour is at work":     {2, true, []artifacts.Entry{firstDay, secondDay}, 1, 0, ""},
		"the same when a day has passed":       {2, true, []artifacts.Entry{firstDay, secondDay}, 1, sealEvery, "0 until 2, 1 to review"},
		"two days, of which one has caught up": {2, true, []artifacts.Entry{firstDay, reviewed, sealed, secondDay}, 2, 0, "3 until 3, 1 to review"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := bookOf(t, window(0, time.Duration(tt.days)*day), tt.entries...)
			for i := range b.seals {
				b.seals[i].at = first
			}
			r, got := b.ripen(slicing.FirstOrdinals(tt.counted), tt.follows, first, first.Add(tt.after)), ""
			if r.due {
				got = fmt.Sprintf("%s until %d, %d to review", r.entries, r.until.Day(), len(r.review))
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestEveryEntryIsSealedOnce: whatever the order in which days are surveyed,
// batches finish and days pass, each entry of an endless plan is in one seal, and
// none is sealed while a batch of its day is at work.
func TestEveryEntryIsSealedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const days = 4
		spec := window(0, days*day)
		b := newBook(spec)
		b.extend(spec.End, spec.End)
		now, counted := first, slicing.Ordinals{}
		for range rapid.IntRange(10, 80).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"survey", "count", "wait", "seal"}).Draw(t, "step") {
			case "survey":
				if q, more := b.next(0); more {
					entry := surveyedDay(q.day.Day(), q.pass, q.purpose, rapid.Int64Range(0, 1).Draw(t, "deferred"))
					_ = b.add(withSlices(entry, rapid.IntRange(0, 2).Draw(t, "slices")))
				}
			case "count":
				if n := len(b.slices); n > 0 {
					counted = counted.With(rapid.IntRange(0, n-1).Draw(t, "batch"))
				}
			case "wait":
				now = now.Add(7 * time.Hour)
			case "seal":
				sealRipe(t, b, counted, now)
			}
		}
	})
}

// sealRipe seals what is ripe, if it is due, and checks it.
func sealRipe(t *rapid.T, b *book, counted slicing.Ordinals, now time.Time) {
	r := b.ripen(counted, true, first, now)
	if !r.due {
		return
	}
	for _, d := range r.review {
		_ = b.add(surveyedDay(d.at.Day(), d.passes, artifacts.Review, d.deferred))
	}
	if r = b.ripen(counted, true, first, now); !r.due || len(r.review) > 0 {
		t.Fatalf("after the review %+v", r)
	}
	busy := b.busy(counted)
	for i, entry := range b.entries {
		if !r.entries.Contains(i) {
			continue
		}
		if b.sealed[i] > 0 || busy[entryDay(entry)] {
			t.Fatalf("entry %d is sealed again, or while a batch of its day is at work", i)
		}
	}
	sealing := artifacts.Sealing{Number: len(b.seals) + 1, Until: r.until, Entries: r.entries.String()}
	if err := b.add(artifacts.Entry{Stamp: artifacts.Stamp{At: now}, Sealing: &sealing}); err != nil {
		t.Fatal(err)
	}
}

// TestEachConversationIsPlannedOnce: whatever the width of parts against that of
// days, each conversation becomes known with one day, and not before its whole
// part is surveyed.
func TestEachConversationIsPlannedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := window(
			time.Duration(rapid.IntRange(0, 48*60).Draw(t, "from"))*time.Minute,
			time.Duration(rapid.IntRange(48*60+1, 200*60).Draw(t, "to"))*time.Minute)
		spec.Width = time.Duration(rapid.IntRange(1, 100*60).Draw(t, "width")) * time.Minute
		spec.Daily = rapid.Bool().Draw(t, "daily")
		b := newBook(spec)
		b.extend(spec.End, spec.End)
		var surveys []artifacts.Survey
		total := 0
		for _, d := range b.days {
			survey := artifacts.Survey{Day: d.at}
			from, to := span(spec, d.at)
			for n := range rapid.IntRange(0, 5).Draw(t, "conversations") {
				offset := rapid.Int64Range(0, int64(to.Sub(from))-1).Draw(t, "offset")
				survey.Conversations = append(survey.Conversations, slicing.Conversation{
					ID: fmt.Sprintf("%d-%d", d.at.Day(), n), Start: from.Add(time.Duration(offset)),
				})
				total++
			}
			surveys = append(surveys, survey)
		}
		planned := map[string]bool{}
		for i, d := range b.days {
			for _, c := range known(spec, d.at, surveys[:i+1]) {
				_, end, _ := spec.Part(c.Start)
				if planned[c.ID] || i+1 < len(b.days) && b.days[i+1].at.Before(end) {
					t.Fatalf("%s at %v is planned with day %v", c.ID, c.Start, d.at)
				}
				if spec.Daily && !c.Start.UTC().Truncate(day).Equal(d.at) {
					t.Fatalf("%s at %v is planned with day %v, not with its own", c.ID, c.Start, d.at)
				}
				planned[c.ID] = true
			}
		}
		if len(planned) != total {
			t.Fatalf("%d of %d conversations are planned", len(planned), total)
		}
	})
}
