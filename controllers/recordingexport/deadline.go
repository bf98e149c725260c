package recordingexport

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// endsByItself are the reasons of waits that end by themselves: what is waited for has a
// deadline of its own, or is an instant that the message names, or somebody wants it.
var endsByItself = []string{
	v1alpha1.ReasonSuspended, v1alpha1.ReasonLoadingState, v1alpha1.ReasonContinuingWithoutKey, v1alpha1.ReasonAwaitingSettlement,
	v1alpha1.ReasonAwaitingConversationEnd, v1alpha1.ReasonAnalyticsBehind, v1alpha1.ReasonSurveying, v1alpha1.ReasonEndingJobs,
	v1alpha1.ReasonBatchesInProgress, v1alpha1.ReasonPlanning, v1alpha1.ReasonReviewing, v1alpha1.ReasonComparingSources, v1alpha1.ReasonSealing,
}

// waitDeadline ends every other wait, such as for a service that does not answer:
// spec.retry.deadline after this process has first met it, a person has to look. The
// message names that instant from the beginning. The operator keeps retrying.
type waitDeadline struct {
	clock  clock.Clock
	states *processStates
}

// limit returns the outcome of an evaluation with the deadline of its wait.
func (d *waitDeadline) limit(s *subject, out outcome.Outcome) outcome.Outcome {
	now := d.clock.Now()
	state := d.states.stateOf(s.export)
	if out.State != outcome.Waiting || slices.Contains(endsByItself, out.Reason) {
		state.waitsSince(time.Time{})
		return out
	}
	return deadlineReached(out, state.waitsSince(now), exportspec.RetryDeadline(s.export.Spec), now)
}

// deadlineReached says of a wait since when it lasts and until when it may.
func deadlineReached(out outcome.Outcome, since time.Time, limit time.Duration, now time.Time) outcome.Outcome {
	deadline := since.Add(limit)
	if left := deadline.Sub(now); left > 0 {
		out.Message = fmt.Sprintf("%s; waiting since %s, reported as Stalled at %s if it lasts until then", out.Message, formatTime(since), formatTime(deadline))
		if out.After <= 0 || out.After > left {
			out.After = left
		}
		return out
	}
	return outcome.Stall(v1alpha1.ReasonDeadlineExceeded, fmt.Sprintf(
		"find out why this has lasted since %s, the operator keeps retrying: %s", formatTime(since), out.Message), out.After)
}

// formatTime returns an instant as messages name it.
func formatTime(at time.Time) string { return at.UTC().Format(time.RFC3339) }
