package recordingexportbatch

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// waitEnds says for each reason how waiting ends; %s stands for retry.deadline. An empty text
// means that waiting ends with the current attempt, whose calls are all bounded, or as soon as
// the thing that the message names is there. Such a wait does not use up the deadline.
var waitEnds = map[string]string{
	v1alpha1.ReasonLoadingState:         "",
	v1alpha1.ReasonFetchingMetadata:     "",
	v1alpha1.ReasonSubmitting:           "",
	v1alpha1.ReasonTransferring:         "",
	v1alpha1.ReasonSuspended:            "",
	v1alpha1.ReasonEndingJobs:           "",
	v1alpha1.ReasonOrganizationNotReady: "",
	v1alpha1.ReasonDestinationNotReady:  "",
	v1alpha1.ReasonThrottled:            "",
	v1alpha1.ReasonMetadataRetrying:     "the operator retries for %s, then lists what is missing as unavailable",
	v1alpha1.ReasonRecordingsNotReady:   "the operator waits for up to %s, then lists what is missing as unavailable",
	v1alpha1.ReasonRestoringArchived:    "the operator waits for up to %s, then lists what is missing as unavailable",
	v1alpha1.ReasonBulkExporting:        "the operator waits for up to %s, then downloads what is missing",
	v1alpha1.ReasonBulkJobQueued:        "",
	v1alpha1.ReasonBulkJobMismatch:      "",
	v1alpha1.ReasonRecordingsPending:    "the operator retries for %s, then lists what is missing as unavailable",
	v1alpha1.ReasonGenesysUnavailable:   "the operator retries for %s, then reports Stalled (DeadlineExceeded)",
}

// withSubject puts the names of what is retried before the message of a batch of the lane
// Isolated, so that a person can look it up.
func (b *loadedBatch) withSubject(out outcome.Outcome) outcome.Outcome {
	if b.state.subject != "" && !out.IsDone() {
		out.Message = b.state.subject + ": " + out.Message
	}
	return out
}

// withDeadline adds to a wait how long it lasts, in words that do not change between
// evaluations. A step that still fails when its deadline is used up, although the cause is not
// a single item, needs a person; the operator still retries it.
func withDeadline(out outcome.Outcome, state transfer.State, total time.Duration) outcome.Outcome {
	if out.State != outcome.Waiting {
		return out
	}
	if state.Err != nil && state.Exhausted {
		return outcome.Stall(v1alpha1.ReasonDeadlineExceeded, fmt.Sprintf(
			"retried for %s (retry.deadline) without success: %s. Check the GenesysOrganization and Genesys Cloud's status page; the operator keeps retrying", words.Duration(total), out.Message), out.After)
	}
	if end := waitEnds[out.Reason]; end != "" {
		out.Message += "; " + fmt.Sprintf(end, words.Duration(total))
	}
	return out
}
