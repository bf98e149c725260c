package recordingexport

import (
	"fmt"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// endsByItself are the reasons of waits that end by themselves: what is waited for has a
// deadline of its own, or is an instant that the message names, or somebody wants it.
var endsByItself = []string{
	v1alpha1.ReasonSuspended, v1alpha1.ReasonAwaitingSettlement, v1alpha1.ReasonAwaitingConversationEnd,
	v1alpha1.ReasonSurveying, v1alpha1.ReasonBatchesInProgress, v1alpha1.ReasonPlanning, v1alpha1.ReasonReviewing,
	v1alpha1.ReasonComparingSources, v1alpha1.ReasonSealing,
}

// withDeadline ends every other wait, such as for a service that does not answer:
// spec.retry.deadline after this process has first met it, a person has to look. The
// message names that instant from the beginning. The operator keeps retrying.
func (r *Reconciler) withDeadline(s *subject, out outcome.Outcome) outcome.Outcome {
	now := r.Clock.Now()
	m := r.states.of(s.export)
	if out.State != outcome.Waiting || slices.Contains(endsByItself, out.Reason) {
		m.waitsSince(time.Time{})
		return out
	}
	return deadlineReached(out, m.waitsSince(now), exportspec.RetryDeadline(s.export.Spec), now)
}

// deadlineReached says of a wait since when it lasts and until when it may.
func deadlineReached(out outcome.Outcome, since time.Time, limit time.Duration, now time.Time) outcome.Outcome {
	deadline := since.Add(limit)
	if left := deadline.Sub(now); left > 0 {
		out.Message = fmt.Sprintf("%s; waiting since %s, reported as Stalled at %s if it lasts until then", out.Message, stamp(since), stamp(deadline))
		if out.After <= 0 || out.After > left {
			out.After = left
		}
		return out
	}
	return outcome.Stall(v1alpha1.ReasonDeadlineExceeded, fmt.Sprintf(
		"find out why this has lasted since %s, the operator keeps retrying: %s", stamp(since), out.Message), out.After)
}

// stamp is an instant as messages name it.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
