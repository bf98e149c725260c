package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// submissionStep requests every wanted recording, or as many as can be delivered before their
// addresses expire: the completion step requests the others later. Requesting a recording
// twice does no harm.
type submissionStep struct {
	work       batchWork
	deliverers deliverers
}

// Reconcile is satisfied once recordings have been requested.
func (s *submissionStep) Reconcile(_ context.Context, b *connectedBatch) (outcome.Outcome, error) {
	if b.state.outcome != nil || b.state.allRequested || b.state.requested && s.deliverers.requestsLater(b) {
		return outcome.Done(), nil
	}
	work := func(ctx context.Context, try transfer.Try) error {
		contents, err := readCurrentContents(ctx, b.resolvedBatch)
		if err != nil {
			return err
		}
		return s.deliverers.deliverer(b, contents).request(ctx, try)
	}
	return s.work.run(b.loadedBatch, v1alpha1.StepSubmission, loop.Task{
		Pool: string(b.batch.Spec.Lane), Key: b.batch.Name + "/submission", Work: work, Reason: v1alpha1.ReasonSubmitting, Message: "requesting the recordings",
	}), nil
}
