package recordingexport

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// countedIn reads from a status which slices' batches are finished and counted.
func countedIn(status v1alpha1.RecordingExportStatus) (plan.SliceSet, error) {
	counted := plan.SliceSet{}
	for _, lane := range status.Lanes {
		ordinals, err := slicing.ParseOrdinals(lane.CompletedOrdinals)
		if err != nil {
			return nil, fmt.Errorf("status.lanes[%s].completedOrdinals: %w", lane.Lane, err)
		}
		counted[slicing.Lane(lane.Lane)] = ordinals
	}
	return counted, nil
}

// noteCounted writes into a status which slices' batches are counted.
func noteCounted(status *v1alpha1.RecordingExportStatus, counted plan.SliceSet) {
	for lane, ordinals := range counted {
		if ordinals.Len() > 0 {
			laneOf(status, v1alpha1.Lane(lane)).CompletedOrdinals = ordinals.String()
		}
	}
	status.Batches.Completed = int32(counted.Len()) //nolint:gosec // ordinals are int32
}

// countFinishedBatches counts finished batches, each once: a batch is counted in the same
// write of the status that notes its ordinal, and only once the plan has what follows from
// it, so that it can be deleted from then on. It returns all that are counted.
func countFinishedBatches(log plan.View, status *v1alpha1.RecordingExportStatus, batches []v1alpha1.RecordingExportBatch) (plan.SliceSet, error) {
	noted, err := countedIn(*status)
	if err != nil {
		return nil, err
	}
	counted := log.Planned(noted)
	for i := range batches {
		batch := &batches[i]
		slice := sliceOf(batch)
		if !batch.IsFinished() || counted.Contains(slice) || !isPlanned(log, batch) {
			continue
		}
		if _, follows := followUp(log, batch); follows {
			continue
		}
		counted.Add(slice)
		if batch.Status.Bag != nil {
			laneOf(status, batch.Spec.Lane).addBatch(batch)
		}
	}
	noteCounted(status, counted)
	return counted, nil
}

// adoptSealed takes the numbers of what is sealed from the account, if the status does
// not have them: it outlives batches and status, and an export that was created
// again under an old name has nothing else.
func (s *loaded) adoptSealed() error {
	if s.sealed == nil {
		return nil
	}
	status := &s.export.Status
	counted, err := countedIn(*status)
	if err != nil {
		return err
	}
	sealed := s.plan.SealedSlices(s.sealed.Account.Number)
	if s.plan.Planned(counted).ContainsAll(sealed) {
		return nil
	}
	status.Lanes = nil
	noteCounted(status, sealed)
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

// addBatch adds what a batch contains. What a retry replaces was counted as unavailable.
func (l *laneStatus) addBatch(batch *v1alpha1.RecordingExportBatch) {
	l.Batches++
	l.Gaps += gapsOf(batch)
	l.Bytes += batch.Status.Bytes
	addCounts(&l.Recordings, recordingsOf(batch))
}

// recordingsOf counts what a batch adds to the export's recordings. What a retry replaces was
// counted as unavailable, and is until it is exported.
func recordingsOf(batch *v1alpha1.RecordingExportBatch) v1alpha1.RecordingCounts {
	counts, replaced := batch.Status.Recordings, batch.Status.Replaces.Recordings
	counts.Total -= replaced
	if !batch.IsFinished() {
		replaced = min(replaced, counts.Exported)
	}
	counts.Unavailable -= replaced
	return counts
}

// gapsOf counts what a batch adds to the export's gaps.
func gapsOf(batch *v1alpha1.RecordingExportBatch) int64 {
	replaced := batch.Status.Replaces
	if !batch.IsFinished() {
		return batch.Status.Gaps - min(replaced.Recordings, batch.Status.Recordings.Exported)
	}
	return batch.Status.Gaps - replaced.Recordings - replaced.Conversations
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
		return cmp.Compare(laneIndex(a.Lane), laneIndex(b.Lane))
	})
	return laneOf(status, lane)
}

// laneIndex is the place of a lane in the order in which lanes are shown.
func laneIndex(lane v1alpha1.Lane) int { return slices.Index(slicing.AllLanes[:], slicing.Lane(lane)) }

func addCounts(sum *v1alpha1.RecordingCounts, more v1alpha1.RecordingCounts) {
	sum.Total += more.Total
	sum.Exported += more.Exported
	sum.Excluded += more.Excluded
	sum.Unavailable += more.Unavailable
}
