package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
func surveyedDay(n, pass int, purpose Purpose, deferred int64) Entry {
	at := first.AddDate(0, 0, n-1)
	return Entry{Surveyed: &Surveyed{
		Day: at, Pass: pass, Purpose: purpose, To: at.Add(Day), Conversations: 10, Held: 1, Deferred: deferred, AskAgain: at.Add(100 * time.Hour),
	}}
}

// withSlices adds slices to an entry.
func withSlices(entry Entry, n int) Entry {
	entry.Slices = nil
	for i := range n {
		entry.Slices = append(entry.Slices, laneSlice(slicing.Standard, fmt.Sprint(i), "g"))
	}
	return entry
}

func laneSlice(lane slicing.Lane, name, group string) Slice {
	return Slice{Name: name, Group: group, Lane: lane, Start: first, End: first.Add(time.Hour)}
}

// logOf is a log of entries that were written when the window began.
func logOf(t testing.TB, spec slicing.Spec, entries ...Entry) View {
	t.Helper()
	l := New("case-1", spec).Window(spec.End, spec.End)
	appendAll(t, l, entries...)
	return l
}

func appendAll(t testing.TB, l View, entries ...Entry) {
	t.Helper()
	for _, entry := range entries {
		if err := l.Append(entry, first, "a"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEntriesAreReadAsTheyWereWritten: whatever kind they are, and whatever names their
// slices have.
func TestEntriesAreReadAsTheyWereWritten(t *testing.T) {
	later := first.Add(90 * time.Minute)
	sliced := surveyedDay(1, 0, PurposeFirst, 3)
	regular := slicing.Slice{Lane: slicing.LegalHold, Start: later, Piece: 1, Delta: 7}
	sliced.Slices = []Slice{
		{Name: regular.Name("case-1"), Group: regular.Group(), Lane: regular.Lane, Start: later, End: later.Add(30 * time.Minute), Conversations: 10_000},
		{Name: regular.Name("case-1"), Group: "another", Lane: regular.Lane, Start: later, End: later.Add(time.Hour), Conversations: 1},
		{Name: "Standard0", Group: regular.Group(), Lane: slicing.Standard, Start: first, End: first.Add(1), Recordings: maxRecordings},
		{Name: "x", Group: "y", Lane: slicing.Isolated, Start: first, End: first.AddDate(99, 0, 0)},
	}
	entries := []Entry{
		sliced, {Moved: &Moved{Group: "g", Batch: "b", Day: first}}, {Halved: &Halved{Batch: "b"}}, {Isolated: &Isolated{Group: "g", Batch: "b", Recordings: true}},
		{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0-1,3"}}, withSlices(Entry{Retried: &Retried{Token: "t", Seals: 1, Days: []time.Time{first}}}, 2), {Voided: &Voided{}},
	}
	l := New("case-1", window(0, Day)).Window(first.Add(Day), first.Add(Day))
	for number, entry := range entries {
		if err := l.Append(entry, first.Add(time.Duration(number)), fmt.Sprint("process", number/2)); err != nil {
			t.Fatal(err)
		}
	}
	for number, entry := range entries {
		want := Numbered{number, first.Add(time.Duration(number)), fmt.Sprint("process", number/2), entry}
		if diff := cmp.Diff(want, l.EntryAt(number)); diff != "" {
			t.Errorf("entry %d (-want +got):\n%s", number, diff)
		}
	}
	if seal := l.Seal(1); l.SealCount() != 1 || seal.Entries != "0-1,3" || l.ClosedBy(1) != 4 || l.SealOf(3) != 1 || l.SealOf(2) != 0 {
		t.Errorf("%d seals, the first %+v, closed by %d; entry 3 in %d, entry 2 in %d", l.SealCount(), seal, l.ClosedBy(1), l.SealOf(3), l.SealOf(2))
	}
}

// TestRetries are known by their tokens, and run until a seal takes them in.
func TestRetries(t *testing.T) {
	l := logOf(t, window(0, Day), withSlices(surveyedDay(1, 0, PurposeFirst, 0), 1), Entry{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0"}})
	if l.HasRetry("t") || l.HasUnsealedRetry() {
		t.Error("a retry before there was one")
	}
	appendAll(t, l, Entry{Retried: &Retried{Token: "t", Seals: 1}})
	if !l.HasRetry("t") || l.HasRetry("u") || !l.HasUnsealedRetry() {
		t.Error("the retry is not known, or another one is")
	}
	appendAll(t, l, Entry{Sealing: &Sealing{Number: 2, Until: first.Add(Day), Entries: "2"}})
	if !l.HasRetry("t") || l.HasUnsealedRetry() {
		t.Error("the retry is sealed, and not known as such")
	}
}

// TestARetryOfADayAfterTheWindow: the survey of that day was lost with the artifact key, and
// its window has got an end since.
func TestARetryOfADayAfterTheWindow(t *testing.T) {
	l := logOf(t, window(0, Day), surveyedDay(1, 0, PurposeFirst, 0), Entry{Retried: &Retried{Token: "t", Days: []time.Time{first, first.Add(9 * Day)}}})
	if next, due := l.NextSurvey(0); !due || !next.Day.Equal(first) || next.Purpose != PurposeRetry || l.Totals().Days != 1 {
		t.Errorf("next %+v, %t; %d days", next, due, l.Totals().Days)
	}
}

// TestAVoidedEntry leads to nothing, is in no seal, and its day is surveyed again.
func TestAVoidedEntry(t *testing.T) {
	l := logOf(t, window(0, 2*Day),
		withSlices(surveyedDay(1, 0, PurposeFirst, 0), 1), Entry{Voided: &Voided{}}, surveyedDay(1, 1, PurposeReview, 0),
		Entry{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0,2"}})
	if next, due := l.NextSurvey(0); !due || !next.Day.Equal(first.Add(Day)) || next.Pass != 0 || next.Purpose != PurposeFirst {
		t.Errorf("the next survey is %+v, %t", next, due)
	}
	appendAll(t, l, surveyedDay(2, 0, PurposeFirst, 0), surveyedDay(2, 1, PurposeReview, 0))
	sealable := l.Sealable(counted(1), false, first, first.Add(3*Day))
	if !sealable.Due || sealable.Entries.String() != "4-5" || l.AllSealed() {
		t.Errorf("a seal takes in %s, due %t", sealable.Entries, sealable.Due)
	}
	appendAll(t, l, Entry{Sealing: &Sealing{Number: 2, Until: first.Add(2 * Day), Entries: "4-5"}})
	if !l.AllSealed() || !l.AllDaysSealed() {
		t.Error("something is waited for")
	}
	var invalid *EntryError
	if err := l.Append(Entry{Voided: &Voided{}, Retried: &Retried{}}, first, "a"); !errors.As(err, &invalid) || invalid.Number != l.EntryCount() {
		t.Errorf("an entry of two kinds: %v", err)
	}
}

// TestTheFormOfAnEntry: a voided entry is told from none.
func TestTheFormOfAnEntry(t *testing.T) {
	for want, entry := range map[string]Entry{`{}`: {}, `{"voided":{}}`: {Voided: &Voided{}}} {
		var read Entry
		body, err := json.Marshal(entry)
		if err != nil || string(body) != want || json.Unmarshal(body, &read) != nil || cmp.Diff(entry, read) != "" {
			t.Errorf("%+v is written as %s, %v, and read as %+v", entry, body, err, read)
		}
	}
}
