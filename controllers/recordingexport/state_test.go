package recordingexport

import (
	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// claimedFor is an export whose archive is in a store.
func claimedFor(export *v1alpha1.RecordingExport, store archive.Store) *claimed {
	return &claimed{clients: &clients{references: &references{subject: &subject{export: export}}, store: store}}
}

// loadedFor is an export with its plan, and without an archive.
func loadedFor(export *v1alpha1.RecordingExport, log *plan.Log) *loaded {
	return &loaded{claimed: claimedFor(export, nil), plan: log}
}
