package recordingexportbatch

import (
	"errors"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// parkedError tells that conversations are to be asked for again.
type parkedError struct {
	// isolated tells that they are in the lane Isolated.
	isolated bool
	count    int
	// last is why one of them failed.
	last error
	// forbidden counts those that a permission is missing for.
	forbidden int
}

func (e *parkedError) add(why error) {
	e.count++
	if genesys.KindOf(why) == genesys.KindForbidden {
		e.forbidden++
	}
	// A failure says more than that something is not ready yet.
	var waiting *notReadyError
	if e.last == nil || !errors.As(why, &waiting) {
		e.last = why
	}
}

func (e *parkedError) Error() string {
	return fmt.Sprintf("retrying the metadata of %s: %v", words.Count(e.count, "conversation"), e.last)
}

func (e *parkedError) Unwrap() error { return e.last }

// Outcome is to wait: all others have been asked for, and these are retried. Only a
// permission that is missing for all of them, and not in the lane Isolated, needs a
// person.
func (e *parkedError) Outcome() outcome.Outcome {
	out := outcome.Of(e.last, 0)
	var waiting *notReadyError
	switch {
	case errors.As(e.last, &waiting):
		return out
	case e.forbidden == e.count && !e.isolated:
		return out
	default:
		return outcome.Wait(v1alpha1.ReasonMetadataRetrying, e.Error(), 0)
	}
}

// UsesDeadline tells that waiting for them uses up the deadline, unless a person is waited for.
func (e *parkedError) UsesDeadline() bool { return e.Outcome().State != outcome.Stalled }

// notReadyError tells that recordings are being uploaded or restored.
type notReadyError struct{ count int }

func (e *notReadyError) Error() string {
	return "Genesys Cloud is still uploading or restoring " + words.Count(e.count, "recording")
}

// Outcome is to wait, and to look again ever more rarely.
func (e *notReadyError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRecordingsNotReady, e.Error(), 0)
}

// UsesDeadline tells that waiting for them uses up the deadline.
func (e *notReadyError) UsesDeadline() bool { return true }
