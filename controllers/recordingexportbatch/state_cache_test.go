package recordingexportbatch

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// putAll stores artifacts by their keys.
func putAll(t *testing.T, store archive.Store, all map[string]any) {
	t.Helper()
	for key, value := range all {
		if _, err := artifacts.Put(t.Context(), store, key, value); err != nil {
			t.Fatal(err)
		}
	}
}

// resolvedAs is a batch of the export case-1 whose artifacts are in store.
func resolvedAs(store archive.Store, name string) *resolvedBatch {
	batch := &v1alpha1.RecordingExportBatch{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: name, UID: types.UID("uid of " + name)},
		Spec:       v1alpha1.RecordingExportBatchSpec{ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneStandard},
	}
	return &resolvedBatch{references: references{batch: batch}, archiveAccess: archiveAccess{store: store}}
}

func openStore(t *testing.T) archive.Store {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

var compareStates = cmp.AllowUnexported(batchState{}, inventoryCounts{}, bulkState{})

// TestWhatIsCountedIsWhatIsRead: after each artifact that work records, the state is the one
// that reading the archive gives.
func TestWhatIsCountedIsWhatIsRead(t *testing.T) {
	store, states := openStore(t), &stateCache{}
	b, other := resolvedAs(store, "b"), resolvedAs(store, "other")
	slice := artifacts.Slice{Group: "g", Lane: slicing.Standard, Conversations: []evidence.Conversation{{ID: "c"}, {ID: "d"}}}
	putAll(t, store, map[string]any{artifacts.SliceKey("b"): slice, artifacts.SliceKey("other"): slice})
	for _, batch := range []*resolvedBatch{b, other} {
		if err := states.read(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, batch *resolvedBatch) {
		t.Helper()
		fresh := &stateCache{}
		if err := fresh.read(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fresh.get(batch.batch), states.get(batch.batch), compareStates); diff != "" {
			t.Errorf("%s (-read +counted):\n%s", when, diff)
		}
	}
	w := &metadataWork{recorder: recorder{process{clock.RealClock{}, "test"}, store}, slice: slice, counters: counters{states, keyOf(b.batch)}}
	for _, id := range []string{"c", "d"} {
		if err := w.recordMetadata(t.Context(), artifacts.Metadata{ConversationID: id}); err != nil {
			t.Fatal(err)
		}
		expect("metadata", b)
		expect("metadata, for the other batch of the group", other)
	}
	inventory := inventory(evidence.Wanted, evidence.Wanted)
	putAll(t, store, map[string]any{artifacts.InventoryKey("b"): artifacts.Inventory{Inventory: *inventory}})
	if err := states.read(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	d := newFollower(t, t.TempDir(), nil)
	d.recorder, d.counters = w.recorder, w.counters
	for n := range 2 {
		recording := &recordingState{RecordingRef: inventory.Recordings[n].Ref()}
		for number := range 2 {
			if _, err := d.recordFile(t.Context(), recording, d.newStoredFile(recording, file{number: number + 1, size: 7})); err != nil {
				t.Fatal(err)
			}
			expect("a file", b)
		}
	}
	if state := states.get(b.batch); state.stored != 2 || state.bytes != 28 {
		t.Errorf("%d recordings are stored, %d bytes", state.stored, state.bytes)
	}
}

// TestStatesThatAreForgotten: of batches that are deleted, or whose export is gone. Nothing is
// counted for them any more.
func TestStatesThatAreForgotten(t *testing.T) {
	store := openStore(t)
	r := New(Config{Worker: &loop.Worker{}})
	states, batches := r.work.states, map[string]*resolvedBatch{}
	for _, name := range []string{"deleted", "another-export", "this-export"} {
		putAll(t, store, map[string]any{artifacts.SliceKey(name): artifacts.Slice{Group: name}})
		batches[name] = resolvedAs(store, name)
		if name == "another-export" {
			batches[name].batch.Spec.ExportRef.Name = "case-2"
		}
		if err := states.read(t.Context(), batches[name]); err != nil {
			t.Fatal(err)
		}
	}
	lane := transfer.NewPool(transfer.Capacity{Total: 2}, clock.RealClock{}, DefaultIntervals().Backoff)
	r.worker.Pools = transfer.Pools{string(v1alpha1.LaneStandard): lane}
	for _, key := range []string{"legal/case-1/deleted/submission", "legal/case-1/this-export/submission"} {
		lane.Do(transfer.Job{Key: key, Wake: func() {}, Work: func(context.Context, transfer.Try) error { return nil }})
	}
	if r.forgetDeleted().Delete(event.DeleteEvent{Object: batches["deleted"].batch}) {
		t.Error("a deleted batch is reconciled")
	}
	for lane.Busy("legal/case-1/deleted/") {
		runtime.Gosched()
	}
	if !lane.Busy("legal/case-1/this-export/") {
		t.Error("the work of another batch was cancelled")
	}
	states.countFile(keyOf(batches["deleted"].batch), 1, true)
	states.dropExport(types.NamespacedName{Namespace: "legal", Name: "case-1"})
	again := batches["another-export"].batch.DeepCopy()
	again.UID = "of another object"
	if len(states.states) != 1 || states.get(batches["another-export"].batch) == nil || states.get(again) != nil {
		t.Errorf("%v are left", states.states)
	}
}

// TestTheWorkOfABatchIsCancelledWithItsDeletion, also the metadata work of its group, although a
// finalizer still keeps the object.
func TestTheWorkOfABatchIsCancelledWithItsDeletion(t *testing.T) {
	lane := transfer.NewPool(transfer.Capacity{}, clocktesting.NewFakeClock(time.Unix(0, 0)), DefaultIntervals().Backoff)
	go func() { _ = lane.Start(t.Context()) }()
	r := New(Config{Worker: &loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneStandard): lane}}})
	b := resolvedAs(openStore(t), "b")
	putAll(t, b.store, map[string]any{artifacts.SliceKey("b"): artifacts.Slice{Group: "g"}})
	if err := r.work.states.read(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	began := make(chan context.Context)
	start := func(key string) context.Context {
		lane.Do(transfer.Job{Key: "legal/case-1/" + key, Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
			began <- ctx
			<-ctx.Done()
			return ctx.Err()
		}})
		return <-began
	}
	completion, metadata, other := start("b/completion"), start("g/metadata"), start("other/completion")
	b.batch.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)}
	if _, err := r.Reconcile(t.Context(), b.batch); err != nil {
		t.Fatal(err)
	}
	if completion.Err() == nil || metadata.Err() == nil || other.Err() != nil {
		t.Errorf("cancelled: completion %v, metadata %v, another batch %v", completion.Err(), metadata.Err(), other.Err())
	}
	if r.work.states.get(b.batch) != nil {
		t.Error("the state is remembered")
	}
}

