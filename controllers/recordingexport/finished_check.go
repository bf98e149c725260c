package recordingexport

import "context"

// finishedCheck ends the evaluation of an export that is finished, except that it deletes batches.
type finishedCheck struct{ batches existingBatches }

// check reports whether the export has ended: it is finished, and nobody has requested a retry.
func (c *finishedCheck) check(ctx context.Context, s *subject) (ended bool, err error) {
	if !s.isFinished() || s.retry != "" {
		return false, nil
	}
	if s.export.Status.Batches.Planned == 0 {
		return true, nil
	}
	batches, err := c.batches.list(ctx, s.export)
	if err == nil {
		err = c.batches.prune(ctx, s, nil, batches)
	}
	return true, err
}
