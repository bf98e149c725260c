// Package exportdestination sees to it that evidence can be written to each
// destination and, if it is to, that what is stored there is verified again and
// again.
package exportdestination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Intervals is how often a destination is looked at.
type Intervals struct {
	// Ready is between two looks at a destination that can be written.
	Ready time.Duration
	// Retry is before another look at one that cannot.
	Retry time.Duration
	// Timeout is how long one look may take.
	Timeout time.Duration
	// Verifying is between two looks at a verification that is running.
	Verifying time.Duration
}

// DefaultIntervals is what the manager uses. Secrets are not watched, so Again is
// also how long it takes until a corrected one is noticed.
func DefaultIntervals() Intervals {
	return Intervals{Ready: 5 * time.Minute, Retry: 20 * time.Second, Timeout: 30 * time.Second, Verifying: time.Minute}
}

// looksEach is how many destinations of a namespace are looked at at a time, so that
// one that does not answer does not hold up the others.
const looksEach = 4

// Reconciler looks after destinations.
type Reconciler struct {
	loop.Publisher
	// Location is where a destination is: an address, or relative to the archive root.
	Location func(*v1alpha1.ExportDestination) string
	// Probe sees to it that a destination is what its spec demands and can be written.
	Probe func(context.Context, *v1alpha1.ExportDestination) error
	// SigningKey sees to it that there is a key to sign with, if the spec wants
	// that, and returns its id.
	SigningKey func(context.Context, *v1alpha1.ExportDestination) (string, error)
	// Free tells how many bytes a destination can still take, and whether that can be known.
	Free func(context.Context, *v1alpha1.ExportDestination) (free int64, known bool, err error)
	// Files reads everything that is stored at a destination.
	Files func(context.Context, *v1alpha1.ExportDestination) (fs.FS, error)
	// MinFree is how many bytes transfers leave free at every directory, whatever its spec says.
	MinFree int64
	// Fits is an error if the namespace of a destination takes as much as it may of a volume
	// that it shares; nil if there is no bound.
	Fits func(destination *v1alpha1.ExportDestination, bytes int64) error
	// Forget forgets what is known of a destination that is gone; it may be nil.
	Forget func(types.NamespacedName)
	Clock  clock.PassiveClock
	// Worker's pool named Pool verifies what is stored.
	Worker    *loop.Worker
	Intervals Intervals
	// Version of this program: reports that another one made are not compared with the
	// account (verify.Options).
	Version string

	claims claims
	looks  loop.Evaluations
	mu     sync.Mutex
	rounds map[types.NamespacedName]*round
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=exportdestinations,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=exportdestinations/status,verbs=patch

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("exportdestination").
		For(&v1alpha1.ExportDestination{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.ExportDestination{}, handler.EnqueueRequestsFromMapFunc(r.rivals), builder.WithPredicates(claimChanged)).
		WatchesRawSource(r.Worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.Workers}).
		Complete(r)
}

// Reconcile looks at one destination.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	destination := &v1alpha1.ExportDestination{}
	err := client.IgnoreNotFound(r.Client.Get(ctx, request.NamespacedName, destination))
	if err != nil || destination.UID == "" || !destination.DeletionTimestamp.IsZero() {
		if err == nil {
			r.forget(request.NamespacedName)
			r.claims.forget(request.NamespacedName)
			if r.Forget != nil {
				r.Forget(request.NamespacedName)
			}
		}
		return ctrl.Result{}, err
	}
	at, out, untold := r.lookAt(ctx, destination)
	if untold {
		return loop.Result(out), nil
	}
	destination, before := at.destination, at.former
	loop.Mark(destination, out, v1alpha1.ReasonWritable, "evidence can be written")
	markKey(destination)
	if after := r.verifyAgain(destination); after > 0 && after < out.After {
		out.After = after
	}
	if err = r.Publish(ctx, destination, before); err == nil {
		r.tell(ctx, destination, before)
		r.tellKey(destination, before)
	}
	return loop.Requeue(loop.Result(out), err)
}

// looked is what a look works on, and the object as it was before.
type looked struct{ destination, former *v1alpha1.ExportDestination }

// mostTimeouts is how many of Pace.Timeout a look may take, in which each access has one.
const mostTimeouts = 3

// lookAt looks at a destination, and does not wait for it long. untold tells that there
// is nothing to publish yet.
func (r *Reconciler) lookAt(ctx context.Context, destination *v1alpha1.ExportDestination) (at looked, out outcome.Outcome, untold bool) {
	copied := func() looked {
		to := looked{destination.DeepCopy(), destination.DeepCopy()}
		to.destination.Status.ObservedGeneration, to.destination.Status.Location = destination.Generation, r.Location(destination)
		return to
	}
	own := copied()
	answer := r.looks.Wait(ctx, loop.Evaluation{
		Name: client.ObjectKeyFromObject(destination), Now: r.Clock.Now(), Answer: mostTimeouts * r.Intervals.Timeout, Again: r.Intervals.Retry,
		PerTenant: looksEach, Worker: r.Worker,
		HangMessage: func() string { return hangs(destination) },
		Run:         func(ctx context.Context) outcome.Outcome { return r.lookAround(ctx, own.destination) },
		Of:          own,
	})
	if ended, is := answer.Of.(looked); is {
		return ended, answer.Outcome, false
	}
	return copied(), answer.Outcome, answer.NothingNew
}

