package recordingexport

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxStalled is how many stalled batches there may be before no more are created.
const maxStalled = 50

// progressOf says how the batches stand.
func progressOf(s *loaded, stalled []string) outcome.Outcome {
	left := s.plan.SliceCount() - s.counted.Len()
	message := s.progress()
	switch {
	case left == 0:
		return outcome.Done()
	case s.namespaceIsFull():
		return outcome.Stall(v1alpha1.ReasonDestinationNotReady, fmt.Sprintf(
			"%s; fix the ExportDestination %q, no more are started: %s", message, s.destination.Name, conditions.Message(&s.destination)), 0)
	case len(stalled) > maxStalled:
		return outcome.Stall(v1alpha1.ReasonTooManyBatchesStalled, fmt.Sprintf(
			"%s; fix what stalls the batches, no more are started: %s", message, stalled[0]), 0)
	case len(stalled) == left:
		return outcome.Stall(v1alpha1.ReasonBatchesStalled, fmt.Sprintf("%s; fix what stalls the last batches: %s", message, stalled[0]), 0)
	case len(stalled) > 0:
		return outcome.Wait(v1alpha1.ReasonBatchesInProgress, fmt.Sprintf("%s; %d stalled: %s", message, len(stalled), stalled[0]), 0)
	default:
		return outcome.Wait(v1alpha1.ReasonBatchesInProgress, message, 0)
	}
}

// progress says how many batches are done, and what is isolated.
func (s *loaded) progress() string {
	running := 0
	for i := range s.batches {
		if batch := &s.batches[i]; !batch.IsFinished() && !conditions.IsStalled(batch) {
			running++
		}
	}
	message := fmt.Sprintf("%d of %s done, %d running", s.counted.Len(), words.Count(s.plan.SliceCount(), "batch"), running)
	if isolated := conditions.Isolated(s.isolated()); isolated != "" {
		message += "; " + isolated
	}
	return message
}

// isolated tells what left its batch and is not finished: what the plan has, and
// what has left batches that are still running.
func (s *loaded) isolated() v1alpha1.IsolatedStatus {
	var all v1alpha1.IsolatedStatus
	for id := range s.plan.SlicesWithout(s.counted, slicing.Isolated) {
		slice, since := s.plan.SliceAt(id), s.plan.TimeOf(s.plan.EntryWith(id))
		addIsolated(&all, slice.Conversations, slice.Recordings, since)
	}
	for i := range s.batches {
		batch := &s.batches[i]
		if !isPlanned(s.plan, batch) || s.counted.Contains(sliceOf(batch)) {
			continue
		}
		if batch.Spec.Lane == v1alpha1.LaneIsolated {
			s.addRetry(&all, batch)
			continue
		}
		left := s.unplannedIsolated(batch) // since when, the plan tells
		addIsolated(&all, int(left.Conversations), 0, time.Time{})
		addIsolated(&all, 0, int(left.Recordings), time.Time{})
	}
	all.Items = all.Conversations + all.Recordings
	return all
}

// unplannedIsolated is what was isolated from a batch and is not in the plan yet. Of the
// two hold lanes, which share their conversations, one counts them.
func (s *loaded) unplannedIsolated(batch *v1alpha1.RecordingExportBatch) v1alpha1.LeftCounts {
	left := batch.Status.Isolated
	shared := batch.Spec.Lane == v1alpha1.LaneLegalHoldScreen && s.plan.Spec().Other
	if shared || s.plan.HasIsolatedConversations(s.plan.SliceAt(sliceOf(batch)).Group) {
		left.Conversations = 0
	}
	if batch.Status.Split || s.plan.HasIsolatedRecordings(batch.Name) {
		left.Recordings = 0
	}
	return left
}

// addIsolated counts items that are isolated since an instant, if that is known: recordings, or
// whole conversations if there are none.
func addIsolated(all *v1alpha1.IsolatedStatus, conversations, recordings int, since time.Time) {
	if recordings > 0 {
		all.Recordings += int64(recordings)
	} else {
		all.Conversations += int64(conversations)
	}
	if conversations+recordings > 0 && !since.IsZero() && (all.OldestTime == nil || since.Before(all.OldestTime.Time)) {
		all.OldestTime = &metav1.Time{Time: since}
	}
}

// addRetry takes in when an isolated batch is retried, and until when.
func (s *loaded) addRetry(all *v1alpha1.IsolatedStatus, batch *v1alpha1.RecordingExportBatch) {
	retry := batch.Status.Retry
	if retry == nil || retry.NextAttemptTime == nil {
		return
	}
	next := retry.NextAttemptTime
	if all.NextAttemptTime == nil || next.Before(all.NextAttemptTime) {
		all.NextAttemptTime = next
	}
	left := max(0, exportspec.RetryDeadline(s.export.Spec)-retry.Used.Duration)
	if end := next.Add(left); all.RetriesEndTime == nil || end.After(all.RetriesEndTime.Time) {
		all.RetriesEndTime = &metav1.Time{Time: end.Truncate(time.Minute)}
	}
}

// stalledAmong says of each stalled batch what it needs.
func stalledAmong(batches []v1alpha1.RecordingExportBatch) []string {
	var stalled []string
	for i := range batches {
		if conditions.IsStalled(&batches[i]) {
			stalled = append(stalled, batches[i].Name+": "+conditions.Message(&batches[i]))
		}
	}
	slices.Sort(stalled)
	return stalled
}
