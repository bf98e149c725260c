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

// summarize computes the whole status from the state of the batch and the outcome of its steps.
// If the state could not be read, the numbers and step conditions stay as they were.
func summarize(e *evaluation, out outcome.Outcome, now time.Time) {
	status := &e.batch.Status
	status.ObservedGeneration = e.batch.Generation
	// An evaluation that came to no work, such as while the export is suspended, knows
	// nothing about its retries.
	if e.work.started || e.foundFinished() {
		status.Retry = e.work.retry
	}
	if e.state != nil {
		e.summarizeState(now)
	}
	e.summarizeBulkJobs()
	status.Progress = fmt.Sprintf("%d/%d", status.Recordings.Exported, status.Recordings.Total)
	e.markSteps(out)
	reason, message := finalReason(status.Recordings, status.Gaps)
	if e.state != nil && e.state.split {
		reason, message = v1alpha1.ReasonSplit, fmt.Sprintf("%d recordings are too many for one bag: two other batches contain the halves", status.Recordings.Total)
	}
	loop.Mark(e.batch, out, reason, message)
}

// summarizeState computes what the status says about the batch's state.
func (e *evaluation) summarizeState(now time.Time) {
	status := &e.batch.Status
	e.state.fillCounts(status, e.batch.Spec.Conversations)
	status.Split = e.state.split
	status.RetentionChanged = int32(len(e.state.retentionChanged)) //nolint:gosec // at most the slice's recordings
	if e.state.isFinished() {
		status.CompletionTime = &metav1.Time{Time: now}
	}
	if e.state.sealed != nil {
		status.Bag = &v1alpha1.BagStatus{Path: e.location + "/" + evidence.BagFolder(e.batch.Name), Digest: e.state.sealed.Digest}
	}
}

// splitMessage is what a batch that was split says of the steps that it leaves to others.
const splitMessage = "split: two other batches contain its halves"

// markSteps sets the condition of each step.
func (e *evaluation) markSteps(out outcome.Outcome) {
	state := e.state
	if state == nil {
		if len(e.batch.Status.Conditions) > 0 {
			return
		}
		state = &batchState{}
	}
	finished := state.isFinished()
	requested, completed := "every recording has been requested", "the bag is sealed"
	if state.split {
		requested, completed = splitMessage, splitMessage
	}
	steps := []loop.Step{{Condition: v1alpha1.ConditionMetadataFetched, Succeeded: finished || state.inventory != nil, Message: "the recordings of all conversations are known"}}
	steps = append(steps, e.bulkStep(finished, state)...)
	loop.MarkSteps(e.batch, out, append(steps,
		loop.Step{Condition: v1alpha1.ConditionSubmitted, Succeeded: finished || state.outcome != nil || state.allRequested, Message: requested},
		loop.Step{Condition: v1alpha1.ConditionCompleted, Succeeded: finished, Message: completed},
	))
}

// fillCounts fills in the numbers of the status that are known.
func (s *batchState) fillCounts(status *v1alpha1.RecordingExportBatchStatus, conversations int32) {
	switch {
	case s.sealed != nil:
		status.Metadata = conversations
		status.Isolated = isolatedCounts(int(s.sealed.Isolated), int(s.sealed.IsolatedRecordings))
		status.Recordings, status.Gaps, status.Bytes = recordingCounts(s.sealed.SumOfMedia()), s.sealed.Gaps, s.sealed.Bytes
		status.Moved, status.Replaces = int32(s.sealed.Moved), replacedCounts(s.sealed.Replaced) //nolint:gosec // at most the slice's conversations
	case s.inventory != nil:
		status.Metadata = conversations
		s.fillTransferCounts(status)
	case s.group != "":
		status.Metadata = conversations - int32(s.missingMetadata) //nolint:gosec // at most the slice's conversations
	}
}

// fillTransferCounts fills in what the bag has so far.
func (s *batchState) fillTransferCounts(status *v1alpha1.RecordingExportBatchStatus) {
	inventory := s.inventory
	if s.outcome != nil {
		inventory = s.outcome
	}
	status.Isolated = isolatedCounts(inventory.isolatedConversations, inventory.isolatedRecordings)
	status.Moved, status.Replaces = int32(inventory.moved), replacedCounts(inventory.replaced) //nolint:gosec // at most the slice's conversations
	counts := inventory.recordings
	if s.outcome == nil {
		counts.Exported = int64(s.stored)
		counts.Wanted -= counts.Exported
	}
	status.Recordings, status.Gaps, status.Bytes = recordingCounts(counts), inventory.gaps, s.bytes
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

// finalReason returns the reason and message of a batch whose bag is sealed.
func finalReason(recordings v1alpha1.RecordingCounts, gaps int64) (reason, message string) {
	if gaps == 0 {
		return v1alpha1.ReasonComplete, words.Count(recordings.Exported, "recording") + " exported"
	}
	return v1alpha1.ReasonCompleteWithGaps, fmt.Sprintf(
		"%s exported, %s: see data/index.csv and data/conversations.csv in the bag", words.Count(recordings.Exported, "recording"), words.Count(gaps, "gap"))
}
