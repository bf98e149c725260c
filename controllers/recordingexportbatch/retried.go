package recordingexportbatch

import (
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// retriedError tells that something is asked for again, because a request for it failed.
type retriedError struct {
	// says what is retried, reason names it in the status.
	says, reason string
	last         error
	isolated     bool
}

func (e *retriedError) Error() string { return e.says + ": " + e.last.Error() }

func (e *retriedError) Unwrap() error { return e.last }

// Outcome is to wait for the next attempt. Only a permission that is missing for all of
// a lane needs a person.
func (e *retriedError) Outcome() outcome.Outcome {
	if genesys.KindOf(e.last) == genesys.KindForbidden && !e.isolated {
		return outcome.Of(e.last, 0)
	}
	return outcome.Wait(e.reason, e.Error(), 0)
}

// UsesDeadline tells that waiting for it uses up the deadline, unless a person is waited for.
func (e *retriedError) UsesDeadline() bool { return e.Outcome().State != outcome.Stalled }
