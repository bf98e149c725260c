package exportdestination

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Pool is the name of the pool that verifies what is stored. It runs one verification at a
// time.
const Pool = "Verification"

// minWait is the wait before a verification that is due if another one has just ended:
// the result of that has to be published first.
const minWait = 100 * time.Millisecond

// verification is the step that has a destination verified when that is due.
type verification struct {
	work   verificationWork
	runs   *runs
	worker *loop.Worker
	clock  clock.PassiveClock
}

func (r *Reconciler) verification() verification {
	return verification{
		work: verificationWork{objects: r.Client, events: r.Events, location: r.Location, files: r.Files, referenced: r.Referenced, clock: r.Clock, version: r.Version},
		runs: &r.runs, worker: r.Worker, clock: r.Clock,
	}
}

// schedule starts a verification if one is due, and writes the status of the last one and
// of the one that is running. It returns when to reconcile again, 0 if the spec asks for no
// verification.
func (v verification) schedule(destination *v1alpha1.ExportDestination) time.Duration {
	status := &destination.Status
	if destination.Spec.VerifyEvery == nil {
		v.cancel(client.ObjectKeyFromObject(destination))
		status.Verification = nil
		conditions.Forget(destination, v1alpha1.ConditionVerified)
		return 0
	}
	if status.Verification == nil {
		status.Verification = &v1alpha1.VerificationStatus{}
	}
	now, last := v.clock.Now(), v.lastRun(destination)
	running, isNew := false, false
	if last != nil {
		came, over := last.conclusion()
		running = !over
		isNew = over && applyConclusion(status, came)
	}
	if at := due(destination); !running && (isNew || at.After(now)) {
		status.Verification.Progress = ""
		markVerified(destination, at, outcome.Done())
		return max(at.Sub(now), minWait)
	}
	if !running {
		last = v.addRun(destination)
	}
	out := v.start(destination, last)
	markVerified(destination, time.Time{}, out)
	return out.After
}

// start has the pool verify, and writes the progress to the status.
func (v verification) start(destination *v1alpha1.ExportDestination, of *run) outcome.Outcome {
	name, stored := client.ObjectKeyFromObject(destination), destination.DeepCopy()
	out := v.worker.Do(name, loop.Task{
		Pool: Pool, Key: workKey(name), Reason: v1alpha1.ReasonVerifying, Message: "the first verification is running",
		Work: func(ctx context.Context, try transfer.Try) error { return v.work.verify(ctx, stored, of, try) },
	})
	began, message := of.progress()
	destination.Status.Verification.Progress = message
	switch {
	case !began.IsZero():
		destination.Status.Verification.StartTime = &metav1.Time{Time: began}
	case out.Reason == v1alpha1.ReasonVerifying:
		out.Reason, out.Message = v1alpha1.ReasonPending, "waiting for the verification of other destinations: one is verified at a time"
	}
	return out
}

// workKey is the key of a destination's verification in the pool. No other key begins
// with it.
func workKey(name types.NamespacedName) string { return "ExportDestination/" + name.String() + "/" }

// lastRun returns the last run of a destination, nil if there is none. It cancels the run
// of another destination that had the same name.
func (v verification) lastRun(destination *v1alpha1.ExportDestination) *run {
	name := client.ObjectKeyFromObject(destination)
	last := v.runs.get(name)
	if last != nil && last.of != destination.UID {
		v.cancel(name)
		return nil
	}
	return last
}

// addRun adds a run, which answers the present request of the destination.
func (v verification) addRun(destination *v1alpha1.ExportDestination) *run {
	added := &run{of: destination.UID}
	added.token, _ = requested(destination)
	if ended := destination.Status.Verification.CompletionTime; ended != nil {
		added.after = ended.Time
	}
	v.runs.set(client.ObjectKeyFromObject(destination), added)
	return added
}

// cancel ends the verification of a destination that was deleted, or asks for none.
func (v verification) cancel(name types.NamespacedName) {
	if v.runs.remove(name) {
		v.worker.Pools[Pool].Cancel(workKey(name))
	}
}

// requested returns the value of the annotation that requests a verification, and whether
// it is a new one.
func requested(destination *v1alpha1.ExportDestination) (token string, isNew bool) {
	return loop.Request(destination, v1alpha1.AnnotationRetry, destination.Status.LastRetryRequest)
}

// afterUnreadable is the longest wait after a verification that could not read
// everything: problems of a disk or a service are noticed and fixed in hours, and reading
// everything has its price.
const afterUnreadable = 24 * time.Hour

// afterNothing is the longest wait after a verification that found nothing stored: the
// first evidence is verified soon, and an empty place is read quickly.
const afterNothing = time.Hour

// due is when the next verification begins. It is in the past if none has ended yet, or
// one was requested.
func due(destination *v1alpha1.ExportDestination) time.Time {
	last, every := destination.Status.Verification, destination.Spec.VerifyEvery.Duration
	if _, isNew := requested(destination); isNew || last.CompletionTime == nil {
		return time.Time{}
	}
	switch {
	case last.Unreadable > 0:
		every = min(every, afterUnreadable)
	case last.Exports == 0 && last.Faults == 0:
		every = min(every, afterNothing)
	}
	return last.CompletionTime.Add(every)
}
