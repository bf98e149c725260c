package recordingexportbatch

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// wait is how waiting for one reason ends.
type wait struct {
	// says what becomes of it at the batch's deadline, whose instant is filled in.
	says string
	// stalls tells whether a person has to look once the deadline has passed. It
	// goes on all the same as soon as it can. Other waits end by themselves then.
	stalls bool
}

const (
	unavailableAfter = "what has not come by %s is listed as unavailable"
	stalledAfter     = "waited for until %s"
)

// waits are the reasons for which a batch waits. Whatever is not listed is waited
// for like an error.
var waits = map[string]wait{
	v1alpha1.ReasonFetchingMetadata:      {says: unavailableAfter},
	v1alpha1.ReasonMetadataParked:        {says: unavailableAfter},
	v1alpha1.ReasonRestoringArchived:     {says: "what is not restored by %s is listed as unavailable"},
	v1alpha1.ReasonSubmitting:            {says: unavailableAfter},
	v1alpha1.ReasonTransferring:          {says: unavailableAfter},
	v1alpha1.ReasonRecordingsOutstanding: {says: unavailableAfter},
	v1alpha1.ReasonOrganizationNotReady:  {says: stalledAfter, stalls: true},
	v1alpha1.ReasonThrottled:             {says: stalledAfter, stalls: true},
	v1alpha1.ReasonGenesysUnavailable:    {says: stalledAfter, stalls: true},
	v1alpha1.ReasonInternalError:         {says: stalledAfter, stalls: true},
}

// bounded says of a wait until when it lasts, by an instant that stays the same
// from look to look, and ends it then.
func bounded(out outcome.Outcome, deadline, now time.Time) outcome.Outcome {
	if out.State != outcome.Waiting || out.Reason == v1alpha1.ReasonSuspended {
		return out
	}
	how, listed := waits[out.Reason]
	if !listed {
		how = waits[v1alpha1.ReasonInternalError]
	}
	instant := deadline.UTC().Format(time.RFC3339)
	left := deadline.Sub(now)
	switch {
	case left <= 0 && how.stalls:
		return outcome.Stall(v1alpha1.ReasonDeadlineExceeded, fmt.Sprintf(
			"look into what keeps the batch from going on; it was to be over by %s: %s", instant, out.Message), out.After)
	case left > 0 && (out.After <= 0 || out.After > left):
		out.After = left
	}
	out.Message += "; " + fmt.Sprintf(how.says, instant)
	return out
}
