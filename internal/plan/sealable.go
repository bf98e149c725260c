package plan

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// sealInterval is how long an export without an end waits between two seals if it has not
// caught up.
const sealInterval = 24 * time.Hour

// Sealable is how much of the plan can be sealed next.
type Sealable struct {
	// Until is the end of the days, from the first on, that are complete.
	Until time.Time
	// Reviews are the surveys that have to be made first, one for each day.
	Reviews []DueSurvey
	// Entries of the plan that the seal takes in.
	Entries slicing.Ordinals
	// Due reports whether it is time for a seal.
	Due bool
}

// Sealable returns what can be sealed. A window with an end is sealed as a whole, once
// nothing is waited for any more. One without an end (continuous) is sealed day by day, as soon
// as all that has settled is complete, or a day after the last seal, or after the
// export began; what it still waits for comes in a later seal. counted are the slices whose
// batches have finished and are counted.
func (v View) Sealable(counted SliceSet, continuous bool, began, now time.Time) Sealable {
	busy := v.busyDays(counted)
	s := Sealable{Until: v.completeUntil(busy, continuous)}
	if s.Until.IsZero() || !continuous && len(busy) > 0 {
		return Sealable{}
	}
	newDays := 0
	for _, d := range v.days {
		if d.sealed || !d.at.Before(s.Until) {
			continue
		}
		newDays++
		if !d.reviewed {
			s.Reviews = append(s.Reviews, DueSurvey{Day: d.at, Pass: d.passes, Purpose: PurposeReview})
		}
	}
	s.Entries = v.sealableEntries(s.Until, busy)
	last := v.days[len(v.days)-1]
	late := now.Sub(v.lastSealed(began)) >= sealInterval
	switch {
	case s.Entries.Len() == 0:
	case !continuous:
		s.Due = true
	case newDays > 0:
		s.Due = last.at.Before(s.Until) || late
	default:
		s.Due = v.anyEntry(s.Entries, isRetry) || late && v.anyEntry(s.Entries, v.hasSlices)
	}
	return s
}

// busyDays are the days with slices that are not counted. The zero day is among them if
// such a slice is of no single day: it is of a retry.
func (l *Log) busyDays(counted SliceSet) map[time.Time]bool {
	days := map[time.Time]bool{}
	for i, lane := range slicing.AllLanes {
		number := -1
		for id := range l.SlicesWithout(counted, lane) {
			place := l.slices.inLane[i][id.Ordinal]
			if number >= 0 && (number+1 == len(l.entries) || place < l.entries[number+1].first) {
				continue // of the same entry as the slice before
			}
			number = l.entryWith(int(place))
			days[l.DayOf(number)] = true
		}
	}
	return days
}

// completeUntil is the end of the days, from the first on, that are complete: all of
// the window if it has an end, or nothing.
func (l *Log) completeUntil(busy map[time.Time]bool, continuous bool) time.Time {
	var end time.Time
	for _, d := range l.days {
		if d.passes == 0 || d.again || !continuous && d.deferred > 0 || !d.sealed && busy[d.at] {
			if !continuous {
				return time.Time{}
			}
			return end
		}
		_, end = DayInWindow(l.spec, d.at)
	}
	return end
}

// sealableEntries are the entries that a seal of the days up to an instant takes in.
func (l *Log) sealableEntries(until time.Time, busy map[time.Time]bool) slicing.Ordinals {
	return slicing.OrdinalsOf(len(l.entries), func(number int) bool {
		entry := l.withoutSlices(number)
		at := entry.day()
		return l.SealOf(number) == 0 && entry.Sealing == nil && entry.Voided == nil && at.Before(until) && !busy[at]
	})
}

// anyEntry reports whether a condition is met by any of the entries.
func (l *Log) anyEntry(entries slicing.Ordinals, meets func(number int, entry Entry) bool) bool {
	for number := range l.entries {
		if entries.Contains(number) && meets(number, l.withoutSlices(number)) {
			return true
		}
	}
	return false
}

func isRetry(_ int, entry Entry) bool { return entry.Retried != nil }

func (l *Log) hasSlices(number int, _ Entry) bool {
	first, end := l.placesOf(number)
	return end > first
}

// lastSealed is when the last part of the plan was closed, or else when the export began.
func (l *Log) lastSealed(began time.Time) time.Time {
	if n := len(l.seals); n > 0 {
		return l.entries[l.seals[n-1]].at
	}
	return began
}

// AllSealed reports whether every known day and every entry of the plan is in a seal, sealed
// or about to be, and nothing is waited for.
func (v View) AllSealed() bool {
	for _, d := range v.days {
		if !d.sealed || d.again || d.deferred > 0 {
			return false
		}
	}
	for number := range v.entries {
		entry := v.withoutSlices(number)
		if v.SealOf(number) == 0 && entry.Sealing == nil && entry.Voided == nil {
			return false
		}
	}
	return true
}

// AllDaysSealed reports whether the last known day is in a seal, and so all before it.
func (v View) AllDaysSealed() bool {
	return len(v.days) == 0 || v.days[len(v.days)-1].sealed
}
