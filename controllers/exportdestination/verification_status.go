package exportdestination

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// applyConclusion writes the result of a run to the status, and reports whether it is new.
// Faults stay in the status until everything could be read and none was found.
func applyConclusion(status *v1alpha1.ExportDestinationStatus, run conclusion) (isNew bool) {
	v := status.Verification
	if v.CompletionTime != nil && !v.CompletionTime.Time.Before(run.ended) {
		return false
	}
	if run.token != "" {
		status.LastRetryRequest = run.token
	}
	v.StartTime, v.CompletionTime = &metav1.Time{Time: run.began}, &metav1.Time{Time: run.ended}
	v.Exports, v.Files, v.Bytes, v.Unreadable, v.Unfinished = run.exports, run.files, run.bytes, run.unreadable, run.unfinished
	v.ReferencedNotRead = run.unchecked
	switch {
	case run.faults > 0:
		v.Faults, v.Findings = run.faults, run.firstFaults
	case run.unreadable == 0:
		v.Faults, v.Findings = 0, run.firstUnfinished
	case v.Faults == 0:
		v.Findings = run.firstUnreadable
	}
	return true
}

// markVerified sets the condition Verified from the last result. next is when the next
// verification begins, zero if it has begun; then out tells how it stands.
func markVerified(destination *v1alpha1.ExportDestination, next time.Time, out outcome.Outcome) {
	v := destination.Status.Verification
	v.NextTime = nil
	if !next.IsZero() {
		v.NextTime = &metav1.Time{Time: next}
	}
	set := func(status metav1.ConditionStatus, reason, message string) {
		conditions.SetStep(destination, v1alpha1.ConditionVerified, status, reason, message)
	}
	switch {
	case v.Faults > 0:
		set(metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed, faultsMessage(destination))
	case !out.IsDone() && (v.CompletionTime == nil || !isInProgress(out)):
		set(metav1.ConditionUnknown, out.Reason, out.Message)
	case v.Unreadable > 0:
		set(metav1.ConditionUnknown, v1alpha1.ReasonEvidenceUnreadable, fmt.Sprintf(
			"could not read or verify %s at the destination; first: %s. Let the manager read them; %s",
			words.Count(v.Unreadable, "path"), strings.Join(v.Findings, ", "), nextMessage(v)))
	case v.Unfinished > 0:
		set(metav1.ConditionUnknown, v1alpha1.ReasonSealUnfinished, unfinishedMessage(destination))
	case v.Exports == 0:
		set(metav1.ConditionUnknown, v1alpha1.ReasonNothingStored, fmt.Sprintf("no evidence was stored on %s; %s", words.Time(v.CompletionTime.Time), nextMessage(v)))
	default:
		reason, notRead := v1alpha1.ReasonVerified, ""
		if v.ReferencedNotRead > 0 {
			reason, notRead = v1alpha1.ReasonReferencedNotRead, notReadMessage(destination)
		}
		set(metav1.ConditionTrue, reason, fmt.Sprintf("%s, %s, %s verified on %s; %s%s",
			words.Count(v.Exports, "export"), words.Count(v.Files, "file"), words.Bytes(v.Bytes), words.Time(v.CompletionTime.Time), notRead, nextMessage(v)))
	}
}

// notReadMessage says which recordings were not read, and how to verify them.
func notReadMessage(destination *v1alpha1.ExportDestination) string {
	v, at := destination.Status.Verification, destination.Status.Location
	if destination.Spec.Directory != nil {
		at = "ARCHIVE_ROOT/" + at
	}
	return fmt.Sprintf("referenced recordings were not read: %s in buckets outside the archives, because their exports do not exist any more. Verify them with the access key of the bucket: kubectl genesys-export verify --running %s; ",
		words.Count(v.ReferencedNotRead, "file"), at)
}

// isInProgress reports whether a verification is running, or waits only for its turn.
func isInProgress(out outcome.Outcome) bool {
	return out.Reason == v1alpha1.ReasonVerifying || out.Reason == v1alpha1.ReasonPending
}

// faultsMessage says what to do about faults. Their paths come last, because they are long.
func faultsMessage(destination *v1alpha1.ExportDestination) string {
	v, at := destination.Status.Verification, destination.Status.Location
	if destination.Spec.Directory != nil {
		at = "ARCHIVE_ROOT/" + at
	}
	return fmt.Sprintf("%s at %s: do not change anything there; list them with: kubectl genesys-export verify --running %s (see the runbook); first: %s",
		words.Count(v.Faults, "fault"), at, at, strings.Join(v.Findings, ", "))
}

// unfinishedMessage says what to do about seals that were begun and will not be finished
// by the operator.
func unfinishedMessage(destination *v1alpha1.ExportDestination) string {
	v := destination.Status.Verification
	return fmt.Sprintf("%s begun and not finished, first: %s. If nobody deleted the export while it sealed, the manifest of a finished seal may have been removed: compare with a backup. "+
		"Otherwise create the RecordingExport again, with the same name and spec, so that it finishes its seal, and then run: kubectl annotate gcdest %s -n %s --overwrite %s=$(date -u +%%FT%%TZ) (see the runbook). Everything else was verified on %s; %s",
		words.Count(v.Unfinished, "seal"), strings.Join(v.Findings, ", "), destination.Name, destination.Namespace, v1alpha1.AnnotationRetry, words.Time(v.CompletionTime.Time), nextMessage(v))
}

func nextMessage(v *v1alpha1.VerificationStatus) string {
	if v.NextTime == nil {
		return "being verified again"
	}
	return "next at " + words.Time(v.NextTime.Time)
}

// sendVerificationEvent sends an event if a verification has ended.
func sendVerificationEvent(ctx context.Context, recorder events.EventRecorder, destination, before *v1alpha1.ExportDestination) {
	now, was := destination.Status.Verification, before.Status.Verification
	if now == nil || now.CompletionTime == nil || was != nil && now.CompletionTime.Equal(was.CompletionTime) {
		return
	}
	verified := meta.FindStatusCondition(destination.Status.Conditions, v1alpha1.ConditionVerified)
	kind := corev1.EventTypeWarning
	if now.Faults == 0 && now.Unreadable == 0 && now.Unfinished == 0 {
		kind = corev1.EventTypeNormal
	}
	ctrl.LoggerFrom(ctx).Info("Verified what is stored", "reason", verified.Reason, "message", verified.Message)
	recorder.Eventf(destination, nil, kind, verified.Reason, "Verify", "%s", loop.Note(verified.Message))
}
