// Package exportdestination sees to it that evidence can be written to each
// destination.
package exportdestination

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Pace is how often a destination is looked at.
type Pace struct {
	// Ready is between two looks at a destination that can be written.
	Ready time.Duration
	// Again is before another look at one that cannot.
	Again time.Duration
}

// DefaultPace is what the manager uses.
func DefaultPace() Pace { return Pace{Ready: 5 * time.Minute, Again: 20 * time.Second} }

// Reconciler looks after destinations.
type Reconciler struct {
	loop.Publisher
	// Location is where a destination is, relative to the archive root.
	Location func(*v1alpha1.ExportDestination) string
	// Probe writes something to a destination, durably, and removes it.
	Probe func(context.Context, *v1alpha1.ExportDestination) error
	Pace  Pace
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=exportdestinations,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=exportdestinations/status,verbs=patch

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("exportdestination").
		For(&v1alpha1.ExportDestination{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(reconcile.AsReconciler(mgr.GetClient(), r))
}

// Reconcile looks at one destination.
func (r *Reconciler) Reconcile(ctx context.Context, destination *v1alpha1.ExportDestination) (ctrl.Result, error) {
	if !destination.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	before := destination.DeepCopy()
	destination.Status.ObservedGeneration = destination.Generation
	destination.Status.Location = r.Location(destination)
	out := outcome.Outcome{After: r.Pace.Ready}
	if err := r.Probe(ctx, destination); err != nil {
		out = r.unusable(err)
	}
	loop.Mark(destination, out, v1alpha1.ReasonWritable, "evidence can be written")
	return loop.IgnoreConflict(loop.Result(out), r.Publish(ctx, destination, before))
}

// unusable says what is to be done about a destination that cannot be written:
// whatever the cause, somebody has to mend it.
func (r *Reconciler) unusable(err error) outcome.Outcome {
	out := outcome.Of(err, r.Pace.Again)
	if out.State == outcome.Stalled {
		return out
	}
	return outcome.Stall(v1alpha1.ReasonDestinationNotWritable, "let the manager write to the destination: "+err.Error(), r.Pace.Again)
}
