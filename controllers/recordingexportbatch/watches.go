package recordingexportbatch

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// ofExport lists the batches of an export, and drops what is cached about a deleted one.
func (r *Reconciler) ofExport(ctx context.Context, export client.Object) []reconcile.Request {
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(export), &v1alpha1.RecordingExport{})
	if apierrors.IsNotFound(err) {
		r.foundings.forget(client.ObjectKeyFromObject(export))
	}
	return r.list(ctx, client.InNamespace(export.GetNamespace()), client.MatchingLabels{v1alpha1.LabelExport: export.GetName()})
}

// unfinished lists the batches of a namespace that are not finished: an organisation or
// destination may matter to them.
func (r *Reconciler) unfinished(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.list(ctx, client.InNamespace(obj.GetNamespace()))
}

func (r *Reconciler) list(ctx context.Context, options ...client.ListOption) []reconcile.Request {
	var batches v1alpha1.RecordingExportBatchList
	if err := r.Client.List(ctx, &batches, options...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list batches")
		return nil
	}
	var requests []reconcile.Request
	for i := range batches.Items {
		if !batches.Items[i].IsFinished() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&batches.Items[i])})
		}
	}
	return requests
}

// WakeAll has the unfinished batches of a namespace evaluated soon: an organisation there has
// logged in.
func (r *Reconciler) WakeAll(ctx context.Context, namespace string) {
	for _, request := range r.list(ctx, client.InNamespace(namespace)) {
		r.worker.Wake(request.NamespacedName)
	}
}

// exportChanged passes the changes of an export that matter to its batches: those of its spec,
// whether it is cancelled, and whether its archive belongs to another cluster.
var exportChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*v1alpha1.RecordingExport)
		now, okNow := e.ObjectNew.(*v1alpha1.RecordingExport)
		return okBefore && okNow && (before.Status.Cancelled != now.Status.Cancelled || isOfAnotherCluster(before) != isOfAnotherCluster(now))
	},
})

// isOfAnotherCluster tells whether an export says that its archive belongs to another cluster.
func isOfAnotherCluster(export *v1alpha1.RecordingExport) bool {
	return conditions.Reason(export) == v1alpha1.ReasonArchiveOfAnotherCluster
}
