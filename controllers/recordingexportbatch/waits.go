package recordingexportbatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// ends say how waiting for a reason ends, with how long it is retried filled in.
// What is empty ends with the present attempt, each call of which is bounded, or as
// soon as what the message names is there; it uses up no patience.
var ends = map[string]string{
	v1alpha1.ReasonFetchingMetadata:     "",
	v1alpha1.ReasonSubmitting:           "",
	v1alpha1.ReasonTransferring:         "",
	v1alpha1.ReasonSuspended:            "",
	v1alpha1.ReasonOrganizationNotReady: "",
	v1alpha1.ReasonDestinationNotReady:  "",
	v1alpha1.ReasonThrottled:            "",
	v1alpha1.ReasonMetadataRetrying:     "retried for %v, then listed as unavailable",
	v1alpha1.ReasonRecordingsNotReady:   "waited for up to %v, then listed as unavailable",
	v1alpha1.ReasonRestoringArchived:    "waited for up to %v, then listed as unavailable",
	v1alpha1.ReasonRecordingsPending:    "retried for %v, then listed as unavailable",
	v1alpha1.ReasonGenesysUnavailable:   "retried for %v, then reported as Stalled (DeadlineExceeded)",
}

// These errors decide themselves whether a wait uses up the deadline.
var _ = []outcome.DeadlineUser{
	(*parkedError)(nil), (*notReadyError)(nil), (*retriedError)(nil), (*outstandingError)(nil), (*restoringError)(nil),
}

// mostIDs is how many recordings a message names.
const mostIDs = 3

// named has the message of a batch of the lane Isolated begin with the ids of what it
// retries, if it is one conversation or recordings of one: so a person can look it up.
func (s *scope) named(out outcome.Outcome) outcome.Outcome {
	of := s.facts.slice.Conversations
	if s.facts.slice.Lane != slicing.Isolated || len(of) != 1 || out.IsDone() || !genesys.ValidID(of[0].ID) {
		return out
	}
	who := "conversation " + of[0].ID
	if of[0].Held.Held {
		who += " (under legal hold)"
	}
	if ids := slices.DeleteFunc(slices.Clone(of[0].Only), func(id string) bool { return !genesys.ValidID(id) }); len(ids) > 0 {
		who += ", recording " + strings.Join(ids[:min(len(ids), mostIDs)], ", ")
		if more := len(ids) - mostIDs; more > 0 {
			who += fmt.Sprintf(" and %d more", more)
		}
	}
	out.Message = who + ": " + out.Message
	return out
}

// bounded says of a wait how long it lasts, in words that stay the same from look
// to look. A step that still fails when its patience is used up, though it is not
// a matter of single items, needs a person; it is retried all the same.
func bounded(out outcome.Outcome, state transfer.State, total time.Duration) outcome.Outcome {
	if out.State != outcome.Waiting {
		return out
	}
	if state.Err != nil && state.Exhausted {
		return outcome.Stall(v1alpha1.ReasonDeadlineExceeded, fmt.Sprintf(
			"retried for %v (retry.deadline) without success: %s. Check the GenesysOrganization and Genesys Cloud's status page; the operator keeps retrying", total, out.Message), out.After)
	}
	if end := ends[out.Reason]; end != "" {
		out.Message += "; " + fmt.Sprintf(end, total)
	}
	return out
}
