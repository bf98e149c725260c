package recordingexport

import (
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// scopeStatus describes the scope of an export, nil if it includes all conversations of its
// window.
func scopeStatus(spec v1alpha1.RecordingExportSpec, totals plan.Totals) *v1alpha1.ScopeStatus {
	terms := exportspec.ScopeTerms(spec)
	if terms == nil {
		return nil
	}
	return &v1alpha1.ScopeStatus{
		Limits: terms.Limits(), Participants: terms.Participants,
		OutOfScope: totals.OutOfScope, NotFound: totals.NotFound, OutsideWindow: totals.Outside,
	}
}

// limits says what an export is limited to, so that nobody takes it for a complete one.
func limits(status v1alpha1.RecordingExportStatus) string {
	if status.Scope == nil {
		return ""
	}
	message := "; limited to " + status.Scope.Limits
	if n := status.Scope.NotFound; n > 0 {
		message += fmt.Sprintf("; %d of them not found at Genesys Cloud", n)
	}
	if n := status.Scope.OutsideWindow; n > 0 {
		message += fmt.Sprintf("; %d of them did not start in the window", n)
	}
	return message
}
