package hostile

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// expectNothingGained: no export of a hostile tenant is ready. If one were, the tenant
// would not have done what it is there for.
func expectNothingGained(w *world.World) {
	w.Helper()
	for _, export := range exportsOf(w) {
		if conditions.IsReady(&export) {
			w.Errorf("%s/%s is ready", w.Namespace, export.Name)
		}
	}
}

// wipe deletes everything that a tenant made, and removes finalizers, as whoever may edit
// an object can: jobs of the simulator are nobody's afterwards.
func wipe(w *world.World) {
	w.Helper()
	for _, kind := range []client.Object{
		&v1alpha1.RecordingExport{}, &v1alpha1.RecordingExportBatch{}, &v1alpha1.ExportDestination{}, &v1alpha1.GenesysOrganization{}, &corev1.Secret{},
	} {
		if err := w.Client.DeleteAllOf(w.Context(), kind, client.InNamespace(w.Namespace)); err != nil {
			w.Fatal(err)
		}
	}
	testenv.Eventually(w, "what the tenant of "+w.Namespace+" made is gone", func() bool {
		left := exportsOf(w)
		for i := range left {
			patch := client.MergeFrom(left[i].DeepCopy())
			left[i].Finalizers = nil
			if err := w.Client.Patch(w.Context(), &left[i], patch); client.IgnoreNotFound(err) != nil {
				w.Fatal(err)
			}
		}
		return len(left) == 0
	})
}
