package recordingexport

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// summarize computes the conditions from the facts and from how the steps came out, and fills in
// what the state has.
func (e *evaluation) summarize(out outcome.Outcome, now time.Time) {
	status := &e.export.Status
	status.ObservedGeneration = e.export.Generation
	if e.state != nil {
		e.state.fillIn(status)
	}
	if e.ended && status.CompletionTime == nil {
		status.CompletionTime = &metav1.Time{Time: now}
	}
	e.markSteps(out)
	reason, message := ended(*status)
	if !e.ended {
		reason, message = v1alpha1.ReasonCaughtUp, caughtUpSays(*status)
	}
	loop.Mark(e.export, out, reason, message)
}

// fillIn fills in what is surveyed, planned, counted and sealed.
func (s *loaded) fillIn(status *v1alpha1.RecordingExportStatus) {
	status.Survey = surveyStatus(s.plan.Totals())
	status.Batches.Planned = int32(s.plan.SliceCount())          //nolint:gosec // ordinals are int32
	status.Batches.Stalled = int32(len(stalledAmong(s.batches))) //nolint:gosec // ordinals are int32
	status.Isolated = s.isolated()
	status.Scope = scopeStatus(s.export.Spec, s.plan.Totals())
	s.addUpCounts(status)
	if s.sealed != nil {
		status.Seal = &v1alpha1.SealStatus{
			Number: int32(s.sealed.Account.Number), Digest: s.sealed.Digest, Until: &metav1.Time{Time: s.sealed.Account.Until}, //nolint:gosec // one a day at most
			SecondSource: secondStatus(s.sealed.Account),
		}
	}
}

// markSteps sets the condition of each step. If nothing could be observed, what
// was known stays.
func (e *evaluation) markSteps(out outcome.Outcome) {
	if e.state == nil && len(e.export.Status.Conditions) > 0 {
		return
	}
	batches := e.export.Status.Batches
	sealed, surveyed, made := e.ended, e.ended, batches.Completed
	if e.state != nil {
		sealed = sealed || e.state.caughtUp()
		surveyed = sealed || e.state.surveyed && e.export.Status.Survey.Deferred == 0
		made += int32(len(e.state.uncountedBatches())) //nolint:gosec // ordinals are int32
	}
	loop.MarkSteps(e.export, out, []loop.Step{
		{Condition: v1alpha1.ConditionSurveyed, Succeeded: surveyed, Message: "all conversations of the window are known"},
		{Condition: v1alpha1.ConditionBatchesCreated, Succeeded: sealed || surveyed && made >= batches.Planned, Message: "every slice has its batch"},
		{Condition: v1alpha1.ConditionBatchesCompleted, Succeeded: sealed || surveyed && batches.Completed >= batches.Planned, Message: "every batch is finished and counted"},
		{Condition: v1alpha1.ConditionSealed, Succeeded: sealed, Message: "the account of the export is sealed"},
	})
}

// uncountedBatches are the batches that have not been counted.
func (s *loaded) uncountedBatches() []*v1alpha1.RecordingExportBatch {
	var live []*v1alpha1.RecordingExportBatch
	for i := range s.batches {
		if !s.counted.Contains(sliceOf(&s.batches[i])) {
			live = append(live, &s.batches[i])
		}
	}
	return live
}

// addUpCounts adds up the finished batches, by lane in the status, and the live ones.
func (s *loaded) addUpCounts(status *v1alpha1.RecordingExportStatus) {
	status.Recordings, status.Gaps, status.Bytes = v1alpha1.RecordingCounts{}, status.Survey.Unavailable, 0
	for _, lane := range status.Lanes {
		addCounts(&status.Recordings, lane.Recordings)
		status.Gaps += lane.Gaps
		status.Bytes += lane.Bytes
	}
	for _, batch := range s.uncountedBatches() {
		addCounts(&status.Recordings, recordingsOf(batch))
		status.Gaps += gapsOf(batch)
		status.Bytes += batch.Status.Bytes
	}
	status.Progress = fmt.Sprintf("%d/%d", status.Recordings.Exported, status.Recordings.Total)
}

// surveyStatus tells what all surveys have found.
func surveyStatus(totals plan.Totals) v1alpha1.SurveyStatus {
	return v1alpha1.SurveyStatus{
		Days: int32(totals.Days), DaysSurveyed: int32(totals.DaysSurveyed), //nolint:gosec // some thousands at most
		Conversations: totals.Conversations, Held: totals.Held, Excluded: totals.Excluded, Unavailable: totals.Unavailable, Deferred: totals.Deferred,
	}
}

func recordingCounts(counts evidence.Counts) v1alpha1.RecordingCounts {
	return v1alpha1.RecordingCounts{
		Total: counts.Total(), Exported: counts.Exported, Excluded: counts.Excluded, Unavailable: counts.Unavailable,
	}
}

// ended is the reason and message of an export that is sealed.
func ended(status v1alpha1.RecordingExportStatus) (reason, message string) {
	seal := sealPath(status)
	switch {
	case status.Gaps > 0:
		return v1alpha1.ReasonCompleteWithGaps, fmt.Sprintf("%s exported, %s: see report.html and failures.csv in %s",
			words.Count(status.Recordings.Exported, "recording"), words.Count(status.Gaps, "gap"), seal) + limits(status) + differences(status)
	case status.Scope != nil && status.Batches.Planned == 0:
		return v1alpha1.ReasonComplete, fmt.Sprintf("nothing was exported: no conversation of the window is in scope%s; sealed in %s", limits(status), seal)
	default:
		return v1alpha1.ReasonComplete, fmt.Sprintf("%s exported, sealed in %s", words.Count(status.Recordings.Exported, "recording"), seal) + limits(status) + differences(status)
	}
}

// caughtUpSays is the message of an export without an end that has caught up.
func caughtUpSays(status v1alpha1.RecordingExportStatus) string {
	if status.Seal == nil {
		return ""
	}
	message := fmt.Sprintf("everything up to %s is sealed in %s: %s exported, %s",
		status.Seal.Until.UTC().Format(time.RFC3339), sealPath(status), words.Count(status.Recordings.Exported, "recording"), words.Count(status.Gaps, "gap"))
	if n := status.Survey.Deferred; n > 0 {
		message += fmt.Sprintf("; not ended yet: %s", words.Count(n, "conversation"))
	}
	return message + limits(status) + differences(status)
}

func sealPath(status v1alpha1.RecordingExportStatus) string {
	if status.Seal == nil {
		return status.Archive
	}
	return status.Archive + "/" + evidence.SealFolder(int(status.Seal.Number))
}
