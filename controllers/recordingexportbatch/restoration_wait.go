package recordingexportbatch

import (
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// restoringError tells that restorations are waited for.
type restoringError struct {
	restored, gone, waiting int
	last                    error
}

// count counts recordings that are not waited for any more.
func (e *restoringError) count(ended []artifacts.Restored) {
	for _, r := range ended {
		if r.Reason == "" {
			e.restored++
		} else {
			e.gone++
		}
	}
}

func (e *restoringError) Error() string {
	says := fmt.Sprintf("of %d archived recordings %d are restored, %d cannot be, %d are waited for",
		e.restored+e.gone+e.waiting, e.restored, e.gone, e.waiting)
	if e.last != nil {
		says += ", and the last look failed: " + e.last.Error()
	}
	return says
}

func (e *restoringError) Unwrap() error { return e.last }

// UsesDeadline tells that waiting for restorations uses up the deadline.
func (e *restoringError) UsesDeadline() bool { return true }

// Outcome is to wait, and to look again ever more rarely.
func (e *restoringError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRestoringArchived, e.Error(), 0)
}
