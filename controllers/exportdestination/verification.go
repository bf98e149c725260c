package exportdestination

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// Pool is the name of the pool that verifies what is stored. It is to do one piece
// of work at a time.
const Pool = "Verification"

// soon is when a verification that is due begins after another has ended: only
// once what that one found is written down.
const soon = 100 * time.Millisecond

// verifyAgain sees to it that what is stored is verified when it is due, and tells
// of it in the status. It returns when to look again, 0 if nothing is to be verified.
func (r *Reconciler) verifyAgain(destination *v1alpha1.ExportDestination) time.Duration {
	name, status := client.ObjectKeyFromObject(destination), &destination.Status
	if destination.Spec.VerifyEvery == nil {
		r.forget(name)
		status.Verification = nil
		conditions.Forget(destination, v1alpha1.ConditionVerified)
		return 0
	}
	if status.Verification == nil {
		status.Verification = &v1alpha1.VerificationStatus{}
	}
	now, last := r.Clock.Now(), r.roundOf(destination)
	running, isNew := false, false
	if last != nil {
		came, over := last.conclusion()
		running = !over
		isNew = over && conclude(status, came)
	}
	if at := due(destination); !running && (isNew || at.After(now)) {
		status.Verification.Progress = ""
		mark(destination, at, outcome.Done())
		return max(at.Sub(now), soon)
	}
	if !running {
		last = r.newRound(destination)
	}
	out := r.run(destination, last)
	mark(destination, time.Time{}, out)
	return out.After
}

// run has the pool verify, and tells how far it is.
func (r *Reconciler) run(destination *v1alpha1.ExportDestination, round *round) outcome.Outcome {
	name, stored := client.ObjectKeyFromObject(destination), destination.DeepCopy()
	out := r.Worker.Do(name, loop.Task{
		Pool: Pool, Key: key(name), Reason: v1alpha1.ReasonVerifying, Message: "the first verification is running",
		Work: func(ctx context.Context, try transfer.Try) error { return r.verify(ctx, stored, round, try) },
	})
	began, says := round.progress()
	destination.Status.Verification.Progress = says
	switch {
	case !began.IsZero():
		destination.Status.Verification.StartTime = &metav1.Time{Time: began}
	case out.Reason == v1alpha1.ReasonVerifying:
		out.Reason, out.Message = v1alpha1.ReasonPending, "waiting for the verification of other destinations: one is verified at a time"
	}
	return out
}

// key of the work that verifies a destination. No other begins like it.
func key(name types.NamespacedName) string { return "ExportDestination/" + name.String() + "/" }

// roundOf returns the round of a destination, nil if there is none. One of another
// destination that had the same name is ended.
func (r *Reconciler) roundOf(destination *v1alpha1.ExportDestination) *round {
	name := client.ObjectKeyFromObject(destination)
	r.mu.Lock()
	last := r.rounds[name]
	r.mu.Unlock()
	if last != nil && last.of != destination.UID {
		r.forget(name)
		return nil
	}
	return last
}

