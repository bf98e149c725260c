package recordingexportbatch

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// evaluationsPerNamespace is how many batches of a namespace are evaluated at the same time.
const evaluationsPerNamespace = 4

// evaluation is what one evaluation of a batch found out for its status.
type evaluation struct {
	// batch is the evaluation's own copy, former the batch as it was before.
	batch, former *v1alpha1.RecordingExportBatch
	// location is that of the archive, empty if the references could not be resolved.
	location string
	// state is nil if it could not be read.
	state *batchState
	work  workReport
	// hasBulkJobs tells that bulk jobs export the batch's recordings. organization is then the id of the
	// organisation, empty if it is not known.
	hasBulkJobs  bool
	organization string
}

// foundFinished tells whether the state is known and nothing is left to do.
func (e *evaluation) foundFinished() bool { return e.state != nil && e.state.isFinished() }

// evaluate runs the steps without waiting for those that take long, so that an archive that
// hangs does not delay the batches of other exports. nothingNew tells that there is nothing to
// publish yet.
func (r *Reconciler) evaluate(ctx context.Context, batch, former *v1alpha1.RecordingExportBatch) (e *evaluation, out outcome.Outcome, nothingNew bool) {
	own := &evaluation{batch: batch.DeepCopy(), former: former}
	answer := r.evaluations.Run(ctx, loop.Evaluation{
		Name: client.ObjectKeyFromObject(batch), Now: r.clock.Now(), Timeout: r.intervals.StepTimeout, RetryAfter: r.intervals.Retry,
		PerNamespace: evaluationsPerNamespace, Worker: r.worker,
		HangMessage: func() string { return loop.ExportHangs(r.destinationName(ctx, batch)) },
		Run: func(ctx context.Context) outcome.Outcome {
			out, err := r.advance(ctx, own)
			if err != nil {
				return outcome.Of(err, r.intervals.Retry)
			}
			return out
		},
		Subject: own,
	})
	if ended, is := answer.Subject.(*evaluation); is {
		return ended, answer.Outcome, false
	}
	return &evaluation{batch: batch, former: former}, answer.Outcome, answer.NothingNew
}

// destinationName returns the name of the destination of a batch's export, empty if there is
// no such export.
func (r *Reconciler) destinationName(ctx context.Context, batch *v1alpha1.RecordingExportBatch) string {
	var export v1alpha1.RecordingExport
	if err := r.Client.Get(ctx, types.NamespacedName{Namespace: batch.Namespace, Name: batch.Spec.ExportRef.Name}, &export); err != nil {
		return ""
	}
	return export.Spec.DestinationRef.Name
}

// step brings a batch forward, or says what the batch waits for. B is what the step needs to
// know about the batch: resolvedBatch or connectedBatch.
type step[B any] interface {
	Reconcile(ctx context.Context, batch *B) (outcome.Outcome, error)
}

// inOrder runs steps until one is not satisfied.
func inOrder[B any](ctx context.Context, batch *B, steps ...step[B]) (outcome.Outcome, error) {
	for _, step := range steps {
		if err := ctx.Err(); err != nil { // it has ended if the step before hung
			return outcome.Outcome{}, err
		}
		if out, err := step.Reconcile(ctx, batch); err != nil || !out.IsDone() {
			return out, err
		}
	}
	return outcome.Done(), nil
}
