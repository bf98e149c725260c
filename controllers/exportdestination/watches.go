package exportdestination

import (
	"context"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("exportdestination").
		For(&v1alpha1.ExportDestination{}, builder.WithPredicates(watch.Requested(v1alpha1.AnnotationRetry, v1alpha1.AnnotationConfirmSigningKey))).
		Watches(&v1alpha1.ExportDestination{}, handler.EnqueueRequestsFromMapFunc(r.claim().otherClaimants), builder.WithPredicates(claimChanged)).
		WatchesRawSource(r.Worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.ConcurrentReconciles}).
		Complete(r)
}

// otherClaimants lists the destinations of other namespaces that may get, or lose, their
// place in S3 because a destination has changed: those that name the same place, except
// those that have it if this one does not.
func (c claim) otherClaimants(ctx context.Context, obj client.Object) []reconcile.Request {
	changed, is := obj.(*v1alpha1.ExportDestination)
	if !is || changed.Spec.S3 == nil {
		return nil
	}
	var list v1alpha1.ExportDestinationList
	if err := c.objects.List(ctx, &list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list destinations")
		return nil
	}
	c.claims.mu.Lock()
	defer c.claims.mu.Unlock()
	var requests []reconcile.Request
	for i := range list.Items {
		other := &list.Items[i]
		if _, isShared := sharedField(changed, other); isShared && (!c.claims.has(other) || c.claims.has(changed)) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(other)})
		}
	}
	return requests
}

// claimChanged passes changes of a destination that matter to those that name the same
// place in S3.
var claimChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*v1alpha1.ExportDestination)
		now, okNow := e.ObjectNew.(*v1alpha1.ExportDestination)
		return okBefore && okNow && (isEvaluated(before) != isEvaluated(now) || before.Status.ClaimTime.IsZero() != now.Status.ClaimTime.IsZero() ||
			before.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero())
	},
})
