package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// looksEach is how many exports of a namespace are looked at at the same time.
const looksEach = 2

// looked is what a look works on, and the object as it was before.
type looked struct {
	*scope
	former *v1alpha1.RecordingExport
}

// look runs the steps, and does not wait for those that take long, so that an archive
// that hangs holds up neither other exports nor the deletion of this one. Each look has
// a copy of the export. untold tells that there is nothing to publish yet.
func (r *Reconciler) look(ctx context.Context, export, former *v1alpha1.RecordingExport) (at looked, out outcome.Outcome, untold bool) {
	own := looked{&scope{export: export.DeepCopy(), before: former.Status}, former}
	answer := r.looks.Wait(ctx, loop.Evaluation{
		Name: own.name(), Now: r.Clock.Now(), Answer: r.Intervals.StepTimeout, Again: r.Intervals.Retry, PerTenant: looksEach, Worker: r.Worker,
		HangMessage: func() string { return loop.ExportHangs(export.Spec.DestinationRef.Name) },
		Run:         func(ctx context.Context) outcome.Outcome { return r.advance(ctx, own.scope) },
		Of:          own,
	})
	if ended, is := answer.Of.(looked); is {
		return ended, answer.Outcome, false
	}
	return looked{&scope{export: export, before: former.Status}, former}, answer.Outcome, answer.NothingNew
}
