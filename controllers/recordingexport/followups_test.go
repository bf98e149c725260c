package recordingexport

import (
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// TestWhatFollowsFromABatch of the plan is in its status.
func TestWhatFollowsFromABatch(t *testing.T) {
	log := logOf(t, window(0, day), withSlices(surveyedDay(1, 0, plan.PurposeFirst), 1))
	isolated := func(conversations, recordings int32) v1alpha1.LeftCounts {
		return v1alpha1.LeftCounts{Conversations: conversations, Recordings: recordings}
	}
	for want, status := range map[string]v1alpha1.RecordingExportBatchStatus{
		"nothing":                  {},
		"moved of g":               {Moved: 1, Split: true},
		"isolated of g":            {Isolated: isolated(1, 2)},
		"halved 0":                 {Split: true, Isolated: isolated(0, 2)},
		"recordings isolated of 0": {Isolated: isolated(0, 2)},
	} {
		finished := batch(0, "Standard", 1, true)
		finished.Name, finished.Status = "0", status
		if entry, _ := followUp(log, &finished); kindOf(entry) != want || !isPlanned(log, &finished) {
			t.Errorf("%+v follows, want %s", entry, want)
		}
		if finished.Name = "another"; isPlanned(log, &finished) {
			t.Error("a batch of another name is taken for the plan's")
		}
	}
}

func kindOf(entry plan.Entry) string {
	switch {
	case entry.Moved != nil:
		return "moved of " + entry.Moved.Group
	case entry.Isolated != nil && entry.Isolated.Recordings:
		return "recordings isolated of " + entry.Isolated.Batch
	case entry.Isolated != nil:
		return "isolated of " + entry.Isolated.Group
	case entry.Halved != nil:
		return "halved " + entry.Halved.Batch
	default:
		return "nothing"
	}
}

// TestFollowUpsAreAppended one by one, before the batch that they follow from is counted.
func TestFollowUpsAreAppended(t *testing.T) {
	log := logOf(t, window(0, day), withSlices(surveyedDay(1, 0, plan.PurposeFirst), 2))
	tests := map[string]struct {
		moved   int32
		sealed  bool
		counted int
		starts  bool
	}{
		"something follows": {1, true, 0, true},
		"nothing follows":   {0, true, 0, false},
		"still running":     {1, false, 0, false},
		"counted":           {1, true, 1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, pool := loadedFor(wholeExport(), log), stoppedPool(t)
			one := batch(0, v1alpha1.LaneStandard, 1, tt.sealed)
			one.Name, one.Status.Moved = "0", tt.moved
			s.batches, s.counted = []v1alpha1.RecordingExportBatch{one}, countedOf(tt.counted)
			out, err := (&followUpStep{planning{processA, pool}}).Reconcile(t.Context(), s)
			if err != nil || out.IsDone() == tt.starts || pool.worker.Pools.BusyInAny(workPrefix(s.name())+"plan/1") != tt.starts {
				t.Errorf("%v, %v", out, err)
			}
		})
	}
}
