package plan

import (
	"iter"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// SliceSet is a set of slices: the ordinals of each lane, kept as intervals. Batches of a
// lane finish nearly in order, so each lane is nearly one interval, however far one lane is
// behind another. nil is the empty set.
type SliceSet map[slicing.Lane]slicing.Ordinals

// Contains reports whether a slice is in the set.
func (s SliceSet) Contains(id SliceID) bool { return s[id.Lane].Contains(id.Ordinal) }

// Add adds a slice to a set that is not nil.
func (s SliceSet) Add(id SliceID) { s[id.Lane] = s[id.Lane].With(id.Ordinal) }

// Len is how many slices the set has.
func (s SliceSet) Len() int {
	n := 0
	for _, ordinals := range s {
		n += ordinals.Len()
	}
	return n
}

// ContainsAll reports whether every slice of other is in the set.
func (s SliceSet) ContainsAll(other SliceSet) bool {
	for lane, ordinals := range other {
		if !s[lane].ContainsAll(ordinals) {
			return false
		}
	}
	return true
}

// Planned returns the slices of a set that are in the plan.
func (l *Log) Planned(set SliceSet) SliceSet {
	planned := SliceSet{}
	for _, lane := range slicing.AllLanes {
		if ordinals := set[lane].Below(l.SlicesIn(lane)); ordinals.Len() > 0 {
			planned[lane] = ordinals
		}
	}
	return planned
}

// SlicesWithout lists the slices of a lane that are not in a set, in order.
func (l *Log) SlicesWithout(set SliceSet, lane slicing.Lane) iter.Seq[SliceID] {
	return func(yield func(SliceID) bool) {
		for ordinal := range set[lane].Missing(l.SlicesIn(lane)) {
			if !yield(SliceID{lane, ordinal}) {
				return
			}
		}
	}
}

// SealedSlices are the slices that the first seals take in.
func (l *Log) SealedSlices(seals int) SliceSet {
	sealed := SliceSet{}
	for i, lane := range slicing.AllLanes {
		places, entry := l.slices.inLane[i], 0
		ordinals := slicing.OrdinalsOf(len(places), func(ordinal int) bool {
			for entry+1 < len(l.entries) && l.entries[entry+1].first <= places[ordinal] {
				entry++ // ordinals come in order, and so do the entries of their slices
			}
			seal := l.SealOf(entry)
			return seal > 0 && seal <= seals
		})
		if ordinals.Len() > 0 {
			sealed[lane] = ordinals
		}
	}
	return sealed
}
