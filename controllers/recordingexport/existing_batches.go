package recordingexport

import (
	"cmp"
	"context"
	"errors"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// existingBatches lists and deletes the batches that exports have.
type existingBatches struct{ client client.Client }

// list returns an export's batches.
func (b existingBatches) list(ctx context.Context, export *v1alpha1.RecordingExport) ([]v1alpha1.RecordingExportBatch, error) {
	var list v1alpha1.RecordingExportBatchList
	err := b.client.List(ctx, &list, client.InNamespace(export.Namespace), client.MatchingFields{watch.BatchExport: export.Name})
	return slices.DeleteFunc(list.Items, func(batch v1alpha1.RecordingExportBatch) bool {
		return !metav1.IsControlledBy(&batch, export)
	}), err
}

// deleteAll deletes batches.
func (b existingBatches) deleteAll(ctx context.Context, batches []v1alpha1.RecordingExportBatch) error {
	var failed []error
	for i := range batches {
		failed = append(failed, client.IgnoreNotFound(b.client.Delete(ctx, &batches[i])))
	}
	return errors.Join(failed...)
}

// prune deletes the oldest finished batches beyond those to be kept, but only
// ones whose account has been written to the export's status. log is nil once the export has
// ended.
func (b existingBatches) prune(ctx context.Context, s *subject, log *plan.Log, batches []v1alpha1.RecordingExportBatch) error {
	counted, err := countedIn(s.before)
	if err != nil {
		return err
	}
	var finished []*v1alpha1.RecordingExportBatch
	for i := range batches {
		if batch := &batches[i]; isDeletable(log, batch, counted) && batch.DeletionTimestamp.IsZero() {
			finished = append(finished, batch)
		}
	}
	slices.SortFunc(finished, func(a, b *v1alpha1.RecordingExportBatch) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Spec.Ordinal, b.Spec.Ordinal))
	})
	excess := max(0, len(finished)-exportspec.RetainBatches(s.export.Spec))
	for _, batch := range finished[:excess] {
		if err := client.IgnoreNotFound(b.client.Delete(ctx, batch)); err != nil {
			return err
		}
	}
	return nil
}

// isDeletable reports whether nothing depends on a batch any more: it is counted, and so
// are its halves if it was cut in two. Without a log, the export has ended.
func isDeletable(log *plan.Log, batch *v1alpha1.RecordingExportBatch, counted plan.SliceSet) bool {
	return batch.IsFinished() && counted.Contains(sliceOf(batch)) && (log == nil || log.HasAllHalves(counted, batch.Name))
}
