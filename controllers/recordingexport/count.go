package recordingexport

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// lanes in the order in which they are shown.
var lanes = []v1alpha1.Lane{
	v1alpha1.LaneStandard, v1alpha1.LaneLegalHold, v1alpha1.LaneLegalHoldScreen, v1alpha1.LaneIsolated,
}

// laneOrdinals are the ordinals of the finished and counted batches of each lane.
// They are counted by lane so that each set is nearly one interval, however far
// one lane is behind another.
type laneOrdinals map[v1alpha1.Lane]slicing.Ordinals

// ordinalsOf reads the ordinals from a status.
func ordinalsOf(status v1alpha1.RecordingExportStatus) (laneOrdinals, error) {
	all := laneOrdinals{}
	for _, lane := range status.Lanes {
		set, err := slicing.ParseOrdinals(lane.CompletedOrdinals)
		if err != nil {
			return nil, fmt.Errorf("status.lanes[%s].completedOrdinals: %w", lane.Lane, err)
		}
		all[lane.Lane] = set
	}
	return all, nil
}

// contains tells whether a batch is counted.
func (o laneOrdinals) contains(batch *v1alpha1.RecordingExportBatch) bool {
	return o[batch.Spec.Lane].Contains(int(batch.Spec.Ordinal))
}

// slicesOf returns which slices of the plan have been counted, by their place in it.
func (b *book) slicesOf(ordinals laneOrdinals) slicing.Ordinals {
	done := make([]bool, len(b.slices))
	for lane, places := range b.inLane {
		for ordinal, place := range places {
			done[place] = ordinals[v1alpha1.Lane(lane)].Contains(ordinal)
		}
	}
	return slicing.OrdinalsOf(len(done), func(place int) bool { return done[place] })
}

// enterOrdinals writes which slices have been counted into a status.
func (b *book) enterOrdinals(status *v1alpha1.RecordingExportStatus, counted slicing.Ordinals) {
	for lane, places := range b.inLane {
		set := slicing.OrdinalsOf(len(places), func(ordinal int) bool { return counted.Contains(places[ordinal]) })
		if set.Len() > 0 {
			laneOf(status, v1alpha1.Lane(lane)).CompletedOrdinals = set.String()
		}
	}
	status.Batches.Completed = int32(counted.Len()) //nolint:gosec // ordinals are int32
}

// place returns a batch's place in the plan, and whether it has one.
func (b *book) place(batch *v1alpha1.RecordingExportBatch) (int, bool) {
	places, ordinal := b.inLane[slicing.Lane(batch.Spec.Lane)], int(batch.Spec.Ordinal)
	if ordinal >= len(places) || b.slices[places[ordinal]].Name != batch.Name {
		return 0, false
	}
	return places[ordinal], true
}

// ordinal returns the number of a slice among those of its lane.
func (b *book) ordinal(place int) int {
	n, _ := slices.BinarySearch(b.inLane[b.slices[place].Lane], place)
	return n
}

// fold counts finished batches, each once: a batch is counted in the same write
// of the status that notes its ordinal, and only once the plan holds what it has
// led to, so that it can be deleted from then on.
func (b *book) fold(status *v1alpha1.RecordingExportStatus, batches []v1alpha1.RecordingExportBatch) (slicing.Ordinals, error) {
	ordinals, err := ordinalsOf(*status)
	if err != nil {
		return slicing.Ordinals{}, err
	}
	counted := b.slicesOf(ordinals)
	for i := range batches {
		batch := &batches[i]
		place, planned := b.place(batch)
		if !planned || !batch.IsFinished() || counted.Contains(place) || b.ledTo(batch) != nil {
			continue
		}
		counted = counted.With(place)
		if batch.Status.Bag != nil {
			laneOf(status, batch.Spec.Lane).add(batch)
		}
	}
	b.enterOrdinals(status, counted)
	return counted, nil
}

// adopt takes the numbers of what is sealed from the account, if the status does
// not have them: it outlives batches and status, and an export that was created
// again under an old name has nothing else.
func (s *scope) adopt() error {
	if s.sealed == nil {
		return nil
	}
	status := &s.export.Status
	ordinals, err := ordinalsOf(*status)
	if err != nil {
		return err
	}
	sealed := s.book.sealedSlices(s.sealed.Account.Number)
	if s.book.slicesOf(ordinals).ContainsAll(sealed) {
		return nil
	}
	status.Lanes = nil
	s.book.enterOrdinals(status, sealed)
	for _, l := range s.sealed.Account.Lanes {
		lane := laneOf(status, v1alpha1.Lane(l.Lane))
		lane.Batches, lane.Gaps, lane.Bytes = int32(l.Bags), l.Gaps, l.Bytes //nolint:gosec // bags are numbered by int32
	}
	for _, r := range s.sealed.Account.Recordings {
		addCounts(&laneOf(status, v1alpha1.Lane(r.Lane)).Recordings, recordingCounts(r.Counts))
	}
	return nil
}

// laneStatus is the account of a lane.
type laneStatus v1alpha1.LaneStatus

// add adds what a batch holds. What it accounts for again was unavailable before.
func (l *laneStatus) add(batch *v1alpha1.RecordingExportBatch) {
	l.Batches++
	l.Gaps += gapsOf(batch)
	l.Bytes += batch.Status.Bytes
	addCounts(&l.Recordings, recordingsOf(batch))
}

// recordingsOf counts what a batch adds to the export's recordings. What it
// accounts for again was unavailable, and is until it is there.
func recordingsOf(batch *v1alpha1.RecordingExportBatch) v1alpha1.RecordingCounts {
	counts, again := batch.Status.Recordings, batch.Status.Replaces.Recordings
	counts.Total -= again
	if !batch.IsFinished() {
		again = min(again, counts.Exported)
	}
	counts.Unavailable -= again
	return counts
}

// gapsOf counts what a batch adds to the export's gaps.
func gapsOf(batch *v1alpha1.RecordingExportBatch) int64 {
	again := batch.Status.Replaces
	if !batch.IsFinished() {
		return batch.Status.Gaps - min(again.Recordings, batch.Status.Recordings.Exported)
	}
	return batch.Status.Gaps - again.Recordings - again.Conversations
}

// laneOf returns the account of a lane, which it adds if there is none.
func laneOf(status *v1alpha1.RecordingExportStatus, lane v1alpha1.Lane) *laneStatus {
	for i := range status.Lanes {
		if status.Lanes[i].Lane == lane {
			return (*laneStatus)(&status.Lanes[i])
		}
	}
	status.Lanes = append(status.Lanes, v1alpha1.LaneStatus{Lane: lane})
	slices.SortFunc(status.Lanes, func(a, b v1alpha1.LaneStatus) int {
		return cmp.Compare(slices.Index(lanes, a.Lane), slices.Index(lanes, b.Lane))
	})
	return laneOf(status, lane)
}

func addCounts(sum *v1alpha1.RecordingCounts, more v1alpha1.RecordingCounts) {
	sum.Total += more.Total
	sum.Exported += more.Exported
	sum.Excluded += more.Excluded
	sum.Unavailable += more.Unavailable
}
