// Package plan is the plan of an export: a log of entries that only grows. An entry says
// what became known (a survey of a day, what left a batch, a request to retry, a part that is
// to be sealed) and which slices follow from it. Everybody who reads the entries in order
// gets the same slices with the same ordinals, the same next survey, and the same answer to
// what can be sealed.
//
// Everything is counted from 0, except seals, which are counted from 1. The number of an
// entry is its position among all entries. The place of a slice is its position among the
// slices of all entries, whatever their lane. The ordinal of a slice is its position among
// the slices of its lane; the batch of the slice has it in its spec.
//
// The package decides and does nothing else: it imports neither Kubernetes nor the archive.
// Whoever uses it reads and writes the entries (controllers/recordingexport, planlog.go and
// planner.go).
//
//	entry.go      the kinds of entries and the form in which they are stored
//	log.go        Log: appending entries, and asking for them
//	validate.go   which entry can be the next one; anything else is an EntryError
//	days.go       the days of the window, which one is surveyed next, totals
//	slices.go     the slices and their ordinals, one row of 32 bytes each
//	names.go      their names, which mostly follow from lane and start
//	sliceset.go   sets of slices: which ones are counted, or sealed
//	followups.go  which entry follows from a finished batch
//	sealable.go   what can be sealed next
package plan

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Log is the state of an export's plan. New makes one. It is not safe for concurrent use.
//
// A plan of 131,400 slices, 15 years of hours, takes less than 100 bytes of memory for each
// slice (TestMemory).
type Log struct {
	spec    slicing.Spec
	days    []dayState
	totals  Totals
	entries []entryRow
	slices  sliceTable
	// What the plan has dealt with: moved and isolatedGroups name groups, isolatedBatches names
	// the batches whose recordings were isolated, and retried has the tokens of requests. halved
	// has, for each batch that is cut in two, the number of the entry that does so.
	moved, isolatedGroups, isolatedBatches, retried map[string]bool
	halved                                          map[string]int
	// seals are the numbers of the entries that close a part of the plan.
	seals []int
}

// entryRow is an entry with its slices kept apart.
type entryRow struct {
	at time.Time
	by string
	// entry has no slices: those are in the sliceTable.
	entry Entry
	// first is the place of its first slice in the plan.
	first int32
	// seal is the number of the seal that takes it in, 0 if none does yet.
	seal int32
}

// Numbered is an entry with its number (from 0), when it was written, and by which process.
type Numbered struct {
	Number int
	At     time.Time
	By     string
	Entry
}

// New begins the log of the plan of an export with this name. Its days are known
// once Window has set the window.
func New(export string, spec slicing.Spec) *Log {
	return &Log{
		spec: spec, slices: newSliceTable(export, spec.Start),
		moved: map[string]bool{}, isolatedGroups: map[string]bool{}, isolatedBatches: map[string]bool{}, retried: map[string]bool{}, halved: map[string]int{},
	}
}

// Append adds the next entry of the plan, with the time at which and the process by which it
// was written. If it cannot be the next one, the error is an *EntryError and the log is
// unchanged.
func (l *Log) Append(entry Entry, at time.Time, by string) error {
	if err := l.validate(entry); err != nil {
		return &EntryError{Number: len(l.entries), Err: err}
	}
	if n := len(l.entries); n > 0 && l.entries[n-1].by == by {
		by = l.entries[n-1].by // share the memory
	}
	slices := entry.Slices
	entry.Slices = nil
	l.entries = append(l.entries, entryRow{at: at, by: by, entry: entry, first: int32(l.slices.count())}) //nolint:gosec // validate bounds it
	for _, slice := range slices {
		l.slices.add(slice)
	}
	switch {
	case entry.Surveyed != nil:
		l.addSurvey(*entry.Surveyed)
	case entry.Moved != nil:
		l.moved[entry.Moved.Group] = true
	case entry.Halved != nil:
		l.halved[entry.Halved.Batch] = len(l.entries) - 1
	case entry.Isolated != nil:
		l.addIsolated(*entry.Isolated)
	case entry.Retried != nil:
		l.addRetry(*entry.Retried)
	case entry.Sealing != nil:
		l.addSeal(*entry.Sealing)
	}
	return nil
}

