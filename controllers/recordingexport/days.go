package recordingexport

import (
	"cmp"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// day is the span that is surveyed at once.
const day = 24 * time.Hour

// dayState is how one day of the window stands.
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

// extend sets the end of the window, and has the book know the days up to an
// instant: that end, or, if it has none, what has settled.
func (b *book) extend(end, until time.Time) {
	b.spec.End = end
	for _, entry := range b.entries {
		if s := entry.Surveyed; s != nil && s.To.After(b.spec.End) {
			b.spec.End = s.To // surveyed before the window got its end
		}
	}
	b.recede()
	b.reach(until)
}

// recede has the book forget the days that a new end leaves out, unless they were
// surveyed before.
func (b *book) recede() {
	for n := len(b.days) - 1; n >= 0 && b.days[n].passes == 0 && !b.days[n].at.Before(b.spec.End); n-- {
		b.days = b.days[:n]
	}
}

// reach has the book know the days of the window up to an instant.
func (b *book) reach(until time.Time) {
	at := b.spec.Start.UTC().Truncate(day)
	if n := len(b.days); n > 0 {
		at = b.days[n-1].at.Add(day)
	}
	for ; at.Before(until) && at.Before(b.spec.End); at = at.Add(day) {
		b.days = append(b.days, &dayState{at: at})
	}
	b.totals.Days = int32(len(b.days)) //nolint:gosec // some thousands at most
}

// day returns the state of a day, which it adds, with those before it, if need be.
func (b *book) day(at time.Time) *dayState {
	at = at.UTC().Truncate(day)
	b.reach(at.Add(day))
	return b.days[int(at.Sub(b.days[0].at)/day)]
}

// span is the part of a UTC day that is in the window.
func span(spec slicing.Spec, at time.Time) (from, to time.Time) {
	from, to = at, at.Add(day)
	if from.Before(spec.Start) {
		from = spec.Start
	}
	if to.After(spec.End) {
		to = spec.End
	}
	return from, to
}

// question is a survey that is to be made.
type question struct {
	day     time.Time
	pass    int
	purpose artifacts.Purpose
	// due is when it is worth asking.
	due time.Time
}

// next returns the survey that is due first; there is none if every day has been
// surveyed and no conversation is deferred.
func (b *book) next(settleAfter time.Duration) (question, bool) {
	var due []question
	for _, d := range b.days {
		switch {
		case d.passes == 0:
			_, to := span(b.spec, d.at)
			return earliest(append(due, question{d.at, 0, artifacts.First, to.Add(settleAfter)}))
		case d.again:
			due = append(due, question{d.at, d.passes, artifacts.Retry, time.Time{}})
		case d.deferred > 0:
			due = append(due, question{d.at, d.passes, artifacts.Deferred, d.askAgain})
		}
	}
	return earliest(due)
}

// coming is the survey of the day after those that have settled.
func (b *book) coming(settleAfter time.Duration) question {
	at := b.spec.Start.UTC().Truncate(day)
	if n := len(b.days); n > 0 {
		at = b.days[n-1].at.Add(day)
	}
	return question{at, 0, artifacts.First, at.Add(day + settleAfter)}
}

// earliest is the question that is due first, by the order of days if several are.
func earliest(questions []question) (question, bool) {
	if len(questions) == 0 {
		return question{}, false
	}
	return slices.MinFunc(questions, func(a, b question) int {
		return cmp.Or(a.due.Compare(b.due), a.day.Compare(b.day))
	}), true
}

// surveyed tells whether every day that can be surveyed has been.
func (b *book) surveyed() bool {
	return len(b.days) == 0 || b.days[len(b.days)-1].passes > 0
}
