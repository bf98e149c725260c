package recordingexportbatch

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// summarize computes the whole status from the facts and from how the steps came out.
func summarize(s *scope, out outcome.Outcome, now time.Time) {
	batch := s.batch
	batch.Status.ObservedGeneration = batch.Generation
	s.state.fillCounts(&batch.Status, batch.Spec.Conversations)
	if s.state.isFinished() {
		batch.Status.CompletionTime = &metav1.Time{Time: now}
	}
	batch.Status.Split = s.state.split
	// A look that got to no work, such as while the export is suspended, knows nothing of it.
	if s.worked || s.state.isFinished() {
		batch.Status.Retry = s.retry
	}
	if s.loaded {
		batch.Status.RetentionChanged = int32(len(s.state.retentionChanged)) //nolint:gosec // at most the slice's recordings
	}
	if s.state.sealed != nil {
		batch.Status.Bag = &v1alpha1.BagStatus{
			Path: s.location + "/" + evidence.BagFolder(batch.Name), Digest: s.state.sealed.Digest,
		}
	}
	s.markSteps(out)
	reason, message := finalReason(batch.Status.Recordings, batch.Status.Gaps)
	if s.state.split {
		reason, message = v1alpha1.ReasonSplit, fmt.Sprintf("%d recordings are too many for one bag: two other batches hold the halves", batch.Status.Recordings.Total)
	}
	loop.Mark(batch, out, reason, message)
}

// markSteps sets the condition of each step. If nothing could be observed, what
// was known stays.
func (s *scope) markSteps(out outcome.Outcome) {
	if !s.loaded && len(s.batch.Status.Conditions) > 0 {
		return
	}
	sealed := s.state.isFinished()
	settled := sealed || s.state.outcome != nil
	loop.MarkSteps(s.batch, out, []loop.Step{
		{Condition: v1alpha1.ConditionMetadataFetched, Reached: sealed || s.state.inventory != nil, Message: "the recordings of all conversations are known"},
		{Condition: v1alpha1.ConditionSubmitted, Reached: settled || s.state.inventory != nil && s.state.allRequested(), Message: "every recording has been requested"},
		{Condition: v1alpha1.ConditionCompleted, Reached: sealed, Message: "the bag is sealed, or others hold the halves"},
	})
}

// fillCounts fills in the numbers of the status, as far as the facts tell them.
func (f *batchState) fillCounts(status *v1alpha1.RecordingExportBatchStatus, conversations int32) {
	switch {
	case f.sealed != nil:
		status.Metadata = conversations
		status.Isolated = isolatedCounts(int(f.sealed.Isolated), int(f.sealed.IsolatedRecordings))
		status.Recordings, status.Gaps, status.Bytes = recordingCounts(f.sealed.Counts()), f.sealed.Gaps, f.sealed.Bytes
		status.Moved, status.Replaces = int32(f.sealed.Moved), replacedCounts(f.sealed.Replaced) //nolint:gosec // at most the slice's conversations
	case f.inventory != nil:
		status.Metadata = conversations
		f.fillTransferCounts(status)
	case f.slice.Conversations != nil:
		status.Metadata = conversations - int32(len(f.missingMetadata)) //nolint:gosec // at most the slice's conversations
	}
	status.Progress = fmt.Sprintf("%d/%d", status.Recordings.Exported, status.Recordings.Total)
}

// fillTransferCounts counts what the bag holds so far.
func (f *batchState) fillTransferCounts(status *v1alpha1.RecordingExportBatchStatus) {
	inventory := f.inventory
	if f.outcome != nil {
		inventory = f.outcome
	}
	status.Isolated = isolatedCounts(inventory.Isolated())
	counts := inventory.Counts()
	status.Moved, status.Replaces = int32(inventory.Moved()), replacedCounts(inventory.Replaced()) //nolint:gosec // at most the slice's conversations
	if f.outcome == nil {
		counts.Exported = int64(f.countStored())
		counts.Wanted -= counts.Exported
	}
	status.Recordings, status.Gaps, status.Bytes = recordingCounts(counts), inventory.Gaps(), 0
	for _, file := range f.files {
		status.Bytes += file.Size
	}
}

func isolatedCounts(conversations, recordings int) v1alpha1.LeftCounts {
	return v1alpha1.LeftCounts{Conversations: int32(conversations), Recordings: int32(recordings)} //nolint:gosec // at most the slice's
}

func replacedCounts(replaced evidence.Replaced) v1alpha1.ReplacedCounts {
	return v1alpha1.ReplacedCounts{Recordings: replaced.Recordings, Conversations: replaced.Conversations}
}

func recordingCounts(counts evidence.Counts) v1alpha1.RecordingCounts {
	return v1alpha1.RecordingCounts{
		Total: counts.Total(), Exported: counts.Exported, Excluded: counts.Excluded, Unavailable: counts.Unavailable,
	}
}

// finalReason is the reason and message of a batch whose bag is sealed.
func finalReason(recordings v1alpha1.RecordingCounts, gaps int64) (reason, message string) {
	if gaps == 0 {
		return v1alpha1.ReasonComplete, words.Count(recordings.Exported, "recording") + " exported"
	}
	return v1alpha1.ReasonCompleteWithGaps, fmt.Sprintf(
		"%s exported, %s: see data/index.csv and data/conversations.csv in the bag", words.Count(recordings.Exported, "recording"), words.Count(gaps, "gap"))
}
