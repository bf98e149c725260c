package recordingexport

import (
	"fmt"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// fiveYears is a plan of five years in hours and three lanes: 131,400 slices.
func fiveYears(t testing.TB) *book {
	t.Helper()
	const hours = 5 * 365 * 24
	entry := surveyedDay(1, 0, artifacts.First, 0)
	for hour := range hours {
		for _, lane := range []slicing.Lane{slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen} {
			entry.Slices = append(entry.Slices, laneSlice(lane, fmt.Sprintf("%s-%d", lane, hour), "g"))
		}
	}
	return bookOf(t, window(0, day), entry)
}

// TestALaneThatIsFarBehind: however far the lanes are apart, the status notes few
// intervals, and says the same when it is read again.
func TestALaneThatIsFarBehind(t *testing.T) {
	b := fiveYears(t)
	ordinals := laneOrdinals{
		v1alpha1.LaneStandard: slicing.FirstOrdinals(40_000), v1alpha1.LaneLegalHold: slicing.FirstOrdinals(20_000),
		v1alpha1.LaneLegalHoldScreen: slicing.FirstOrdinals(3).With(7),
	}
	counted := b.slicesOf(ordinals)
	var status v1alpha1.RecordingExportStatus
	b.enterOrdinals(&status, counted)
	want := map[v1alpha1.Lane]string{"Standard": "0-39999", "LegalHold": "0-19999", "LegalHoldScreen": "0-2,7"}
	for _, lane := range status.Lanes {
		if lane.CompletedOrdinals != want[lane.Lane] {
			t.Errorf("%s: %q, want %q", lane.Lane, lane.CompletedOrdinals, want[lane.Lane])
		}
	}
	again, err := ordinalsOf(status)
	if err != nil || b.slicesOf(again).String() != counted.String() || status.Batches.Completed != 60_004 {
		t.Errorf("read again: %d, %v; want %d", b.slicesOf(again).Len(), err, counted.Len())
	}
}

// TestPlacesOfBatches: a batch is found by its lane and ordinal, and only if it has
// the name that the plan gives it.
func TestPlacesOfBatches(t *testing.T) {
	b := fiveYears(t)
	for _, place := range []int{0, 1, 2, 3, 70_000, len(b.slices) - 1} {
		slice := b.slices[place]
		of := batch(int32(b.ordinal(place)), v1alpha1.Lane(slice.Lane), 0, false)
		of.Name = slice.Name
		if got, planned := b.place(&of); !planned || got != place {
			t.Errorf("slice %d is found at %d, %v", place, got, planned)
		}
		of.Name = "another"
		if _, planned := b.place(&of); planned {
			t.Error("a batch of another name is taken for the plan's")
		}
	}
}
