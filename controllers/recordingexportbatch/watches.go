package recordingexportbatch

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
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

// SetupWithManager adds the reconciler to a manager, which has the indexes of package watch.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("recordingexportbatch").
		For(&v1alpha1.RecordingExportBatch{}, builder.WithPredicates(watch.Requested(), r.forgetDeleted())).
		Watches(&v1alpha1.RecordingExport{}, handler.EnqueueRequestsFromMapFunc(r.batchesOfExport), builder.WithPredicates(watch.Export)).
		Watches(&v1alpha1.GenesysOrganization{}, r.batchesOf(watch.ExportOrganization), builder.WithPredicates(watch.Organization)).
		Watches(&v1alpha1.ExportDestination{}, r.batchesOf(watch.ExportDestination), builder.WithPredicates(watch.Destination)).
		WatchesRawSource(r.worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.ConcurrentReconciles}).
		Complete(reconcile.AsReconciler(mgr.GetClient(), r))
}

// batchesOfExport lists the batches of an export, and forgets one that is gone.
func (r *Reconciler) batchesOfExport(ctx context.Context, export client.Object) []reconcile.Request {
	name := client.ObjectKeyFromObject(export)
	if err := r.Client.Get(ctx, name, &v1alpha1.RecordingExport{}); apierrors.IsNotFound(err) {
		r.origins.forgetExport(name)
		r.work.states.dropExport(name)
	}
	return watch.UnfinishedBatches(ctx, r.Client, name)
}

// forgetDeleted forgets a deleted batch. There is nothing to reconcile then.
func (r *Reconciler) forgetDeleted() predicate.Predicate {
	return predicate.Funcs{DeleteFunc: func(e event.DeleteEvent) bool {
		if batch, is := e.Object.(*v1alpha1.RecordingExportBatch); is {
			r.work.forgetBatch(batch)
		}
		return false
	}}
}

// batchesOf enqueues the unfinished batches of the exports that refer to an object in a field.
func (r *Reconciler) batchesOf(field string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, obj client.Object) []reconcile.Request {
		return watch.UnfinishedBatchesOf(ctx, r.Client, field, client.ObjectKeyFromObject(obj))
	})
}

// WakeOrganization has the unfinished batches of an organisation's exports reconciled soon:
// it can be used now.
func (r *Reconciler) WakeOrganization(ctx context.Context, organization types.NamespacedName) {
	for _, request := range watch.UnfinishedBatchesOf(ctx, r.Client, watch.ExportOrganization, organization) {
		r.worker.Wake(request.NamespacedName)
	}
}
