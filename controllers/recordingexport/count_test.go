package recordingexport

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestALaneThatIsFarBehind: however far the lanes are apart, the status notes few
// intervals, and says the same when it is read again.
func TestALaneThatIsFarBehind(t *testing.T) {
	counted := plan.SliceSet{
		slicing.Standard: slicing.FirstOrdinals(40_000), slicing.LegalHold: slicing.FirstOrdinals(20_000),
		slicing.LegalHoldScreen: slicing.FirstOrdinals(3).With(7), slicing.Isolated: {},
	}
	var status v1alpha1.RecordingExportStatus
	noteCounted(&status, counted)
	want := []v1alpha1.LaneStatus{
		{Lane: "Standard", CompletedOrdinals: "0-39999"}, {Lane: "LegalHold", CompletedOrdinals: "0-19999"}, {Lane: "LegalHoldScreen", CompletedOrdinals: "0-2,7"},
	}
	if diff := cmp.Diff(want, status.Lanes); diff != "" || status.Batches.Completed != 60_004 {
		t.Errorf("%d completed, lanes (-want +got):\n%s", status.Batches.Completed, diff)
	}
	if again, err := countedIn(status); err != nil || !again.ContainsAll(counted) || !counted.ContainsAll(again) {
		t.Errorf("read again: %v, %v", again, err)
	}
}
