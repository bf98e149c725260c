// Package watch decides which objects are reconciled because another one changed: by field
// indexes, which find what refers to it (index.go), and by predicates, which pass only
// changes that matter to those that refer to it (predicates.go).
package watch

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// The fields by which objects are indexed.
const (
	// ExportOrganization and ExportDestination are those of a RecordingExport.
	ExportOrganization = "spec.organizationRef.name"
	ExportDestination  = "spec.destinationRef.name"
	// BatchExport is that of a RecordingExportBatch.
	BatchExport = "spec.exportRef.name"
)

// Index is one field index.
type Index struct {
	Object  client.Object
	Field   string
	Extract client.IndexerFunc
}

// Indexes are all field indexes. Every client that controllers list with has them.
func Indexes() []Index {
	return []Index{
		{&v1alpha1.RecordingExport{}, ExportOrganization, of(func(e *v1alpha1.RecordingExport) string { return e.Spec.OrganizationRef.Name })},
		{&v1alpha1.RecordingExport{}, ExportDestination, of(func(e *v1alpha1.RecordingExport) string { return e.Spec.DestinationRef.Name })},
		{&v1alpha1.RecordingExportBatch{}, BatchExport, of(func(b *v1alpha1.RecordingExportBatch) string { return b.Spec.ExportRef.Name })},
	}
}

func of[T client.Object](value func(T) string) client.IndexerFunc {
	return func(obj client.Object) []string {
		if typed, is := obj.(T); is {
			return []string{value(typed)}
		}
		return nil
	}
}

// AddIndexes adds all field indexes to a manager's cache, once and before it starts.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	var failed []error
	for _, index := range Indexes() {
		failed = append(failed, indexer.IndexField(ctx, index.Object, index.Field, index.Extract))
	}
	return errors.Join(failed...)
}

// Exports lists the exports that refer to an object of their namespace in a field, which
// is ExportOrganization or ExportDestination. It is empty if they cannot be listed, which
// is logged.
func Exports(ctx context.Context, reader client.Reader, field string, of types.NamespacedName) []reconcile.Request {
	var exports v1alpha1.RecordingExportList
	if err := reader.List(ctx, &exports, client.InNamespace(of.Namespace), client.MatchingFields{field: of.Name}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list exports", "field", field, "name", of.Name)
		return nil
	}
	requests := make([]reconcile.Request, len(exports.Items))
	for i := range exports.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&exports.Items[i])
	}
	return requests
}

// UnfinishedBatches lists the batches of an export that are not finished. It is empty if
// they cannot be listed, which is logged.
func UnfinishedBatches(ctx context.Context, reader client.Reader, export types.NamespacedName) []reconcile.Request {
	var batches v1alpha1.RecordingExportBatchList
	if err := reader.List(ctx, &batches, client.InNamespace(export.Namespace), client.MatchingFields{BatchExport: export.Name}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list batches", "export", export.Name)
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

// UnfinishedBatchesOf lists the unfinished batches of all exports that refer to an object
// in a field (Exports).
func UnfinishedBatchesOf(ctx context.Context, reader client.Reader, field string, of types.NamespacedName) []reconcile.Request {
	var requests []reconcile.Request
	for _, export := range Exports(ctx, reader, field, of) {
		requests = append(requests, UnfinishedBatches(ctx, reader, export.NamespacedName)...)
	}
	return requests
}
