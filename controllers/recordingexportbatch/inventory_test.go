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
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestABatchThatIsTooLargeIsSplit, unless it has a single conversation: a bag then contains more
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
			step := &inventoryStep{process: process{clocktesting.NewFakeClock(time.Unix(0, 0)), "test"}, maxRecordings: tt.max}
			b := resolvedAs(store, "b")
			b.export.Spec.MediaTypes = []v1alpha1.Medium{v1alpha1.Medium(genesys.Call)}
			if err := step.recordInventory(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			taken, err := artifacts.Get[artifacts.Inventory](t.Context(), store, artifacts.InventoryKey("b"))
			if err != nil || taken.Split != tt.split || len(taken.Wanted()) != len(tt.conversations) {
				t.Errorf("split: %t, %d recordings are wanted, %v", taken.Split, len(taken.Wanted()), err)
			}
			later := &connectedBatch{loadedBatch: &loadedBatch{resolvedBatch: b, state: &batchState{inventory: &inventoryCounts{}}}}
			if out, err := step.Reconcile(t.Context(), later); err != nil || !out.IsDone() {
				t.Errorf("with an inventory: %v, %v", out, err)
			}
		})
	}
}

// TestNoInventoryWhileRestorationsArePending, whichever step runs first: it would list archived
// recordings as gaps.
func TestNoInventoryWhileRestorationsArePending(t *testing.T) {
	for _, pending := range []bool{true, false} {
		b := &connectedBatch{loadedBatch: loadedAs(openStore(t))}
		b.state.restorationPending = pending
		pool := transfer.NewPool(transfer.Capacity{}, clocktesting.NewFakeClock(time.Unix(0, 0)), DefaultIntervals().Backoff)
		step := &inventoryStep{work: batchWork{&loop.Worker{Pools: transfer.Pools{StatePool: pool}}, &stateCache{}}}
		reason := v1alpha1.ReasonFetchingMetadata
		if pending {
			reason = v1alpha1.ReasonRestoringArchived
		}
		if out, err := step.Reconcile(t.Context(), b); err != nil || out.State != outcome.Waiting || out.Reason != reason {
			t.Errorf("pending %t: %v, %v; want %s", pending, out, err, reason)
		}
		if pool.Busy(b.keyPrefix()+"b/inventory") == pending {
			t.Errorf("pending %t: the inventory is taken: %t", pending, !pending)
		}
	}
}

// TestRestorationsArePending until the artifacts prove that no recording is archived any more.
func TestRestorationsArePending(t *testing.T) {
	archived := []genesys.Recording{{ID: "6a1f0c3e-0000-4000-8000-000000000001", FileState: genesys.FileArchived, Medium: genesys.Call}}
	slice := artifacts.Slice{Group: "g", Lane: slicing.Isolated, Conversations: []evidence.Conversation{{ID: "c"}}}
	metadata := map[string]any{artifacts.MetadataKey("g", "c"): artifacts.Metadata{ConversationID: "c", Recordings: archived}}
	holds := map[string]any{artifacts.HoldKey("g"): artifacts.Hold{}}
	ended := map[string]any{artifacts.RestorationKey(slice, "c"): artifacts.Restoration{ConversationID: "c"}}
	inventory := map[string]any{artifacts.InventoryKey("b"): artifacts.Inventory{}}
	tests := map[string]struct {
		stored  []map[string]any
		lane    v1alpha1.Lane
		policy  string
		pending bool
	}{
		"nothing is known":                 {nil, v1alpha1.LaneIsolated, v1alpha1.ArchivedRestore, true},
		"the legal holds are not known":    {[]map[string]any{metadata}, v1alpha1.LaneIsolated, v1alpha1.ArchivedRestore, true},
		"a recording is archived":          {[]map[string]any{metadata, holds}, v1alpha1.LaneIsolated, v1alpha1.ArchivedRestore, true},
		"its restoration has ended":        {[]map[string]any{metadata, holds, ended}, v1alpha1.LaneIsolated, v1alpha1.ArchivedRestore, false},
		"a lane in which none is restored": {[]map[string]any{metadata, holds}, v1alpha1.LaneStandard, v1alpha1.ArchivedRestore, false},
		"archived recordings are listed":   {[]map[string]any{metadata, holds}, v1alpha1.LaneIsolated, "", false},
		"the inventory is taken":           {[]map[string]any{metadata, holds, inventory}, v1alpha1.LaneIsolated, v1alpha1.ArchivedRestore, false},
	}
	for name, tt := range tests {
		b := resolvedAs(openStore(t), "b")
		b.batch.Spec.Lane, b.export.Spec.Archived = tt.lane, tt.policy
		b.export.Spec.MediaTypes = []v1alpha1.Medium{v1alpha1.Medium(genesys.Call)}
		for _, all := range append(tt.stored, map[string]any{artifacts.SliceKey("b"): slice}) {
			putAll(t, b.store, all)
		}
		read, err := readArtifacts(t.Context(), b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if pending := read.summary().restorationPending; pending != tt.pending {
			t.Errorf("%s: pending %t", name, pending)
		}
	}
}
