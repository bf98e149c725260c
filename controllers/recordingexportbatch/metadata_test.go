package recordingexportbatch

import (
	"fmt"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestABatchThatIsTooLargeIsSplit, unless it has a single conversation: a bag then holds more
// recordings than it should.
func TestABatchThatIsTooLargeIsSplit(t *testing.T) {
	tests := map[string]struct {
		conversations []evidence.Conversation
		max           int
		split         bool
	}{
		"as many as fit":      {[]evidence.Conversation{{ID: "c"}, {ID: "d"}}, 2, false},
		"too many":            {[]evidence.Conversation{{ID: "c"}, {ID: "d"}}, 1, true},
		"of one conversation": {[]evidence.Conversation{{ID: "c"}}, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := openStore(t)
			putAll(t, store, map[string]any{
				artifacts.SliceKey("b"): artifacts.Slice{Group: "g", Lane: slicing.Standard, Conversations: tt.conversations},
				artifacts.HoldKey("g"):  artifacts.Hold{},
			})
			for n, c := range tt.conversations {
				recording := genesys.Recording{ID: fmt.Sprintf("6a1f0c3e-0000-4000-8000-%012d", n), FileState: genesys.FileAvailable, Medium: genesys.Call}
				putAll(t, store, map[string]any{
					artifacts.MetadataKey("g", c.ID): artifacts.Metadata{ConversationID: c.ID, Recordings: []genesys.Recording{recording}},
				})
			}
			m := &metadataStep{process: process{clocktesting.NewFakeClock(time.Unix(0, 0)), "test"}, maxRecordings: tt.max}
			b := resolvedAs(store, "b")
			b.export.Spec.MediaTypes = []v1alpha1.Medium{v1alpha1.Medium(genesys.Call)}
			if err := m.recordInventory(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			taken, err := artifacts.Get[artifacts.Inventory](t.Context(), store, artifacts.InventoryKey("b"))
			if err != nil || taken.Split != tt.split || len(taken.Wanted()) != len(tt.conversations) {
				t.Errorf("split: %t, %d recordings are wanted, %v", taken.Split, len(taken.Wanted()), err)
			}
			later := &connectedBatch{loadedBatch: &loadedBatch{resolvedBatch: b, state: &batchState{inventory: &inventoryCounts{}}}}
			if out, err := m.Reconcile(t.Context(), later); err != nil || !out.IsDone() {
				t.Errorf("with an inventory: %v, %v", out, err)
			}
		})
	}
}
