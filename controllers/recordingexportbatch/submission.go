package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// submissionStep requests every wanted recording, or as many as can be delivered before their
// addresses expire: the completion step requests the others later. Requesting a recording
// twice does no harm.
type submissionStep struct {
	pools      lanePools
	deliverers deliverers
}

// Reconcile is satisfied once recordings have been requested.
func (s *submissionStep) Reconcile(_ context.Context, b *connectedBatch) (outcome.Outcome, error) {
	if b.state.outcome != nil || b.state.allRequested() {
		return outcome.Done(), nil
	}
	deliverer := s.deliverers.deliverer(b)
	if deliverer.requestsLater(b.state) {
		return outcome.Done(), nil
	}
	return s.pools.run(b.loadedBatch, b.batch.Spec.Lane, v1alpha1.StepSubmission, loop.Task{
		Key: b.batch.Name + "/submission", Work: deliverer.request, Reason: v1alpha1.ReasonSubmitting, Message: "requesting the recordings",
	}), nil
}

// allRequested tells whether every wanted recording has been requested once, or is no longer
// requested.
func (s *batchState) allRequested() bool {
	return len(notNamed(s.inventory.Wanted(), s.requests, s.setAside)) == 0
}
