package recordingexportbatch

import (
	"errors"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// These errors decide themselves whether a wait uses up the deadline.
var _ = []transfer.DeadlineUser{
	(*metadataRetryError)(nil), (*notReadyError)(nil), (*retryError)(nil), (*outstandingError)(nil), (*restoringError)(nil),
}

// retryError says that a request failed and is made again.
type retryError struct {
	// action is what is retried; reason names it in the status.
	action, reason string
	last           error
	isolated       bool
}

func (e *retryError) Error() string { return e.action + ": " + e.last.Error() }

func (e *retryError) Unwrap() error { return e.last }

// Outcome is to wait for the next attempt. Only a permission that is missing for all of a lane
// needs a person.
func (e *retryError) Outcome() outcome.Outcome {
	if genesys.KindOf(e.last) == genesys.KindForbidden && !e.isolated {
		return outcome.Of(e.last, 0)
	}
	return outcome.Wait(e.reason, e.Error(), 0)
}

// UsesDeadline tells that waiting uses up the deadline, unless a person is waited for.
func (e *retryError) UsesDeadline() bool { return e.Outcome().State != outcome.Stalled }

// metadataRetryError says that the metadata of conversations is requested again.
type metadataRetryError struct {
	// isolated tells that they are in the lane Isolated.
	isolated bool
	count    int
	// last is why one of them failed.
	last error
	// forbidden counts those for which a permission is missing.
	forbidden int
}

func (e *metadataRetryError) addFailure(why error) {
	e.count++
	if genesys.KindOf(why) == genesys.KindForbidden {
		e.forbidden++
	}
	// A failure tells more than that something is not ready yet.
	var waiting *notReadyError
	if e.last == nil || !errors.As(why, &waiting) {
		e.last = why
	}
}

func (e *metadataRetryError) Error() string {
	return fmt.Sprintf("retrying the metadata of %s: %v", words.Count(e.count, "conversation"), e.last)
}

func (e *metadataRetryError) Unwrap() error { return e.last }

// Outcome is to wait for the next attempt: all other conversations have been requested. Only a
// permission that is missing for all of them, outside the lane Isolated, needs a person.
func (e *metadataRetryError) Outcome() outcome.Outcome {
	var waiting *notReadyError
	if errors.As(e.last, &waiting) || e.forbidden == e.count && !e.isolated {
		return outcome.Of(e.last, 0)
	}
	return outcome.Wait(v1alpha1.ReasonMetadataRetrying, e.Error(), 0)
}

// UsesDeadline tells that waiting uses up the deadline, unless a person is waited for.
func (e *metadataRetryError) UsesDeadline() bool { return e.Outcome().State != outcome.Stalled }

// notReadyError says that recordings are being uploaded or restored.
type notReadyError struct{ count int }

func (e *notReadyError) Error() string {
	return "Genesys Cloud is still uploading or restoring " + words.Count(e.count, "recording")
}

// Outcome is to wait for the next attempt.
func (e *notReadyError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRecordingsNotReady, e.Error(), 0)
}

// UsesDeadline tells that waiting for them uses up the deadline.
func (e *notReadyError) UsesDeadline() bool { return true }

// restoringError says that restorations are not finished.
type restoringError struct {
	restored, failed, pending int
	last                      error
}

// addEnded counts recordings whose restoration has ended.
func (e *restoringError) addEnded(ended []artifacts.RestorationEnd) {
	for _, r := range ended {
		if r.Reason == "" {
			e.restored++
		} else {
			e.failed++
		}
	}
}

func (e *restoringError) Error() string {
	message := fmt.Sprintf("restoring %s: %d restored, %d failed, %d pending",
		words.Count(e.restored+e.failed+e.pending, "archived recording"), e.restored, e.failed, e.pending)
	if e.last != nil {
		message += "; the last check failed: " + e.last.Error()
	}
	return message
}

func (e *restoringError) Unwrap() error { return e.last }

// UsesDeadline tells that waiting for restorations uses up the deadline.
func (e *restoringError) UsesDeadline() bool { return true }

// Outcome is to wait for the next attempt.
func (e *restoringError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRestoringArchived, e.Error(), 0)
}

// outstandingError says that recordings did not arrive and are requested again.
type outstandingError struct {
	count int
	last  error
}

func (e *outstandingError) Error() string {
	if e.last == nil {
		return "Genesys Cloud gave neither a file nor an error for " + words.Count(e.count, "recording")
	}
	return fmt.Sprintf("%s did not arrive; last error: %v", words.Count(e.count, "recording"), e.last)
}

func (e *outstandingError) Unwrap() error { return e.last }

// Outcome is to wait for the next request.
func (e *outstandingError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRecordingsPending, "requesting again: "+e.Error(), 0)
}

// UsesDeadline tells that waiting for them uses up the deadline.
func (e *outstandingError) UsesDeadline() bool { return true }
