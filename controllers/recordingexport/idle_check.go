package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// idleCheck takes the finalizer away once no analytics job is left. One may be left that no
// survey ended: of a process that was killed, or of a day that is not in the window any more.
type idleCheck struct {
	finalizers finalizers
	jobs       jobEnding
}

// Reconcile is satisfied once the finalizer is removed.
func (c *idleCheck) Reconcile(ctx context.Context, s *clients) (outcome.Outcome, error) {
	if !c.finalizers.isSet(s.export) {
		return outcome.Done(), nil
	}
	keys, err := artifacts.Keys(ctx, s.store, artifacts.JobFolder)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if len(keys) > 0 {
		return c.jobs.startEnding(s.references, false), nil
	}
	if hasBulkJobs(s.export) {
		// A deletion has to end the bulk jobs of the batches.
		if running, err := artifacts.Keys(ctx, s.store, artifacts.BulkRunningFolder); err != nil || len(running) > 0 {
			return outcome.Done(), err
		}
	}
	return outcome.Done(), c.finalizers.removeFrom(ctx, s.export)
}
