package recordingexportbatch

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// destinationCheck stops a batch while its destination is Stalled, so that nothing more is
// written there. The batch gives the destination's reason, and continues where it was once the
// destination is fixed. If only the namespace's share of the volume is used up, new transfers
// wait (freeSpaceCheck), but what was downloaded is sealed.
type destinationCheck struct {
	loader stateLoader
	work   batchWork
}

// Reconcile is satisfied if the destination can be written, or the batch is finished. A state that
// cannot be read does not matter.
func (c *destinationCheck) Reconcile(ctx context.Context, b *resolvedBatch) (outcome.Outcome, error) {
	switch {
	case conditions.IsStalledBy(&b.destination, v1alpha1.ReasonNamespaceFull):
		return outcome.Done(), nil
	case conditions.IsStalled(&b.destination):
	case b.destination.Status.Location == "":
		return outcome.Wait(v1alpha1.ReasonDestinationNotReady, fmt.Sprintf("waiting for the ExportDestination %q", b.destination.Name), 0), nil
	default:
		return outcome.Done(), nil
	}
	switch state, out := c.loader.load(ctx, b); {
	case isLoading(out):
		return out, nil
	case state != nil && state.isFinished():
		return outcome.Done(), nil
	}
	c.work.cancel(&b.references)
	return outcome.Stall(conditions.Reason(&b.destination), fmt.Sprintf(
		"fix the ExportDestination %q: %s", b.destination.Name, conditions.Message(&b.destination)), 0), nil
}
