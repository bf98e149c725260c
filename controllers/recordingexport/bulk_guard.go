package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// bulkGuard gives an export the finalizer while its batches may have recording bulk jobs at Genesys
// Cloud. Batches create none without it.
type bulkGuard struct {
	finalizers finalizers
	jobs       jobEnding
}

// Reconcile is satisfied once the finalizer is set, or no batch needs it.
func (g *bulkGuard) Reconcile(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	if !hasBulkJobs(s.export) || !hasUnfinished(s.batches) {
		return outcome.Done(), nil
	}
	if !g.jobs.stopEnding(s.subject) {
		return outcome.Wait(v1alpha1.ReasonEndingJobs, "ending earlier recording bulk jobs at Genesys Cloud", stopInterval), nil
	}
	return outcome.Done(), g.finalizers.setOn(ctx, s.export)
}

func hasUnfinished(batches []v1alpha1.RecordingExportBatch) bool {
	for i := range batches {
		if !batches[i].IsFinished() {
			return true
		}
	}
	return false
}
