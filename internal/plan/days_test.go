package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

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
		if got := logOf(t, tt.spec).days; len(got) != tt.want || !got[0].at.Equal(first) {
			t.Errorf("[%v, %v) touches %d days from %v, want %d", tt.spec.Start, tt.spec.End, len(got), got[0].at, tt.want)
		}
	}
}

// TestTheNextSurvey: every day once, in order, and those with deferred
// conversations again when they are due.
func TestTheNextSurvey(t *testing.T) {
	l := logOf(t, window(0, 72*time.Hour))
	var got []string
	deferred := map[string]int64{"1/0": 2, "3/0": 1, "3/1": 1}
	for {
		next, more := l.NextSurvey(48 * time.Hour)
		if !more {
			break
		}
		name := fmt.Sprintf("%d/%d", next.Day.Day(), next.Pass)
		got = append(got, name+" "+string(next.Purpose)+" "+next.Due.Sub(first).String())
		appendAll(t, l, surveyedDay(next.Day.Day(), next.Pass, next.Purpose, deferred[name]))
	}
	want := []string{
		"1/0 First 72h0m0s", "2/0 First 96h0m0s", "1/1 Deferred 100h0m0s", "3/0 First 120h0m0s", "3/1 Deferred 148h0m0s", "3/2 Deferred 148h0m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("surveys (-want +got):\n%s", diff)
	}
	if totals := l.Totals(); totals.Deferred != 0 || totals.Conversations != 60 || totals.DaysSurveyed != 3 || totals.Days != 3 {
		t.Errorf("totals %+v", totals)
	}
	if after := l.FirstSurveyAfter(48 * time.Hour); !after.Day.Equal(first.Add(72*time.Hour)) || after.Due.Sub(after.Day) != 72*time.Hour {
		t.Errorf("the day after: %+v", after)
	}
}

// TestAnEndThatComesLater: what was surveyed before the window got its end stays,
// and no day is added any more.
func TestAnEndThatComesLater(t *testing.T) {
	endless := window(0, 72*time.Hour)
	endless.End, endless.Daily = first.AddDate(100, 0, 0), true
	l := New("case-1", endless).Window(endless.End, first.Add(48*time.Hour))
	appendAll(t, l, surveyedDay(1, 0, PurposeFirst, 0), surveyedDay(2, 0, PurposeFirst, 0))
	early := first.Add(30 * time.Hour)
	l = l.Window(early, early)
	if want := first.Add(48 * time.Hour); len(l.days) != 2 || !l.Spec().End.Equal(want) || !l.AllSurveyed() {
		t.Errorf("%d days, end %v; want 2 days and the end of the second", len(l.days), l.Spec().End)
	}
}

// TestAnEndBeforeDaysThatWereSurveyed: the window ends where the last of them does,
// in whichever order the surveys came.
func TestAnEndBeforeDaysThatWereSurveyed(t *testing.T) {
	l := New("case-1", window(0, 96*time.Hour)).Window(first.Add(96*time.Hour), first.Add(72*time.Hour))
	appendAll(t, l, surveyedDay(1, 0, PurposeFirst, 1), surveyedDay(2, 0, PurposeFirst, 0), surveyedDay(3, 0, PurposeFirst, 0), surveyedDay(1, 1, PurposeDeferred, 0))
	end := first.Add(20 * time.Hour)
	l = l.Window(end, end)
	want := first.Add(72 * time.Hour)
	if s := l.Sealable(nil, false, first, want); !l.Spec().End.Equal(want) || len(l.days) != 3 || !s.Until.Equal(want) || s.Entries.String() != "0-3" {
		t.Errorf("end %v, %d days, sealable %+v; want the end of the third day, and all of it sealable", l.Spec().End, len(l.days), s)
	}
}

// TestAnEndBeforeDaysThatAreKnown: days that have settled, but were not surveyed, are
// left out by an end that comes before them. There would be nothing to ask for.
func TestAnEndBeforeDaysThatAreKnown(t *testing.T) {
	l := New("case-1", window(0, 96*time.Hour)).Window(first.Add(96*time.Hour), first.Add(96*time.Hour))
	appendAll(t, l, surveyedDay(1, 0, PurposeFirst, 0))
	end := first.Add(30 * time.Hour)
	l = l.Window(end, end)
	if len(l.days) != 2 || l.Totals().Days != 2 {
		t.Errorf("%d days, totals %+v; want 2 days", len(l.days), l.Totals())
	}
	end = first.Add(24 * time.Hour)
	l = l.Window(end, end)
	if next, more := l.NextSurvey(0); more || len(l.days) != 1 || !l.AllSurveyed() {
		t.Errorf("%d days, next %+v; want the surveyed one and nothing more", len(l.days), next)
	}
}

// TestDaysWithOpenConversations: those that a retry surveys again.
func TestDaysWithOpenConversations(t *testing.T) {
	open := surveyedDay(2, 0, PurposeFirst, 0)
	open.Surveyed.Open = 2
	l := logOf(t, window(0, 3*Day), surveyedDay(1, 0, PurposeFirst, 0), open)
	if days := l.OpenDays(); len(days) != 1 || !days[0].Equal(open.Surveyed.Day) {
		t.Errorf("days %v, want the second", days)
	}
	reopened := surveyedDay(2, 1, PurposeRetry, 0)
	reopened.Surveyed.Reopened = 2
	appendAll(t, l, reopened)
	if days := l.OpenDays(); len(days) > 0 || l.Totals().Unavailable != 0 {
		t.Errorf("days %v, %d unavailable, want none", days, l.Totals().Unavailable)
	}
}
