package recordingexport

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxAhead is how many slices may wait for a batch before the survey pauses, so
// that what it found is not too old by the time it is fetched.
const maxAhead = 500

// surveyStep surveys the window a UTC day at a time and adds the result to the plan.
type surveyStep struct {
	clock   clock.Clock
	surveys surveyStarter
	// longestWait is the longest time between two evaluations.
	longestWait time.Duration
}

// Reconcile is satisfied once every day of the window is in the plan.
func (w *surveyStep) Reconcile(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	settleAfter := exportspec.SettleAfter(s.export.Spec)
	next, more := s.plan.NextSurvey(settleAfter)
	if !more && exportspec.IsContinuous(s.export.Spec) {
		next, more = s.plan.FirstSurveyAfter(settleAfter), true
	}
	if !more {
		return outcome.Done(), nil
	}
	if wait := next.Due.Sub(w.clock.Now()); wait > 0 {
		return s.awaitSettlement(next, min(wait, w.longestWait)), nil
	}
	if s.waitingSlices() > maxAhead {
		return outcome.Wait(v1alpha1.ReasonSurveying, "the survey continues once some batches have finished", 0), nil
	}
	return w.surveys.startSurvey(ctx, s, next)
}

// waitingSlices is how many slices wait for a batch in the fastest lane: a lane without
// progress does not delay the survey for the others.
func (s *loaded) waitingSlices() int {
	spec, fastest := s.plan.Spec(), slicing.Standard
	if spec.Scope == slicing.Only {
		fastest = spec.Lanes(true)[0]
	}
	return s.plan.SlicesIn(fastest) - s.counted[fastest].Len()
}

// awaitSettlement says what the survey waits for.
func (s *subject) awaitSettlement(next plan.DueSurvey, wait time.Duration) outcome.Outcome {
	spec := s.export.Spec
	if next.Purpose == plan.PurposeDeferred {
		return outcome.Wait(v1alpha1.ReasonAwaitingConversationEnd, fmt.Sprintf(
			"conversations of %s have not ended yet; the operator surveys the day again at %s, and lists those as unavailable that have not ended %s after their start (openDeadline)",
			next.Day.Format(time.DateOnly), words.Time(next.Due), words.Duration(exportspec.OpenDeadline(spec))), wait)
	}
	return outcome.Wait(v1alpha1.ReasonAwaitingSettlement, fmt.Sprintf(
		"a day will be surveyed %s after it ends (settleAfter), the next one at %s", words.Duration(exportspec.SettleAfter(spec)), words.Time(next.Due)), wait)
}
