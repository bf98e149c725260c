package recordingexport

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// sealEvery is how long an export without an end waits between two seals if it
// has not caught up.
const sealEvery = 24 * time.Hour

// ripe is how much of the plan can be sealed next.
type ripe struct {
	// until is the end of the days, from the first on, that are complete.
	until time.Time
	// review are the days that have to be surveyed again first.
	review []*dayState
	// entries of the plan that the seal takes in.
	entries slicing.Ordinals
	// due tells whether it is time for a seal.
	due bool
}

// ripen says what can be sealed. A window with an end is sealed as a whole, once
// nothing is waited for any more. One without an end is sealed day by day, as
// soon as all that has settled is complete, at the latest every sealEvery; what
// it still waits for comes in a later seal.
func (b *book) ripen(counted slicing.Ordinals, follows bool, begun, now time.Time) ripe {
	busy := b.busy(counted)
	r := ripe{until: b.complete(busy, follows)}
	if r.until.IsZero() || !follows && len(busy) > 0 {
		return ripe{}
	}
	fresh := 0
	for _, d := range b.days {
		if d.sealed || !d.at.Before(r.until) {
			continue
		}
		fresh++
		if !d.reviewed {
			r.review = append(r.review, d)
		}
	}
	urgent := b.collect(&r, busy)
	last := b.days[len(b.days)-1]
	late := now.Sub(b.lastSealed(begun)) >= sealEvery
	switch {
	case r.entries.Len() == 0:
	case !follows:
		r.due = true
	case fresh > 0:
		r.due = last.at.Before(r.until) || late
	default:
		r.due = urgent || late && b.leadsTo(r.entries)
	}
	return r
}

// busy are the days with slices that are not counted; the zero day stands for
// slices of no day.
func (b *book) busy(counted slicing.Ordinals) map[time.Time]bool {
	days := map[time.Time]bool{}
	if counted.Len() == len(b.slices) {
		return days
	}
	for ordinal, at := range b.sliceDay {
		if !counted.Contains(ordinal) {
			days[at] = true
		}
	}
	return days
}

// complete is the end of the days, from the first on, that are complete: all of
// the window if it has an end, or nothing.
func (b *book) complete(busy map[time.Time]bool, follows bool) time.Time {
	var end time.Time
	for _, d := range b.days {
		if d.passes == 0 || d.again || !follows && d.deferred > 0 || !d.sealed && busy[d.at] {
			if !follows {
				return time.Time{}
			}
			return end
		}
		_, end = span(b.spec, d.at)
	}
	return end
}

// collect gathers the entries that a seal takes in, and tells whether somebody
// waits for one of them.
func (b *book) collect(r *ripe, busy map[time.Time]bool) (urgent bool) {
	for i, entry := range b.entries {
		at := entryDay(entry)
		if b.sealed[i] > 0 || entry.Sealing != nil || entry.Voided != nil || !at.Before(r.until) || busy[at] {
			continue
		}
		r.entries = r.entries.With(i)
		urgent = urgent || entry.Retried != nil
	}
	return urgent
}

// leadsTo tells whether any of the entries has led to slices.
func (b *book) leadsTo(entries slicing.Ordinals) bool {
	for i, entry := range b.entries {
		if len(entry.Slices) > 0 && entries.Contains(i) {
			return true
		}
	}
	return false
}

// lastSealed is when the plan was last closed, or else when it was begun.
func (b *book) lastSealed(begun time.Time) time.Time {
	if n := len(b.seals); n > 0 {
		return b.seals[n-1].at
	}
	return begun
}
