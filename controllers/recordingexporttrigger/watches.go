package recordingexporttrigger

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	recorded := watch.Requested(v1alpha1.AnnotationEvents, v1alpha1.AnnotationCollectsUntil)
	isTriggered := predicate.NewPredicateFuncs(func(obj client.Object) bool { return obj.GetLabels()[v1alpha1.LabelTrigger] != "" })
	return ctrl.NewControllerManagedBy(mgr).
		Named("recordingexporttrigger").
		For(&v1alpha1.RecordingExportTrigger{}, builder.WithPredicates(watch.Requested())).
		Watches(&v1alpha1.RecordingExport{}, handler.EnqueueRequestsFromMapFunc(triggerOf), builder.WithPredicates(isTriggered, recorded)).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.ConcurrentReconciles}).
		Complete(r)
}

// triggerOf returns the trigger that created an export.
func triggerOf(_ context.Context, export client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: export.GetNamespace(), Name: export.GetLabels()[v1alpha1.LabelTrigger]}}}
}
