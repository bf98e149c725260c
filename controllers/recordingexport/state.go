package recordingexport

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// loaded is an export with everything that decides what to do next.
type loaded struct {
	*claimed
	plan    *plan.Log
	batches []v1alpha1.RecordingExportBatch
	// counted are the slices whose batches are finished and counted.
	counted plan.SliceSet
	// surveyed reports whether every day that can be surveyed has been.
	surveyed bool
	// sealed is the newest seal, nil if there is none.
	sealed *evidence.Former
}

// loadState reads what the archive proves of the export, lists its batches and counts those
// that have finished. Unless all of that was read, the state is nil: a part of it would make
// the status report too little.
func (r *Reconciler) loadState(ctx context.Context, owned *claimed) (*loaded, outcome.Outcome, error) {
	batches, err := r.listBatches(ctx, owned.export)
	if err != nil {
		return nil, outcome.Outcome{}, err
	}
	s := &loaded{claimed: owned, batches: batches}
	if out, err := r.readPlan(ctx, s); err != nil || !out.IsDone() {
		return nil, out, err
	}
	if err := s.readSeal(ctx); err != nil {
		return nil, outcome.Outcome{}, err
	}
	if err := s.adoptSealed(); err != nil {
		return nil, outcome.Outcome{}, err
	}
	if s.counted, err = countFinishedBatches(s.plan, &s.export.Status, s.batches); err != nil {
		return nil, outcome.Outcome{}, err
	}
	return s, outcome.Done(), nil
}

// listBatches lists an export's batches.
func (r *Reconciler) listBatches(ctx context.Context, export *v1alpha1.RecordingExport) ([]v1alpha1.RecordingExportBatch, error) {
	var list v1alpha1.RecordingExportBatchList
	err := r.Client.List(ctx, &list, client.InNamespace(export.Namespace), client.MatchingFields{watch.BatchExport: export.Name})
	return slices.DeleteFunc(list.Items, func(b v1alpha1.RecordingExportBatch) bool { return !metav1.IsControlledBy(&b, export) }), err
}
