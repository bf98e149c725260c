package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// followUpStep appends to the plan what follows from finished batches.
type followUpStep struct{ planning planning }

// Reconcile is satisfied once the plan has everything that follows.
func (f *followUpStep) Reconcile(_ context.Context, s *loaded) (outcome.Outcome, error) {
	for i := range s.batches {
		batch := &s.batches[i]
		if !batch.IsFinished() || s.counted.Contains(sliceOf(batch)) || !isPlanned(s.plan, batch) {
			continue
		}
		if entry, follows := followUp(s.plan, batch); follows {
			return f.planning.startAppending(s, entry), nil
		}
	}
	return outcome.Done(), nil
}

// sliceOf names the slice of a batch.
func sliceOf(batch *v1alpha1.RecordingExportBatch) plan.SliceID {
	return plan.SliceID{Lane: slicing.Lane(batch.Spec.Lane), Ordinal: int(batch.Spec.Ordinal)}
}

// isPlanned reports whether a batch is the plan's, and not one of the same name or ordinal.
func isPlanned(log plan.View, batch *v1alpha1.RecordingExportBatch) bool {
	return log.HasSlice(sliceOf(batch), batch.Name)
}

// followUp returns the entry that follows from a finished batch of the plan, if there is one.
func followUp(log plan.View, batch *v1alpha1.RecordingExportBatch) (plan.Entry, bool) {
	status := batch.Status
	return log.FollowUp(plan.FinishedBatch{
		SliceID: sliceOf(batch), Moved: status.Moved > 0, Split: status.Split,
		IsolatedConversations: status.Isolated.Conversations > 0, IsolatedRecordings: status.Isolated.Recordings > 0,
	})
}
