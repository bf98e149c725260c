package recordingexport

import (
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestCapacityOfLanes: batches that wait for items that fail take no place of others, a
// few of them; stalled ones take none; cancelled ones do.
func TestCapacityOfLanes(t *testing.T) {
	of := func(lane v1alpha1.Lane, reason string, n int) []v1alpha1.RecordingExportBatch {
		var all []v1alpha1.RecordingExportBatch
		for range n {
			b := batch(0, lane, 0, false)
			mark(&b, reason)
			all = append(all, b)
		}
		return all
	}
	tests := map[string]struct {
		batches []v1alpha1.RecordingExportBatch
		lane    v1alpha1.Lane
		want    int
	}{
		"nothing runs":                {nil, "Standard", 8},
		"running":                     {of("Standard", v1alpha1.ReasonTransferring, 3), "Standard", 5},
		"in another lane":             {of("LegalHold", v1alpha1.ReasonTransferring, 3), "Standard", 8},
		"waiting for bad items":       {of("LegalHoldScreen", v1alpha1.ReasonMetadataRetrying, 2), "LegalHoldScreen", 2},
		"too many wait for bad items": {of("LegalHoldScreen", v1alpha1.ReasonMetadataRetrying, maxWaiting+1), "LegalHoldScreen", 1},
		"stalled":                     {of("LegalHold", v1alpha1.ReasonPermissionMissing, 3), "LegalHold", 4},
		"cancelled":                   {of("LegalHold", v1alpha1.ReasonCancelled, 3), "LegalHold", 1},
		"isolated":                    {of("Isolated", v1alpha1.ReasonMetadataRetrying, 3), "Isolated", maxIsolated - 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := capacityOf(newExport().Spec, tt.batches)[tt.lane]; got != tt.want {
				t.Errorf("capacity for %d, want %d", got, tt.want)
			}
		})
	}
}
