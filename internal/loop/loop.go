// Package loop contains what every reconciler does around its own steps: waking it, publishing
// a status, sending events about changes, and scheduling the next evaluation.
package loop

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Object is an object with conditions.
type Object interface {
	client.Object
	conditions.Object
}

// Publisher writes an object's status and sends events about changes.
type Publisher struct {
	Client client.Client
	Events events.EventRecorder
	// Writes bounds how often a status is written; nil for no bound.
	Writes *WriteLimit
}

// Publish writes the status of obj if it differs from before's, and then sends events about it.
// The error may tell that the write lost a race, or that it is postponed (WriteLimit): Requeue
// handles both. Computing the status again later loses nothing.
func (p Publisher) Publish(ctx context.Context, obj, before Object) error {
	if equality.Semantic.DeepEqual(obj, before) {
		return nil
	}
	if wait := p.Writes.postponement(obj, before); wait > 0 {
		return &postponedError{wait}
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := p.Client.Status().Patch(ctx, obj, patch); err != nil {
		return client.IgnoreNotFound(err)
	}
	p.Writes.recordWrite(obj)
	p.announce(ctx, obj, before)
	return nil
}

// announce logs, and sends as an event, that the object became ready or stalled,
// or continues.
func (p Publisher) announce(ctx context.Context, obj, before Object) {
	reason, message := conditions.Reason(obj), conditions.Message(obj)
	if reason == conditions.Reason(before) && conditions.IsStalled(obj) == conditions.IsStalled(before) {
		return
	}
	kind := corev1.EventTypeNormal
	if conditions.IsStalled(obj) {
		kind = corev1.EventTypeWarning
	}
	ctrl.LoggerFrom(ctx).Info("State changed", "reason", reason, "message", message, "was", conditions.Reason(before))
	p.Events.Eventf(obj, nil, kind, reason, "Reconcile", "%s", Note(message))
}

// Absent is the outcome of a reference to an object that does not exist; says tells what to
// create. A watch wakes the reconciler when the object is created. Absent returns other errors
// unchanged.
func Absent(err error, reason, says string) (outcome.Outcome, error) {
	if apierrors.IsNotFound(err) {
		return outcome.Stall(reason, says, 0), nil
	}
	return outcome.Outcome{}, err
}

// jitter spreads requeues, as a share of the wait.
const jitter = 0.1

// Result says when the object is evaluated again after an outcome.
func Result(out outcome.Outcome) ctrl.Result {
	if out.After <= 0 {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: wait.Jitter(out.After, jitter)}
}

// lostRaceInterval is before another reconcile after a write that lost a race.
const lostRaceInterval = 100 * time.Millisecond

// Requeue turns a write that lost a race, and one that is postponed, into another
// reconcile.
func Requeue(result ctrl.Result, err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: lostRaceInterval}, nil
	}
	var postponed *postponedError
	if errors.As(err, &postponed) {
		if result.RequeueAfter <= 0 || result.RequeueAfter > postponed.wait {
			result.RequeueAfter = postponed.wait
		}
		return result, nil
	}
	return result, err
}
