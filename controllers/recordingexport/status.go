package recordingexport

import (
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// summarize computes the whole status from the facts and from how the steps came out.
func (s *scope) summarize(out outcome.Outcome, now time.Time) {
	status := &s.export.Status
	status.ObservedGeneration = s.export.Generation
	if s.book != nil {
		status.Survey = s.book.totals
		status.Batches.Planned = int32(len(s.book.slices))           //nolint:gosec // ordinals are int32
		status.Batches.Stalled = int32(len(stalledAmong(s.batches))) //nolint:gosec // ordinals are int32
		s.count(status)
	}
	if s.account != nil {
		countAccount(status, *s.account)
		status.Seal = &v1alpha1.SealStatus{Number: 1, Digest: s.digest}
		if status.CompletionTime == nil {
			status.CompletionTime = &metav1.Time{Time: now}
		}
	}
	s.markSteps(out)
	reason, message := ended(*status)
	loop.Mark(s.export, out, reason, message)
}

// markSteps sets the condition of each step. If nothing could be observed, what
// was known stays.
func (s *scope) markSteps(out outcome.Outcome) {
	if s.book == nil && len(s.export.Status.Conditions) > 0 {
		return
	}
	batches := s.export.Status.Batches
	sealed := s.account != nil
	surveyed := sealed || s.surveyed
	made := batches.Completed + int32(len(s.live())) //nolint:gosec // ordinals are int32
	loop.MarkSteps(s.export, out, []loop.Step{
		{Condition: v1alpha1.ConditionSurveyed, Reached: surveyed, Says: "all conversations of the window are known"},
		{Condition: v1alpha1.ConditionBatchesCreated, Reached: sealed || surveyed && made >= batches.Planned, Says: "every slice has its batch"},
		{Condition: v1alpha1.ConditionBatchesCompleted, Reached: sealed || surveyed && batches.Completed >= batches.Planned, Says: "every batch is finished and counted"},
		{Condition: v1alpha1.ConditionSealed, Reached: sealed, Says: "the account of the export is sealed"},
	})
}

// live are the batches that have not been counted.
func (s *scope) live() []*v1alpha1.RecordingExportBatch {
	counted, err := slicing.ParseOrdinals(s.export.Status.Batches.CompletedOrdinals)
	if err != nil {
		return nil
	}
	var live []*v1alpha1.RecordingExportBatch
	for i := range s.batches {
		if !counted.Contains(int(s.batches[i].Spec.Ordinal)) {
			live = append(live, &s.batches[i])
		}
	}
	return live
}

// count adds up the finished batches, by lane in the status, and the live ones.
func (s *scope) count(status *v1alpha1.RecordingExportStatus) {
	status.Recordings, status.Gaps, status.Bytes = v1alpha1.RecordingCounts{}, status.Survey.Unavailable, 0
	for _, lane := range status.Lanes {
		addCounts(&status.Recordings, lane.Recordings)
		status.Gaps += lane.Gaps
		status.Bytes += lane.Bytes
	}
	for _, batch := range s.live() {
		addCounts(&status.Recordings, batch.Status.Recordings)
		status.Gaps += batch.Status.Gaps
		status.Bytes += batch.Status.Bytes
	}
	status.Progress = fmt.Sprintf("%d/%d", status.Recordings.Exported, status.Recordings.Total)
}

// countAccount takes the numbers from the sealed account, which outlives batches
// and status: an export that was made anew under an old name has nothing else.
func countAccount(status *v1alpha1.RecordingExportStatus, account evidence.Account) {
	status.Batches.Completed = status.Batches.Planned
	status.Batches.CompletedOrdinals = slicing.FirstOrdinals(int(status.Batches.Planned)).String()
	status.Recordings = recordingCounts(account.Totals())
	status.Gaps, status.Bytes = account.Gaps, account.Bytes
	status.Progress = fmt.Sprintf("%d/%d", status.Recordings.Exported, status.Recordings.Total)
	for _, lane := range lanes {
		var sum evidence.Counts
		for _, r := range account.Recordings {
			if v1alpha1.Lane(r.Lane) == lane {
				sum.Add(r.Counts)
			}
		}
		if sum != (evidence.Counts{}) {
			laneOf(status, lane).Recordings = recordingCounts(sum)
		}
	}
}

func recordingCounts(counts evidence.Counts) v1alpha1.RecordingCounts {
	return v1alpha1.RecordingCounts{
		Total: counts.Total(), Exported: counts.Exported, Excluded: counts.Excluded, Unavailable: counts.Unavailable,
	}
}

// ended is the reason and message of an export that is sealed.
func ended(status v1alpha1.RecordingExportStatus) (reason, message string) {
	if status.Gaps == 0 {
		return v1alpha1.ReasonComplete, fmt.Sprintf("%d recordings exported, sealed in %s/seals/1", status.Recordings.Exported, status.Archive)
	}
	return v1alpha1.ReasonCompleteWithGaps, fmt.Sprintf("%d recordings exported, %d gaps: see recordings.csv and conversations.csv in %s/seals/1",
		status.Recordings.Exported, status.Gaps, status.Archive)
}

func count(n int) string { return strconv.Itoa(n) }
