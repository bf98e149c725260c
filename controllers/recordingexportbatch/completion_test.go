package recordingexportbatch

import (
	"context"
	"io/fs"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// deliveries makes deliverers that deliver nothing, and records what steps have them do.
type deliveries struct {
	// later is what requestsLater returns.
	later bool
	calls chan string
	// wanted is what the last deliverer was made for.
	wanted []genesys.RecordingRef
}

func (d *deliveries) requestsLater(*connectedBatch) bool { return d.later }

func (d *deliveries) deliverer(_ *connectedBatch, contents batchContents) deliverer {
	d.wanted = contents.inventory.Wanted()
	return delivered{d}
}

type delivered struct{ *deliveries }

func (d delivered) request(context.Context, transfer.Try) error {
	d.calls <- "request"
	return nil
}

func (d delivered) deliver(context.Context, transfer.Try) error {
	d.calls <- "deliver"
	return nil
}

// finish says of every recording that it was refused.
func (d delivered) finish(context.Context) (map[genesys.RecordingRef]evidence.Outcome, error) {
	d.calls <- "finish"
	all := map[genesys.RecordingRef]evidence.Outcome{}
	for _, ref := range d.wanted {
		all[ref] = evidence.Outcome{Reason: evidence.ReasonRefused, Detail: "media not found"}
	}
	return all, nil
}

// countingStore counts how often each file is opened.
type countingStore struct {
	archive.Store
	opened map[string]int
}

func (s countingStore) FS(ctx context.Context) fs.FS { return countingFS{s.Store.FS(ctx), s.opened} }

type countingFS struct {
	fs.FS
	opened map[string]int
}

func (f countingFS) Open(name string) (fs.File, error) {
	f.opened[name]++
	return f.FS.Open(name)
}

// inventoried is a batch with the inventory of two wanted recordings of one conversation, and a
// pool for its work, which the caller starts.
func inventoried(t *testing.T) (*connectedBatch, batchWork, *transfer.Pool) {
	t.Helper()
	store := openStore(t)
	putAll(t, store, map[string]any{
		artifacts.SliceKey("b"):         artifacts.Slice{Group: "g", Lane: slicing.Standard, Conversations: []evidence.Conversation{{ID: "c"}}},
		artifacts.HoldKey("g"):          artifacts.Hold{},
		artifacts.MetadataKey("g", "c"): artifacts.Metadata{ConversationID: "c", Body: []byte("[]")},
		artifacts.InventoryKey("b"):     artifacts.Inventory{Inventory: *inventory(evidence.Wanted, evidence.Wanted)},
	})
	b := &connectedBatch{loadedBatch: loadedAs(store)}
	b.signer = func(context.Context) (*signing.Signer, error) { return nil, nil } // nothing is signed
	b.state.inventory = &inventoryCounts{wanted: 2}
	pool := transfer.NewPool(transfer.Capacity{}, clocktesting.NewFakeClock(time.Unix(0, 0)), DefaultIntervals().Backoff)
	return b, batchWork{&loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneStandard): pool}}, &stateCache{}}, pool
}

// startPool starts a pool. The test ends when all work in it has ended.
func startPool(t *testing.T, pool *transfer.Pool) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = pool.Start(t.Context())
	}()
	t.Cleanup(func() { <-ended })
}

// TestABagIsSealedAfterTheDelivery: the work has the recordings delivered, records what became of
// them and seals the bag. It reads the inventory once. Work that continues after that delivers
// nothing more.
func TestABagIsSealedAfterTheDelivery(t *testing.T) {
	b, pools, _ := inventoried(t)
	d := &deliveries{calls: make(chan string, 9)}
	step := &completionStep{process: process{clocktesting.NewFakeClock(time.Unix(0, 0)), "test"}, work: pools, deliverers: d}
	for _, calls := range []int{2, 0} {
		counted := countingStore{b.store, map[string]int{}}
		counting := *b.resolvedBatch
		counting.store = counted
		b.resolvedBatch = &counting
		work, err := step.prepare(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if err := work.deliverAndSeal(t.Context(), transfer.Try{}); err != nil {
			t.Fatal(err)
		}
		if len(d.calls) != calls || counted.opened[artifacts.InventoryKey("b")] != 1 || counted.opened[artifacts.OutcomeKey("b")] > 1 {
			t.Errorf("%d calls to the deliverer, %v", len(d.calls), counted.opened)
		}
		for range calls {
			<-d.calls
		}
	}
	sealed, err := readSealed(t.Context(), b.store, "b")
	if err != nil || sealed == nil || sealed.Gaps != 2 {
		t.Errorf("the bag: %+v, %v; want two gaps", sealed, err)
	}
}

// TestThePoolOfTheLaneCompletesABatch: the step starts the work and says that it runs.
func TestThePoolOfTheLaneCompletesABatch(t *testing.T) {
	b, pools, pool := inventoried(t)
	d := &deliveries{calls: make(chan string)}
	step := &completionStep{process: process{clocktesting.NewFakeClock(time.Unix(0, 0)), "test"}, work: pools, deliverers: d}
	out, err := step.Reconcile(t.Context(), b)
	if err != nil || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonTransferring || !b.report.started {
		t.Errorf("%v, %v; started: %t", out, err, b.report.started)
	}
	startPool(t, pool)
	for _, want := range []string{"deliver", "finish"} {
		if call := <-d.calls; call != want {
			t.Errorf("%s was called, want %s", call, want)
		}
	}
}
