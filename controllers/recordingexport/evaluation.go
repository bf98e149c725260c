package recordingexport

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// evaluationsPerTenant is how many exports of a namespace are evaluated at the same time.
const evaluationsPerTenant = 2

// evaluated is what an evaluation works on.
type evaluated struct {
	*subject
	// state is nil if it could not be loaded.
	state *loaded
	// isReadingPlan tells that there is more of the plan to read: what the object says of the
	// export is as true as it was, and nothing newer is known.
	isReadingPlan bool
	// former is the object as it was before.
	former *v1alpha1.RecordingExport
}

// evaluate runs the steps, and does not wait for those that take long, so that an archive
// that hangs holds up neither other exports nor the deletion of this one. Each evaluation has
// a copy of the export. nothingNew tells that there is nothing to publish yet: so it is while the
// plan is being read, unless the object says nothing at all yet, and if the evaluation that
// has ended was of another export, which had this one's name.
func (r *Reconciler) evaluate(ctx context.Context, export, former *v1alpha1.RecordingExport) (at *evaluated, out outcome.Outcome, nothingNew bool) {
	own := &evaluated{subject: &subject{export: export.DeepCopy(), before: former.Status}, former: former}
	answer := r.evaluations.Wait(ctx, loop.Evaluation{
		Name: own.name(), Now: r.Clock.Now(), Answer: r.Intervals.StepTimeout, Again: r.Intervals.Retry, PerTenant: evaluationsPerTenant, Worker: r.Worker,
		HangMessage: func() string { return loop.ExportHangs(export.Spec.DestinationRef.Name) },
		Run:         func(ctx context.Context) outcome.Outcome { return r.advance(ctx, own) },
		Of:          own,
	})
	ended, is := answer.Of.(*evaluated)
	if !is {
		return &evaluated{subject: &subject{export: export, before: former.Status}, former: former}, answer.Outcome, answer.NothingNew
	}
	if ended.export.UID != export.UID {
		return ended, outcome.Outcome{State: outcome.Waiting, After: time.Millisecond}, true
	}
	return ended, answer.Outcome, ended.isReadingPlan && len(former.Status.Conditions) > 0
}
