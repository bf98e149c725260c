package recordingexportbatch

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// references are a batch and the objects that it refers to.
type references struct {
	batch       *v1alpha1.RecordingExportBatch
	export      v1alpha1.RecordingExport
	destination v1alpha1.ExportDestination
}

// archiveAccess is the archive of a batch's export.
type archiveAccess struct {
	store archive.Store
	// location is where the archive is, relative to the archive root.
	location string
	// signer returns the signer of the export, nil if nothing is signed.
	signer func(context.Context) (*signing.Signer, error)
	// space bounds what is stored.
	space freeSpace
}

// resolvedBatch is a batch whose references have been resolved.
type resolvedBatch struct {
	references
	archiveAccess
}

// keyPrefix begins the keys of all work for the batch's export.
func (r *references) keyPrefix() string {
	return r.batch.Namespace + "/" + r.batch.Spec.ExportRef.Name + "/"
}

// archiveDependency is the dependency of work for the batch that only uses its archive.
func (r *references) archiveDependency() string {
	return loop.DestinationDependency(r.destination.Name)
}

// restores tells whether the batch has archived recordings restored.
func (r *references) restores() bool {
	return r.batch.Spec.Lane == v1alpha1.LaneIsolated && r.export.Spec.Archived == v1alpha1.ArchivedRestore
}

// referenceResolver gets the export of a batch and its destination, and opens its archive.
type referenceResolver struct {
	client   client.Client
	archive  func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	location func(destination *v1alpha1.ExportDestination, export string) string
	signer   func(ctx context.Context, destination *v1alpha1.ExportDestination, export string) (*signing.Signer, error)
	reserve  func(destination *v1alpha1.ExportDestination, bytes int64) (*usage.Reservation, error)
	minFree  int64
}

// resolve returns the batch with its references. The outcome says which one does not exist.
func (r *referenceResolver) resolve(ctx context.Context, batch *v1alpha1.RecordingExportBatch) (*resolvedBatch, outcome.Outcome, error) {
	// Work uses the copy while the evaluation's status is written.
	b := &resolvedBatch{references: references{batch: batch.DeepCopy()}}
	name := types.NamespacedName{Namespace: batch.Namespace, Name: batch.Spec.ExportRef.Name}
	if err := r.client.Get(ctx, name, &b.export); err != nil {
		out, err := loop.Absent(err, v1alpha1.ReasonExportNotFound, fmt.Sprintf("create the RecordingExport %q again, or delete this batch", name.Name))
		return nil, out, err
	}
	name.Name = b.export.Spec.DestinationRef.Name
	if err := r.client.Get(ctx, name, &b.destination); err != nil {
		out, err := loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q that the export refers to", name.Name))
		return nil, out, err
	}
	var err error
	b.archiveAccess, err = r.openArchive(&b.references)
	return b, outcome.Done(), err
}

// openArchive opens the archive. What batches of the hold lanes store is under legal hold.
func (r *referenceResolver) openArchive(refs *references) (archiveAccess, error) {
	store, err := r.archive(&refs.destination, refs.export.Name)
	if err != nil {
		return archiveAccess{}, fmt.Errorf("open archive: %w", err)
	}
	if lane := refs.batch.Spec.Lane; lane == v1alpha1.LaneLegalHold || lane == v1alpha1.LaneLegalHoldScreen {
		store = archive.Held(store)
	}
	access := archiveAccess{
		store: store, location: r.location(&refs.destination, refs.export.Name),
		signer: func(ctx context.Context) (*signing.Signer, error) {
			return r.signer(ctx, &refs.destination, refs.export.Name)
		},
		space: freeSpace{store: store, minFree: exportspec.MinFree(refs.destination.Spec, r.minFree)},
	}
	if r.reserve != nil {
		access.space.reserve = func(bytes int64) (*usage.Reservation, error) { return r.reserve(&refs.destination, bytes) }
	}
	return access, nil
}