// TestTheStateIsReadByAPool when the process begins with a batch, and after its work. What
// could not be read is not known, nor what work has recorded that was cancelled.
func TestTheStateIsReadByAPool(t *testing.T) {
	store := openStore(t)
	b := resolvedAs(store, "b")
	now := clocktesting.NewFakeClock(time.Unix(0, 0))
	pool := transfer.NewPool(transfer.Capacity{Total: 1}, now, DefaultIntervals().Backoff)
	pools := batchWork{&loop.Worker{Pools: transfer.Pools{StatePool: pool}}, &stateCache{}}
	if state, out := (stateLoader{pools.worker, pools.states}).load(t.Context(), b); state != nil || out.Reason != v1alpha1.ReasonLoadingState {
		t.Errorf("before the pool has started: %v, %v", state, out)
	}
	putAll(t, store, map[string]any{artifacts.SliceKey("b"): artifacts.Slice{Group: "g"}})
	failed := errors.New("failed")
	work := pools.thenRead(b, func(context.Context, transfer.Try) error { return failed })
	cancelled, cancel := context.WithCancel(t.Context())
	if err := pools.states.read(cancelled, b); err != nil || pools.states.get(b.batch) == nil {
		t.Errorf("the state before: %v, %v", err, pools.states.get(b.batch))
	}
	cancel()
	if err := work(cancelled, transfer.Try{}); !errors.Is(err, failed) || pools.states.get(b.batch) != nil {
		t.Errorf("cancelled: %v, %v", err, pools.states.get(b.batch))
	}
	if err := work(t.Context(), transfer.Try{}); !errors.Is(err, failed) {
		t.Errorf("the error of the work is %v", err)
	}
	if state, out := (stateLoader{pools.worker, pools.states}).load(t.Context(), b); !out.IsDone() || state.group != "g" {
		t.Errorf("after work: %v, %v", state, out)
	}
	if _, err := artifacts.Put(t.Context(), store, artifacts.InventoryKey("b"), "not an inventory"); err != nil {
		t.Fatal(err)
	}
	fine := pools.thenRead(b, func(context.Context, transfer.Try) error { return nil })
	if err := fine(t.Context(), transfer.Try{}); err != nil || pools.states.get(b.batch) != nil {
		t.Errorf("unreadable: %v, %v", err, pools.states.get(b.batch))
	}
}
