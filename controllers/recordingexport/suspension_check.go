package recordingexport

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// suspensionCheck stops the work of an export that is suspended or cancelled. All that such an
// export needs is what it takes to end its analytics jobs at Genesys Cloud.
type suspensionCheck struct {
	pool       exportPool
	finalizers finalizers
	jobs       jobEnding
}

// Reconcile is satisfied unless the export is suspended or cancelled.
func (c *suspensionCheck) Reconcile(ctx context.Context, s *subject) (outcome.Outcome, error) {
	var out outcome.Outcome
	switch {
	case s.export.Status.Cancelled:
		out = outcome.Stall(v1alpha1.ReasonCancelled, "the export was cancelled; to resume it: "+retryCommand(s.export), 0)
	case s.export.Spec.Suspend && s.export.Status.CompletionTime == nil:
		out = outcome.Wait(v1alpha1.ReasonSuspended, "spec.suspend is true", 0)
	default:
		return outcome.Done(), nil
	}
	c.pool.cancel(s.name())
	if !c.finalizers.isSet(s.export) {
		return out, nil
	}
	ending, _ := c.jobs.endJobs(ctx, s)
	if ending.IsDone() {
		return out, c.finalizers.removeFrom(ctx, s.export)
	}
	out.After = ending.After
	out.Message = fmt.Sprintf("%s; its jobs at Genesys Cloud are not ended yet: %s", out.Message, ending.Message)
	return out, nil
}
