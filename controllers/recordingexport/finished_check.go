package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// finishedCheck ends the evaluation of an export that is finished, except that it deletes batches.
type finishedCheck struct{ batches existingBatches }

// Reconcile is always satisfied. It ends the export if the export is finished and nobody has
// requested a retry.
func (c *finishedCheck) Reconcile(ctx context.Context, s *subject) (outcome.Outcome, error) {
	if !s.isFinished() || s.retry != "" {
		return outcome.Done(), nil
	}
	s.ended = true
	if s.export.Status.Batches.Planned == 0 {
		return outcome.Done(), nil
	}
	batches, err := c.batches.list(ctx, s.export)
	if err == nil {
		err = c.batches.prune(ctx, s, nil, batches)
	}
	return outcome.Done(), err
}
