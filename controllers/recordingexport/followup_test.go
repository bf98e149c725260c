package recordingexport

import (
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestWhatBatchesLeadTo, one thing after the other: what left for another lane
// because of its hold, conversations that were isolated, once for all batches of
// the group, halves, and recordings that were isolated, for each batch with a bag.
func TestWhatBatchesLeadTo(t *testing.T) {
	entry := surveyedDay(1, 0, artifacts.First, 0)
	entry.Slices = []artifacts.PlannedSlice{
		laneSlice(slicing.LegalHold, "LegalHold0", "g"), laneSlice(slicing.LegalHoldScreen, "LegalHoldScreen0", "g"), plannedSlice("Standard0", "h"),
	}
	b := bookOf(t, window(0, day), entry)
	held, screens, split := batch(0, "LegalHold", 1, true), batch(0, "LegalHoldScreen", 1, true), batch(0, "Standard", 0, false)
	held.Status.Moved, held.Status.Isolated = 1, v1alpha1.LeftCounts{Conversations: 2, Recordings: 1}
	screens.Status = *held.Status.DeepCopy()
	split.Status.Split, split.Status.Isolated = true, v1alpha1.LeftCounts{Conversations: 1, Recordings: 5}
	var got []string
	for {
		var next *artifacts.Entry
		for _, of := range []*v1alpha1.RecordingExportBatch{&held, &screens, &split} {
			if next = b.ledTo(of); next != nil {
				break
			}
		}
		if next == nil {
			break
		}
		got = append(got, kindOf(*next))
		if err := b.add(*next); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"moved g", "isolated group g", "isolated batch LegalHold0", "isolated batch LegalHoldScreen0", "isolated group h", "halved Standard0"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d: %s, want %s", i, got[i], want[i])
		}
	}
}

// TestWhatBatchesOfARetryLeadTo: the plan takes it. A retry is about no single day.
func TestWhatBatchesOfARetryLeadTo(t *testing.T) {
	b := bookOf(t, window(0, day),
		withSlices(surveyedDay(1, 0, artifacts.First, 0), 0),
		artifacts.Entry{Sealing: &artifacts.Sealing{Number: 1, Until: first.Add(day), Entries: "0"}},
		artifacts.Entry{Retried: &artifacts.Retried{Token: "t", Seals: 1}, Slices: []artifacts.PlannedSlice{
			plannedSlice("Standard0", "g"), plannedSlice("Standard1", "h"),
		}})
	isolates, split := batch(0, "Standard", 1, true), batch(1, "Standard", 0, false)
	isolates.Status.Isolated.Recordings, split.Status.Split = 1, true
	for _, of := range []*v1alpha1.RecordingExportBatch{&isolates, &split} {
		entry := b.ledTo(of)
		if entry == nil {
			t.Fatalf("%s leads to nothing", of.Name)
		}
		if err := b.add(*entry); err != nil {
			t.Errorf("%s: %v", kindOf(*entry), err)
		}
	}
	if busy := b.busy(slicing.FirstOrdinals(2)); len(busy) > 0 {
		t.Errorf("days %v wait for a batch", busy)
	}
}

func kindOf(entry artifacts.Entry) string {
	switch {
	case entry.Moved != nil:
		return "moved " + entry.Moved.Group
	case entry.Isolated != nil:
		return "isolated " + isolatedKey(*entry.Isolated)
	case entry.Halved != nil:
		return "halved " + entry.Halved.Batch
	default:
		return "other"
	}
}

// TestRoomOfLanes: batches that wait for items that fail make room for others, a
// few of them; stalled ones do; cancelled ones do not.
func TestRoomOfLanes(t *testing.T) {
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
			if got := roomOf(newExport().Spec, tt.batches)[tt.lane]; got != tt.want {
				t.Errorf("room for %d, want %d", got, tt.want)
			}
		})
	}
}
