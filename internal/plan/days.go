package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Day is the span that is surveyed at once. Days begin at midnight UTC.
const Day = 24 * time.Hour

// StartOfDay returns the beginning of the UTC day of an instant.
func StartOfDay(at time.Time) time.Time { return at.UTC().Truncate(Day) }

// dayState is the state of one day of the window.
type dayState struct {
	at time.Time
	// passes is how often it was surveyed.
	passes int
	// deferred is how many of its conversations have not settled, askAgain when
	// the first of them is worth asking for.
	deferred int64
	askAgain time.Time
	// open is how many did not end in time.
	open int64
	// again tells that somebody wants it surveyed again.
	again    bool
	reviewed bool
	sealed   bool
}

// Totals are the sums over all surveys.
type Totals struct {
	// Days of the window that are known, and how many of them have been surveyed.
	Days, DaysSurveyed int
	// Conversations that became known, by what becomes of them.
	Conversations, Held, Excluded, Unavailable int64
	// OutOfScope are those of the excluded ones that are not in the scope of the export.
	OutOfScope int64
	// NotFound are those of the unavailable ones that the scope names and Genesys Cloud does not
	// know, Outside those of the excluded ones that it names and that did not start in the window.
	NotFound, Outside int64
	// Deferred is how many have not ended, or not settled.
	Deferred int64
}

// Totals returns the sums over all surveys.
func (v View) Totals() Totals { return v.totals }

// View is a log whose window is known. It answers the questions that depend on the window.
type View struct{ *Log }

// Window sets the end of the window, and adds its days up to an instant: that end, or,
// if it has none, what has settled. What was surveyed before the window got its end stays
// in it.
func (l *Log) Window(end, until time.Time) View {
	l.spec.End = end
	for number := range l.entries {
		if s := l.entries[number].entry.Surveyed; s != nil && s.To.After(l.spec.End) {
			l.spec.End = s.To
		}
	}
	l.dropDaysAfterEnd()
	l.addDays(until)
	return View{l}
}

// dropDaysAfterEnd removes the days that a new end leaves out, unless they were surveyed
// before.
func (l *Log) dropDaysAfterEnd() {
	for n := len(l.days) - 1; n >= 0 && l.days[n].passes == 0 && !l.days[n].at.Before(l.spec.End); n-- {
		l.days = l.days[:n]
	}
}

// addDays adds the days of the window up to an instant.
func (l *Log) addDays(until time.Time) {
	for at := l.dayAfterLast(); at.Before(until) && at.Before(l.spec.End); at = at.Add(Day) {
		l.days = append(l.days, dayState{at: at})
	}
	l.totals.Days = len(l.days)
}

// dayAfterLast is the day after those that are known.
func (l *Log) dayAfterLast() time.Time {
	if n := len(l.days); n > 0 {
		return l.days[n-1].at.Add(Day)
	}
	return StartOfDay(l.spec.Start)
}

// day returns the state of a day, which it adds, with those before it, if need be.
func (l *Log) day(at time.Time) *dayState {
	at = StartOfDay(at)
	l.addDays(at.Add(Day))
	return &l.days[int(at.Sub(l.days[0].at)/Day)]
}

// passesOf is how often a day was surveyed.
func (l *Log) passesOf(day time.Time) int {
	if n := day.Sub(StartOfDay(l.spec.Start)) / Day; int(n) < len(l.days) {
		return l.days[n].passes
	}
	return 0
}

// addSurvey takes in what a survey of a day has found.
func (l *Log) addSurvey(s Surveyed) {
	if s.To.After(l.spec.End) {
		l.spec.End = s.To // surveyed before the window got its end
	}
	d := l.day(s.Day)
	l.totals.Conversations += s.Conversations
	l.totals.Held += s.Held
	l.totals.Excluded += s.Excluded + s.OutOfScope + s.Outside
	l.totals.OutOfScope += s.OutOfScope
	l.totals.NotFound += s.NotFound
	l.totals.Outside += s.Outside
	l.totals.Unavailable += s.Open + s.Refused + s.NotFound - s.Reopened
	l.totals.Deferred += s.Deferred - d.deferred
	if d.passes == 0 {
		l.totals.DaysSurveyed++
	}
	d.passes = s.Pass + 1
	d.deferred, d.askAgain = s.Deferred, s.AskAgain
	d.open += s.Open - s.Reopened
	d.again = d.again && s.Purpose != PurposeRetry
	d.reviewed = d.reviewed || s.Purpose == PurposeReview
}

// DayInWindow is the part of a UTC day that is in the window.
func DayInWindow(spec slicing.Spec, day time.Time) (from, to time.Time) {
	from, to = day, day.Add(Day)
	if from.Before(spec.Start) {
		from = spec.Start
	}
	if to.After(spec.End) {
		to = spec.End
	}
	return from, to
}

// DueSurvey is a survey of a day that is to be made.
type DueSurvey struct {
	Day time.Time
	// Pass counts the surveys of the day before this one.
	Pass    int
	Purpose Purpose
	// Due is when the survey can be made, zero for at once.
	Due time.Time
}

// NextSurvey returns the survey that is due first. There is none if every known day has
// been surveyed, no conversation is deferred, and nobody wants a day surveyed again. A day
// can be surveyed settleAfter after its end.
func (v View) NextSurvey(settleAfter time.Duration) (next DueSurvey, found bool) {
	var due []DueSurvey
	for _, d := range v.days {
		switch {
		case d.passes == 0:
			_, to := DayInWindow(v.spec, d.at)
			return earliest(append(due, DueSurvey{d.at, 0, PurposeFirst, to.Add(settleAfter)}))
		case d.again:
			due = append(due, DueSurvey{d.at, d.passes, PurposeRetry, time.Time{}})
		case d.deferred > 0:
			due = append(due, DueSurvey{d.at, d.passes, PurposeDeferred, d.askAgain})
		}
	}
	return earliest(due)
}

// FirstSurveyAfter is the first survey of the day after those that are known.
func (v View) FirstSurveyAfter(settleAfter time.Duration) DueSurvey {
	at := v.dayAfterLast()
	return DueSurvey{at, 0, PurposeFirst, at.Add(Day + settleAfter)}
}

// earliest is the survey that is due first, by the order of days if several are.
func earliest(surveys []DueSurvey) (DueSurvey, bool) {
	if len(surveys) == 0 {
		return DueSurvey{}, false
	}
	return slices.MinFunc(surveys, func(a, b DueSurvey) int {
		return cmp.Or(a.Due.Compare(b.Due), a.Day.Compare(b.Day))
	}), true
}

// AllSurveyed reports whether every known day has been surveyed.
func (v View) AllSurveyed() bool {
	return len(v.days) == 0 || v.days[len(v.days)-1].passes > 0
}

// OpenDays lists the days with conversations that did not end in time.
func (l *Log) OpenDays() []time.Time {
	var open []time.Time
	for _, d := range l.days {
		if d.open > 0 {
			open = append(open, d.at)
		}
	}
	return open
}