// hangs says what to do about a destination that does not answer at all.
func hangs(destination *v1alpha1.ExportDestination) string {
	return fmt.Sprintf("check that the file system or bucket of this ExportDestination answers (kubectl get gcdest %s -n %s -o yaml shows where it is); "+
		"exports to it continue as soon as it does", destination.Name, destination.Namespace)
}

// lookAround tells whether a destination is its own, can be written and has its key.
func (r *Reconciler) lookAround(ctx context.Context, destination *v1alpha1.ExportDestination) outcome.Outcome {
	out, err := r.alone(ctx, destination)
	if err == nil && out.IsDone() {
		out, err = r.lookThere(ctx, destination)
	}
	if err != nil {
		return outcome.Of(err, r.Intervals.Retry)
	}
	return out
}

// lookThere tells whether a destination that nobody else has can be written, and has its key.
func (r *Reconciler) lookThere(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	written := r.look(ctx, destination)
	if !written.IsDone() {
		return written, nil
	}
	if out, err := r.claim(ctx, destination); err != nil || !out.IsDone() {
		return out, err
	}
	return r.lookForShare(destination, r.lookForKey(ctx, destination, written)), nil
}

// look tells whether evidence can be written and there is room for it, and when to look again.
func (r *Reconciler) look(ctx context.Context, destination *v1alpha1.ExportDestination) outcome.Outcome {
	probing, cancel := context.WithTimeout(ctx, r.Intervals.Timeout)
	defer cancel()
	err := r.Probe(probing, destination)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return outcome.Wait(v1alpha1.ReasonDestinationUnavailable,
			fmt.Sprintf("retrying: it did not answer within %v", r.Intervals.Timeout), r.Intervals.Retry)
	case err != nil:
		return r.unusable(err)
	default:
		return r.room(ctx, destination)
	}
}

// room tells whether there is room at the destination, as far as that can be known.
func (r *Reconciler) room(ctx context.Context, destination *v1alpha1.ExportDestination) outcome.Outcome {
	free, known, err := r.Free(ctx, destination)
	if err != nil {
		return r.unusable(err)
	}
	destination.Status.Free = nil
	if known {
		destination.Status.Free = resource.NewQuantity(archive.Rough(free), resource.BinarySI)
	}
	floor := exportspec.MinFree(destination.Spec, r.MinFree)
	if known && free < floor {
		return outcome.Stall(v1alpha1.ReasonDestinationFull, fmt.Sprintf(
			"free space at the destination, or lower spec.directory.minFree (and the manager's --min-free, if that is larger): about %v are free, and transfers leave %v free",
			destination.Status.Free, resource.NewQuantity(floor, resource.BinarySI)), r.Intervals.Retry)
	}
	return outcome.Outcome{After: r.Intervals.Ready}
}

// lookForShare tells whether the namespace takes more of a shared volume than it may. It
// comes last: what was begun is finished at such a destination, so nothing else may be
// wrong with it.
func (r *Reconciler) lookForShare(destination *v1alpha1.ExportDestination, out outcome.Outcome) outcome.Outcome {
	if !out.IsDone() || r.Fits == nil {
		return out
	}
	if err := r.Fits(destination, 0); err != nil {
		return outcome.Of(err, r.Intervals.Retry)
	}
	return out
}

// lookForKey tells whether there is a key to sign with. A destination that cannot
// be written says that first.
func (r *Reconciler) lookForKey(ctx context.Context, destination *v1alpha1.ExportDestination, out outcome.Outcome) outcome.Outcome {
	if !out.IsDone() {
		return out
	}
	looking, cancel := context.WithTimeout(ctx, r.Intervals.Timeout)
	defer cancel()
	key, err := r.SigningKey(looking, destination)
	if err != nil {
		return outcome.Of(err, r.Intervals.Retry)
	}
	r.noteKey(destination, key)
	return out
}

// unusable says what is to be done about a destination that cannot be written:
// whatever the cause, somebody has to mend it, unless it only does not answer.
func (r *Reconciler) unusable(err error) outcome.Outcome {
	out := outcome.Of(err, r.Intervals.Retry)
	if out.State == outcome.Stalled || out.Reason == v1alpha1.ReasonDestinationUnavailable {
		return out
	}
	return outcome.Stall(v1alpha1.ReasonDestinationNotWritable, "let the manager write to the destination: "+err.Error(), r.Intervals.Retry)
}
