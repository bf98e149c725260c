package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// look runs the steps, and waits for them no longer than Pace.Answer, so that an
// archive that hangs holds up neither other exports nor the deletion of this one. A look
// that was not waited for runs on with a copy of the export.
func (r *Reconciler) look(ctx context.Context, s *scope) (*scope, outcome.Outcome) {
	own := &scope{export: s.export.DeepCopy(), before: s.before}
	out, ended := r.looks.Wait(ctx, loop.Look{
		Name: s.name(), Now: r.Clock.Now(), Answer: r.Pace.Answer, Again: r.Pace.Again,
		Destination: func() string { return s.export.Spec.DestinationRef.Name },
		Run:         func(ctx context.Context) outcome.Outcome { return r.advance(ctx, own) },
	})
	if !ended {
		return s, out
	}
	return own, out
}
