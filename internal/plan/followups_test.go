package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestWhatFollowsFromBatches, one thing after the other: what left for another lane
// because of its hold, conversations that were isolated, once for all batches of
// the group, halves, and recordings that were isolated, for each batch with a bag.
func TestWhatFollowsFromBatches(t *testing.T) {
	entry := surveyedDay(1, 0, PurposeFirst, 0)
	entry.Slices = []Slice{
		laneSlice(slicing.LegalHold, "LegalHold0", "g"), laneSlice(slicing.LegalHoldScreen, "LegalHoldScreen0", "g"), laneSlice(slicing.Standard, "Standard0", "h"),
	}
	l := logOf(t, window(0, Day), entry)
	finished := []FinishedBatch{
		{SliceID: SliceID{slicing.LegalHold, 0}, Moved: true, IsolatedConversations: true, IsolatedRecordings: true},
		{SliceID: SliceID{slicing.LegalHoldScreen, 0}, Moved: true, IsolatedConversations: true, IsolatedRecordings: true},
		{SliceID: SliceID{slicing.Standard, 0}, Split: true, IsolatedConversations: true, IsolatedRecordings: true},
	}
	var got []string
	for _, batch := range finished {
		for {
			next, found := l.FollowUp(batch)
			if !found {
				break
			}
			got = append(got, kindOf(next))
			appendAll(t, l, next)
		}
	}
	want := []string{"moved g", "isolated group g", "isolated batch LegalHold0", "isolated batch LegalHoldScreen0", "isolated group h", "halved Standard0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if !l.HasIsolatedConversations("g") || l.HasIsolatedConversations("i") || !l.HasIsolatedRecordings("LegalHold0") || l.HasIsolatedRecordings("Standard0") {
		t.Error("what is isolated is not known, or something else is")
	}
}

// TestWhatFollowsFromBatchesOfARetry is about no single day, as the batches are: the plan
// takes it in anyway, and no day waits for it.
func TestWhatFollowsFromBatchesOfARetry(t *testing.T) {
	l := logOf(t, window(0, Day),
		withSlices(surveyedDay(1, 0, PurposeFirst, 0), 0),
		Entry{Sealing: &Sealing{Number: 1, Until: first.Add(Day), Entries: "0"}},
		Entry{Retried: &Retried{Token: "t", Seals: 1}, Slices: []Slice{
			laneSlice(slicing.Standard, "Standard0", "g"), laneSlice(slicing.Standard, "Standard1", "h"),
		}})
	for want, batch := range map[string]FinishedBatch{
		"isolated batch Standard0": {SliceID: SliceID{slicing.Standard, 0}, IsolatedRecordings: true},
		"halved Standard1":         {SliceID: SliceID{slicing.Standard, 1}, Split: true},
	} {
		entry, found := l.FollowUp(batch)
		if !found || kindOf(entry) != want || !entry.day().IsZero() {
			t.Fatalf("from a batch of a retry follows %+v, want %s", entry, want)
		}
		appendAll(t, l, entry)
		if again, found := l.FollowUp(batch); found {
			t.Errorf("then follows %s", kindOf(again))
		}
	}
	if busy := l.busyDays(counted(2)); len(busy) > 0 {
		t.Errorf("days %v wait for a batch", busy)
	}
	if busy := l.busyDays(counted(1)); len(busy) != 1 || !busy[time.Time{}] {
		t.Errorf("days %v wait for a batch, want no single day", busy)
	}
}

// TestHalves: all of them are in a set once the last is.
func TestHalves(t *testing.T) {
	l := logOf(t, window(0, Day), withSlices(surveyedDay(1, 0, PurposeFirst, 0), 2), withSlices(Entry{Halved: &Halved{Batch: "1", Day: first}}, 2))
	for n, want := range map[int]bool{2: false, 3: false, 4: true} {
		if got := l.HasAllHalves(counted(n), "1"); got != want {
			t.Errorf("%d slices are counted: %t, want %t", n, got, want)
		}
	}
	if !l.HasAllHalves(nil, "0") {
		t.Error("a batch that was not cut in two waits for halves")
	}
}

func kindOf(entry Entry) string {
	switch {
	case entry.Moved != nil:
		return "moved " + entry.Moved.Group
	case entry.Isolated != nil && entry.Isolated.Recordings:
		return "isolated batch " + entry.Isolated.Batch
	case entry.Isolated != nil:
		return "isolated group " + entry.Isolated.Group
	case entry.Halved != nil:
		return "halved " + entry.Halved.Batch
	default:
		return "other"
	}
}
