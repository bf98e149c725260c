package recordingexport

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// evaluationsPerNamespace is how many exports of a namespace are evaluated at the same time.
const evaluationsPerNamespace = 2

// evaluation is what one evaluation of an export works on.
type evaluation struct {
	*subject
	// state is nil if it could not be loaded.
	state *loaded
	// ended tells that everything is sealed and nothing more will come.
	ended bool
	// isReadingPlan tells that there is more of the plan to read: what the object says of the
	// export is as true as it was, and nothing newer is known.
	isReadingPlan bool
	// former is the object as it was before.
	former *v1alpha1.RecordingExport
}

// evaluate runs the steps, and does not wait for those that take long, so that an archive
// that hangs delays neither other exports nor the deletion of this one. Each evaluation has
// a copy of the export. nothingNew tells that there is nothing to publish yet: so it is while the
// plan is being read, unless the object says nothing at all yet, and if the evaluation that
// has ended was of another export, which had this one's name.
func (r *Reconciler) evaluate(ctx context.Context, export, former *v1alpha1.RecordingExport) (e *evaluation, out outcome.Outcome, nothingNew bool) {
	own := &evaluation{subject: &subject{export: export.DeepCopy(), before: former.Status}, former: former}
	answer := r.evaluations.Run(ctx, loop.Evaluation{
		Name: own.name(), Now: r.clock.Now(), Timeout: r.intervals.StepTimeout, RetryAfter: r.intervals.Retry, PerNamespace: evaluationsPerNamespace, Worker: r.worker,
		HangMessage: func() string { return loop.ExportHangs(export.Spec.DestinationRef.Name) },
		Run: func(ctx context.Context) outcome.Outcome {
			out, err := r.advance(ctx, own)
			if err != nil {
				return outcome.Of(err, r.intervals.Retry)
			}
			return out
		},
		Subject: own,
	})
	ended, is := answer.Subject.(*evaluation)
	if !is {
		return &evaluation{subject: &subject{export: export, before: former.Status}, former: former}, answer.Outcome, answer.NothingNew
	}
	if ended.export.UID != export.UID {
		return ended, outcome.Outcome{State: outcome.Waiting, After: time.Millisecond}, true
	}
	return ended, answer.Outcome, ended.isReadingPlan && len(former.Status.Conditions) > 0
}

// step brings an export forward, or says what the export waits for. E is what the step needs to
// know about the export: subject, clients or loaded.
type step[E any] interface {
	Reconcile(ctx context.Context, export *E) (outcome.Outcome, error)
}

// orTimeUp returns the error of a step or, if the step is satisfied and took all of the evaluation's
// time, that of the context: then no further step is run.
func orTimeUp(ctx context.Context, out outcome.Outcome, err error) error {
	if err == nil && out.IsDone() {
		return ctx.Err()
	}
	return err
}
