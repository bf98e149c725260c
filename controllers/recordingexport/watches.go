package recordingexport

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// SetupWithManager adds the reconciler to a manager, which has the indexes of package watch.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	requested := watch.Requested(v1alpha1.AnnotationRetry, v1alpha1.AnnotationCancel, v1alpha1.AnnotationTakeOver, v1alpha1.AnnotationContinueWithoutKey)
	return ctrl.NewControllerManagedBy(mgr).
		Named("recordingexport").
		For(&v1alpha1.RecordingExport{}, builder.WithPredicates(requested)).
		Owns(&v1alpha1.RecordingExportBatch{}, builder.WithPredicates(watch.BatchTurned)).
		Watches(&v1alpha1.RecordingExportBatch{}, handler.Funcs{UpdateFunc: r.batchProgressed}, builder.WithPredicates(watch.BatchProgressed)).
		Watches(&v1alpha1.GenesysOrganization{}, r.exportsOf(watch.ExportOrganization), builder.WithPredicates(watch.Organization)).
		Watches(&v1alpha1.ExportDestination{}, r.exportsOf(watch.ExportDestination), builder.WithPredicates(watch.Destination)).
		WatchesRawSource(r.worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.ConcurrentReconciles}).
		Complete(r)
}

// exportsOf enqueues the exports that refer to an object in a field.
func (r *Reconciler) exportsOf(field string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, obj client.Object) []reconcile.Request {
		return watch.Exports(ctx, r.Client, field, client.ObjectKeyFromObject(obj))
	})
}

// batchProgressed has the export of a batch reconciled, at most once a second however many
// batches progress.
func (r *Reconciler) batchProgressed(_ context.Context, e event.UpdateEvent, _ workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	if owner := metav1.GetControllerOf(e.ObjectNew); owner != nil {
		r.worker.Progress(types.NamespacedName{Namespace: e.ObjectNew.GetNamespace(), Name: owner.Name})
	}
}

// WakeOrganization has the exports of an organisation reconciled soon: it can be used now.
func (r *Reconciler) WakeOrganization(ctx context.Context, organization types.NamespacedName) {
	for _, request := range watch.Exports(ctx, r.Client, watch.ExportOrganization, organization) {
		r.worker.Wake(request.NamespacedName)
	}
}
