package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// suspensionCheck stops the work of a batch whose export is suspended, cancelled or being deleted. A deletion
// waits for the work of all batches before it ends their jobs at Genesys Cloud.
type suspensionCheck struct{ work batchWork }

// Reconcile is satisfied unless the export is suspended, cancelled or being deleted.
func (c *suspensionCheck) Reconcile(_ context.Context, b *resolvedBatch) (outcome.Outcome, error) {
	var out outcome.Outcome
	switch {
	case !b.export.DeletionTimestamp.IsZero():
		out = outcome.Wait(v1alpha1.ReasonEndingJobs, "the export is being deleted", 0)
	case b.export.Status.Cancelled:
		out = outcome.Stall(v1alpha1.ReasonCancelled, "the export was cancelled; a retry of the export resumes this batch", 0)
	case b.export.Spec.Suspend:
		out = outcome.Wait(v1alpha1.ReasonSuspended, "the export is suspended", 0)
	default:
		return outcome.Done(), nil
	}
	c.work.cancel(&b.references)
	return out, nil
}
