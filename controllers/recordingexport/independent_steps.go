package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// independentSteps are the steps that do not wait for each other: sealing what is complete,
// planning what follows from batches, surveying, and creating and deleting batches. Once the
// first three have nothing to do, idle is run.
type independentSteps struct {
	sealing, followUps, survey, batches step[loaded]
	idle                                step[clients]
}

// reconcile returns the most important outcome of the steps, all of which are run unless one
// returns an error. The export has ended once they are all satisfied and everything is sealed.
func (i *independentSteps) reconcile(ctx context.Context, s *loaded) (out outcome.Outcome, ended bool, err error) {
	var outs []outcome.Outcome
	for _, step := range []step[loaded]{i.sealing, i.followUps, i.survey, i.batches} {
		out, err := step.Reconcile(ctx, s)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return outcome.Outcome{}, false, err
		}
		outs = append(outs, out)
	}
	sealing, planning, survey, batches := outs[0], outs[1], outs[2], outs[3]
	// Bulk jobs of batches need the finalizer, too.
	needsFinalizer := hasBulkJobs(s.export) && !batches.IsDone()
	if sealing.IsDone() && planning.IsDone() && !isSurveying(survey) && !needsFinalizer {
		if sealing, err = i.idle.Reconcile(ctx, s.clients); err != nil {
			return outcome.Outcome{}, false, err
		}
	}
	out = s.combineOutcomes(sealing, planning, survey, batches)
	return out, out.IsDone() && s.isAllSealed(), nil
}

// isSurveying reports whether a survey is being made, rather than waited for.
func isSurveying(survey outcome.Outcome) bool {
	return !survey.IsDone() && survey.Reason != v1alpha1.ReasonAwaitingSettlement && survey.Reason != v1alpha1.ReasonAwaitingConversationEnd
}

// combineOutcomes returns the most important of the outcomes, with the shortest wait of all four.
func (s *loaded) combineOutcomes(sealing, planning, survey, batches outcome.Outcome) outcome.Outcome {
	first := s.mostImportant(sealing, planning, survey, batches)
	for _, out := range []outcome.Outcome{sealing, planning, survey, batches} {
		if out.After > 0 && (first.After == 0 || out.After < first.After) {
			first.After = out.After
		}
	}
	return first
}

// mostImportant returns the outcome to report: first a stalled survey or plan, then sealing, then
// stalled batches (once nothing is left to survey), then running batches, then the rest. An export
// without an end that has caught up is done for now.
func (s *loaded) mostImportant(sealing, planning, survey, batches outcome.Outcome) outcome.Outcome {
	running := !batches.IsDone() && batches.Reason != v1alpha1.ReasonBatchesStalled
	switch {
	case survey.State == outcome.Stalled:
		return survey
	case planning.State == outcome.Stalled:
		return planning
	case !sealing.IsDone():
		return sealing
	case batches.State == outcome.Stalled && (survey.IsDone() || s.caughtUp()):
		return batches
	case s.caughtUp():
		return outcome.Done()
	case running:
		return batches
	case survey.IsDone():
		return planning
	default:
		return survey
	}
}