// newRound begins a round that heeds what the destination asks for now.
func (r *Reconciler) newRound(destination *v1alpha1.ExportDestination) *round {
	made := &round{of: destination.UID}
	made.token, _ = request(destination)
	if ended := destination.Status.Verification.CompletionTime; ended != nil {
		made.after = ended.Time
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rounds == nil {
		r.rounds = map[types.NamespacedName]*round{}
	}
	r.rounds[client.ObjectKeyFromObject(destination)] = made
	return made
}

// forget ends the verification of a destination that is gone, or wants none.
func (r *Reconciler) forget(name types.NamespacedName) {
	r.mu.Lock()
	_, known := r.rounds[name]
	delete(r.rounds, name)
	r.mu.Unlock()
	if known {
		r.Worker.Pools[Pool].Cancel(key(name))
	}
}

// request returns the value of the annotation that asks for a verification, and
// whether it is a new one.
func request(destination *v1alpha1.ExportDestination) (token string, isNew bool) {
	return loop.Request(destination, v1alpha1.AnnotationRetry, destination.Status.LastRetryRequest)
}

// readAgain is at most between a verification that could not read everything and
// the next: what ails a disk or a service is noticed and mended in hours, and to
// read everything again has its price.
const readAgain = 24 * time.Hour

// storedAgain is at most between a verification that found nothing stored and the
// next: what is stored first is verified soon, and an empty place is soon read.
const storedAgain = time.Hour

// due is when the next verification begins. It is long ago if none has ended yet,
// or one was asked for.
func due(destination *v1alpha1.ExportDestination) time.Time {
	last, every := destination.Status.Verification, destination.Spec.VerifyEvery.Duration
	if _, asked := request(destination); asked || last.CompletionTime == nil {
		return time.Time{}
	}
	switch {
	case last.Unreadable > 0:
		every = min(every, readAgain)
	case last.Exports == 0 && last.Faults == 0:
		every = min(every, storedAgain)
	}
	return last.CompletionTime.Add(every)
}

// conclude writes down what a round came to, and tells whether that is new. Faults
// are forgotten only once everything could be read.
func conclude(status *v1alpha1.ExportDestinationStatus, came conclusion) (isNew bool) {
	v := status.Verification
	if v.CompletionTime != nil && !v.CompletionTime.Time.Before(came.ended) {
		return false
	}
	if came.token != "" {
		status.LastRetryRequest = came.token
	}
	v.StartTime, v.CompletionTime = &metav1.Time{Time: came.began}, &metav1.Time{Time: came.ended}
	v.Exports, v.Files, v.Bytes, v.Unreadable, v.Unfinished = came.exports, came.files, came.bytes, came.unreadable, came.unfinished
	switch {
	case came.faults > 0:
		v.Faults, v.Findings = came.faults, came.firstFaults
	case came.unreadable == 0:
		v.Faults, v.Findings = 0, came.firstUnfinished
	case v.Faults == 0:
		v.Findings = came.firstUnreadable
	}
	return true
}

// mark sets the condition Verified from what the last verification found. next is
// when the next one begins, zero if that is now; then out tells how it stands.
func mark(destination *v1alpha1.ExportDestination, next time.Time, out outcome.Outcome) {
	v := destination.Status.Verification
	v.NextTime = nil
	if !next.IsZero() {
		v.NextTime = &metav1.Time{Time: next}
	}
	set := func(status metav1.ConditionStatus, reason, message string) {
		conditions.Reached(destination, v1alpha1.ConditionVerified, status, reason, message)
	}
	switch {
	case v.Faults > 0:
		set(metav1.ConditionFalse, v1alpha1.ReasonVerificationFailed, faultsSay(destination))
	case !out.IsDone() && (v.CompletionTime == nil || !underWay(out)):
		set(metav1.ConditionUnknown, out.Reason, out.Message)
	case v.Unreadable > 0:
		set(metav1.ConditionUnknown, v1alpha1.ReasonEvidenceUnreadable, fmt.Sprintf(
			"let the manager read the destination: %d could not be read, and so not be judged, first %s; %s",
			v.Unreadable, strings.Join(v.Findings, ", "), nextSays(v)))
	case v.Unfinished > 0:
		set(metav1.ConditionUnknown, v1alpha1.ReasonSealUnfinished, unfinishedSays(destination))
	case v.Exports == 0:
		set(metav1.ConditionUnknown, v1alpha1.ReasonNothingStored, fmt.Sprintf("no evidence was stored on %s; %s", stamp(v.CompletionTime), nextSays(v)))
	default:
		set(metav1.ConditionTrue, v1alpha1.ReasonVerified, fmt.Sprintf("%s, %s, %s verified on %s; %s",
			words.Count(v.Exports, "export"), words.Count(v.Files, "file"), words.Bytes(v.Bytes), stamp(v.CompletionTime), nextSays(v)))
	}
}

// underWay tells whether a verification is running, or waits for nothing but its turn.
func underWay(out outcome.Outcome) bool {
	return out.Reason == v1alpha1.ReasonVerifying || out.Reason == v1alpha1.ReasonPending
}

// faultsSay says what to do about faults. The cure comes first, because paths are long.
func faultsSay(destination *v1alpha1.ExportDestination) string {
	v, at := destination.Status.Verification, destination.Status.Location
	if destination.Spec.Directory != nil {
		at = "ARCHIVE_ROOT/" + at
	}
	return fmt.Sprintf("change nothing there, and list everything with: kubectl genesys-export verify --running %s (see the runbook): %s, first %s",
		at, words.Count(v.Faults, "fault"), strings.Join(v.Findings, ", "))
}

// unfinishedSays says what to do about seals that nobody finishes.
func unfinishedSays(destination *v1alpha1.ExportDestination) string {
	v := destination.Status.Verification
	return fmt.Sprintf("if nobody deleted the export while it sealed, the manifest of a finished seal may have been taken away: compare with a backup. "+
		"Otherwise create the RecordingExport again, with the same name and spec, so that it finishes its seal, and then run: kubectl annotate gcdest %s -n %s --overwrite %s=$(date -u +%%FT%%TZ) (see the runbook): %s begun and not finished, first %s; all else was verified on %s; %s",
		destination.Name, destination.Namespace, v1alpha1.AnnotationRetry, words.Count(v.Unfinished, "seal"), strings.Join(v.Findings, ", "), stamp(v.CompletionTime), nextSays(v))
}

func nextSays(v *v1alpha1.VerificationStatus) string {
	if v.NextTime == nil {
		return "being verified again"
	}
	return "next at " + stamp(v.NextTime)
}

func stamp(at *metav1.Time) string { return at.UTC().Format(time.RFC3339) }

// tell sends an event about a verification that has ended.
func (r *Reconciler) tell(ctx context.Context, destination, before *v1alpha1.ExportDestination) {
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
	r.Events.Eventf(destination, nil, kind, verified.Reason, "Verify", "%s", loop.Note(verified.Message))
}
