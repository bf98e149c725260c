package recordingexport

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// finalizers sets and removes the finalizer of exports, which is there only while there may be
// an analytics job at Genesys Cloud that a deletion would have to end.
type finalizers struct{ client client.Client }

// isSet tells whether an export has the finalizer.
func (finalizers) isSet(export *v1alpha1.RecordingExport) bool {
	return controllerutil.ContainsFinalizer(export, v1alpha1.Finalizer)
}

// setOn gives an export the finalizer.
func (f finalizers) setOn(ctx context.Context, export *v1alpha1.RecordingExport) error {
	return f.patch(ctx, export, controllerutil.AddFinalizer)
}

// removeFrom takes the finalizer away from an export.
func (f finalizers) removeFrom(ctx context.Context, export *v1alpha1.RecordingExport) error {
	return f.patch(ctx, export, controllerutil.RemoveFinalizer)
}

// patch writes what change does to an export. The status, which is written later, stays as it is.
func (f finalizers) patch(ctx context.Context, export *v1alpha1.RecordingExport, change func(client.Object, string) bool) error {
	before := export.DeepCopy()
	if !change(export, v1alpha1.Finalizer) {
		return nil
	}
	status := export.Status.DeepCopy()
	err := f.client.Patch(ctx, export, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	status.DeepCopyInto(&export.Status)
	return err
}