// Spec returns the spec from which slices are computed. SetWindow has set its End.
func (l *Log) Spec() slicing.Spec { return l.spec }

// EntryCount is how many entries there are.
func (l *Log) EntryCount() int { return len(l.entries) }

// EntryAt returns an entry by its number, from 0, with its slices.
func (l *Log) EntryAt(number int) Numbered {
	row, entry := l.entries[number], l.withoutSlices(number)
	first, end := l.placesOf(number)
	for place := first; place < end; place++ {
		entry.Slices = append(entry.Slices, l.slices.at(place))
	}
	return Numbered{number, row.at, row.by, entry}
}

// TimeOf is when an entry was written.
func (l *Log) TimeOf(entry int) time.Time { return l.entries[entry].at }

// DayOf is the day that an entry is about, zero if it is about no single day.
func (l *Log) DayOf(entry int) time.Time { return l.withoutSlices(entry).day() }

func (l *Log) withoutSlices(number int) Entry { return l.entries[number].entry }

// placesOf returns the places of an entry's slices in the plan, from first up to, but not
// including, end.
func (l *Log) placesOf(number int) (first, end int) {
	if number+1 < len(l.entries) {
		return int(l.entries[number].first), int(l.entries[number+1].first)
	}
	return int(l.entries[number].first), l.slices.count()
}

// entryWith returns the number of the entry that led to the slice at a place in the plan.
func (l *Log) entryWith(place int) int {
	after, _ := slices.BinarySearchFunc(l.entries, place, func(row entryRow, place int) int {
		if int(row.first) <= place {
			return -1
		}
		return 1
	})
	return after - 1
}

// addSeal closes a part of the plan.
func (l *Log) addSeal(s Sealing) {
	l.seals = append(l.seals, len(l.entries)-1)
	entries, _ := slicing.ParseOrdinals(s.Entries) // validate has read it
	for i := range l.entries {
		if entries.Contains(i) {
			l.entries[i].seal = int32(s.Number) //nolint:gosec // one more than the number of seals before
		}
	}
	for i := range l.days {
		l.days[i].sealed = l.days[i].sealed || l.days[i].at.Before(s.Until)
	}
}

// SealCount is how many parts of the plan are closed: sealed, or about to be.
func (l *Log) SealCount() int { return len(l.seals) }

// Seal returns what the seal of this number, from 1, takes in. The number must not be
// greater than SealCount.
func (l *Log) Seal(number int) Sealing {
	return *l.withoutSlices(l.seals[number-1]).Sealing
}

// SealOf is the number of the seal that takes an entry in, 0 if none does yet.
func (l *Log) SealOf(entry int) int { return int(l.entries[entry].seal) }

// ClosedBy returns the number of the entry that closes the part of the plan of a seal.
func (l *Log) ClosedBy(seal int) int { return l.seals[seal-1] }

// addRetry marks the days of the request, which had conversations without an end, to be
// surveyed again. A day after the end of the window was never surveyed and is not surveyed now.
func (l *Log) addRetry(r Retried) {
	l.retried[r.Token] = true
	for _, at := range r.Days {
		if at.Before(l.spec.End) {
			l.day(at).again = true
		}
	}
}

// HasRetry reports whether the plan contains the retry that was requested with a token.
func (l *Log) HasRetry(token string) bool { return l.retried[token] }

// HasUnsealedRetry reports whether there is a retry that is in no seal yet.
func (l *Log) HasUnsealedRetry() bool {
	return slices.ContainsFunc(l.entries, func(row entryRow) bool {
		return row.entry.Retried != nil && row.seal == 0
	})
}
