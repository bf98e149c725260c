// Package recordingexporttrigger makes events into exports.
//
//	file           what it does                                              where it runs
//	triggers.go    finds the trigger of a request, with its secrets          every replica
//	collector.go   adds the conversations of events to an export             every replica
//	collection.go  decides which export an event joins, and what is recorded
//	starts.go      starts an export once its window has ended                the leader
//	checks.go      checks whether the trigger can be used                    the leader
//	status.go      computes the status                                       the leader
//
// An event leads to an export before the sender is answered. Until the debounce window ends,
// the export is suspended and has the annotation collects-until, and further events join it.
// Its annotations record the events, so the API server decides whether an event was accepted
// before, whichever replica receives it. docs/adr/0040 has the reasons.
package recordingexporttrigger

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Reconciler starts the exports of triggers, and writes the status of triggers.
type Reconciler struct {
	loop.Publisher
	Secrets *Secrets
	Clock   clock.PassiveClock
	// Receives reports whether the manager runs a receiver.
	Receives bool

	// accepted are the triggers whose template the API server has accepted, by revision.
	accepted sync.Map
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexporttriggers,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexporttriggers/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch;create;patch

const (
	// checkInterval is the wait until a trigger is checked again that cannot be used: nothing
	// watches Secrets.
	checkInterval = time.Minute
	// readyInterval is the same for a trigger that can be used.
	readyInterval = 5 * time.Minute
)

// Reconcile starts the exports of a trigger whose windows have ended, and all of them if the
// trigger no longer exists.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	trigger := &v1alpha1.RecordingExportTrigger{}
	err := r.Client.Get(ctx, request.NamespacedName, trigger)
	if apierrors.IsNotFound(err) {
		r.accepted.Delete(request.NamespacedName)
		return r.startAll(ctx, request.NamespacedName)
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	exports, err := exportsOf(ctx, r.Client, request.NamespacedName)
	if err != nil {
		return ctrl.Result{}, err
	}
	next, startErr := r.startDue(ctx, exports)
	before := trigger.DeepCopy()
	out, err := r.check(ctx, trigger)
	if err != nil {
		return ctrl.Result{}, err
	}
	summarize(trigger, exports, out, r.Receives)
	if err := r.Publish(ctx, trigger, before); err != nil {
		return loop.Requeue(ctrl.Result{RequeueAfter: checkInterval}, err)
	}
	return loop.Requeue(ctrl.Result{RequeueAfter: soonest(next, out)}, startErr)
}

// soonest is the wait until something has to be done.
func soonest(nextStart time.Duration, out outcome.Outcome) time.Duration {
	wait := readyInterval
	if !out.IsDone() {
		wait = checkInterval
	}
	if nextStart > 0 {
		wait = min(wait, nextStart)
	}
	return wait
}

// startAll starts the exports of a trigger that no longer exists.
func (r *Reconciler) startAll(ctx context.Context, trigger types.NamespacedName) (ctrl.Result, error) {
	exports, err := exportsOf(ctx, r.Client, trigger)
	if err != nil {
		return ctrl.Result{}, err
	}
	for i := range exports {
		if _, isCollecting := readCollection(&exports[i]).collectsUntil(); !isCollecting {
			continue
		}
		if err := r.start(ctx, &exports[i]); err != nil {
			return loop.Requeue(ctrl.Result{}, client.IgnoreNotFound(err))
		}
	}
	return ctrl.Result{}, nil
}
