package exportdestination

import (
	"context"
	"fmt"
	"io"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// openReferenced opens a file outside an archive, at its location.
type openReferenced = func(ctx context.Context, location string) (io.ReadCloser, error)

// referencedOpener returns what opens the files outside the archive of an export, nil if it has none.
type referencedOpener = func(*v1alpha1.RecordingExport) openReferenced

// openReferenced returns what opens the files outside an archive. It is nil if the export of the archive
// does not exist any more: only the export names the Secret with the access key of the bucket.
func (w verificationWork) openReferenced(ctx context.Context, destination *v1alpha1.ExportDestination, name string) (openReferenced, error) {
	var exports v1alpha1.RecordingExportList
	if err := w.objects.List(ctx, &exports, client.InNamespace(destination.Namespace)); err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	for i := range exports.Items {
		if exports.Items[i].Status.Archive == w.location(destination)+"/"+name {
			return w.referenced(&exports.Items[i]), nil
		}
	}
	return nil, nil
}
