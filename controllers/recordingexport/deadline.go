package recordingexport

import (
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// waitEnds says for each reason how waiting ends, after the time since which it lasts and the time
// at which it must end. An empty text means that it ends by itself: what is waited for has a
// deadline of its own, or is a time that the message names, or somebody wants it. Such a wait
// does not use up the deadline. A reason that is not listed comes with an error: it uses it up.
var waitEnds = map[string]string{
	v1alpha1.ReasonSuspended:               "",
	v1alpha1.ReasonLoadingState:            "",
	v1alpha1.ReasonContinuingWithoutKey:    "",
	v1alpha1.ReasonAwaitingSettlement:      "",
	v1alpha1.ReasonAwaitingConversationEnd: "",
	v1alpha1.ReasonAnalyticsBehind:         "",
	v1alpha1.ReasonSurveying:               "",
	v1alpha1.ReasonEndingJobs:              "",
	v1alpha1.ReasonBatchesInProgress:       "",
	v1alpha1.ReasonPlanning:                "",
	v1alpha1.ReasonReviewing:               "",
	v1alpha1.ReasonComparingSources:        "",
	v1alpha1.ReasonSealing:                 "",
	v1alpha1.ReasonIntegrationNotReady:     stallsLater,
	v1alpha1.ReasonOrganizationNotReady:    stallsLater,
	v1alpha1.ReasonDestinationNotReady:     stallsLater,
}

// stallsLater is how a wait ends that uses up the deadline.
const stallsLater = "waiting since %s, reported as Stalled at %s if it lasts until then"

// waitEnd returns how waiting for a reason ends.
func waitEnd(reason string) string {
	if end, listed := waitEnds[reason]; listed {
		return end
	}
	return stallsLater
}

// waitDeadline ends every other wait, such as for a service that does not answer:
// spec.retry.deadline after this process has first met it, a person has to look. The
// message names that instant from the beginning. The operator keeps retrying.
type waitDeadline struct {
	clock    clock.Clock
	memories *exportMemories
}

// limit returns the outcome of an evaluation with the deadline of its wait.
func (d *waitDeadline) limit(s *subject, out outcome.Outcome) outcome.Outcome {
	now := d.clock.Now()
	memory := d.memories.memoryOf(s.export)
	if out.State != outcome.Waiting || waitEnd(out.Reason) == "" {
		memory.noteWait(time.Time{})
		return out
	}
	return deadlineReached(out, memory.noteWait(now), exportspec.RetryDeadline(s.export.Spec), now)
}

// deadlineReached says of a wait since when it lasts and until when it may.
func deadlineReached(out outcome.Outcome, since time.Time, limit time.Duration, now time.Time) outcome.Outcome {
	deadline := since.Add(limit)
	if left := deadline.Sub(now); left > 0 {
		out.Message += "; " + fmt.Sprintf(waitEnd(out.Reason), words.Time(since), words.Time(deadline))
		if out.After <= 0 || out.After > left {
			out.After = left
		}
		return out
	}
	return outcome.Stall(v1alpha1.ReasonDeadlineExceeded, fmt.Sprintf(
		"this has lasted since %s: find out why; the operator keeps retrying. %s", words.Time(since), out.Message), out.After)
}
