package genesysorganization

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("genesysorganization").
		For(&v1alpha1.GenesysOrganization{}, builder.WithPredicates(watch.Requested())).
		WatchesRawSource(r.Worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.ConcurrentReconciles}).
		Complete(r)
}
