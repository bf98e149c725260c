package recordingexportbatch

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// stopped is a reconciler of one batch that something stops from being worked on, with the
// pools that it needs and the queue that they wake it by.
type stopped struct {
	*Reconciler
	batch *v1alpha1.RecordingExportBatch
	store archive.Store
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// newStopped returns such a reconciler. stop changes what stops the batch.
func newStopped(t *testing.T, stop func(*v1alpha1.RecordingExport, *v1alpha1.ExportDestination, archive.Store)) *stopped {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	store := openStore(t)
	b := resolvedAs(store, "b")
	b.batch.Status.StartTime = &metav1.Time{Time: time.Unix(0, 0)}
	loop.Mark(b.batch, outcome.Wait(v1alpha1.ReasonTransferring, "downloading", 0), "", "")
	putAll(t, store, map[string]any{
		artifacts.SliceKey("b"): artifacts.Slice{Group: "g"}, artifacts.RecordKey: evidence.ExportRecord{ClusterID: "here"},
	})
	export := &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "case-1"}}
	export.Spec.DestinationRef.Name = "evidence"
	destination := &v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "evidence"}}
	destination.Status.Location = "legal/evidence"
	stop(export, destination, store)
	s := &stopped{batch: b.batch, store: store, queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())}
	now := clocktesting.NewFakeClock(time.Unix(0, 0))
	pools := transfer.Pools{}
	for _, name := range []string{StatePool, string(v1alpha1.LaneStandard)} {
		pools[name] = transfer.NewPool(transfer.Capacity{Total: 1}, now, DefaultIntervals().Backoff)
	}
	intervals := DefaultIntervals()
	intervals.StepTimeout = 0
	s.Reconciler = New(Config{
		Publisher: loop.Publisher{
			Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(b.batch, export, destination).WithStatusSubresource(b.batch).Build(),
			Events: events.NewFakeRecorder(100),
		},
		Clock: now, ClusterID: func(context.Context) (string, error) { return "here", nil }, Intervals: intervals,
		Archive:  func(*v1alpha1.ExportDestination, string) (archive.Store, error) { return store, nil },
		Location: func(*v1alpha1.ExportDestination, string) string { return "legal/evidence/case-1" },
		Worker:   &loop.Worker{Pools: pools},
	})
	if err := s.worker.Source().Start(t.Context(), s.queue); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{}, len(pools))
	for _, pool := range pools {
		go func() {
			_ = pool.Start(ctx)
			ended <- struct{}{}
		}()
	}
	t.Cleanup(func() {
		end()
		for range pools {
			<-ended
		}
		s.queue.ShutDown()
	})
	return s
}

// evaluate reconciles the batch, and returns it as it is afterwards.
func (s *stopped) evaluate(t *testing.T) *v1alpha1.RecordingExportBatch {
	t.Helper()
	batch := &v1alpha1.RecordingExportBatch{}
	if err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(s.batch), batch); err != nil {
		t.Fatal(err)
	}
	s.batch = batch.DeepCopy()
	if _, err := s.Reconcile(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(s.batch), batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

// awaitWake returns once a pool has woken the batch.
func (s *stopped) awaitWake() {
	request, _ := s.queue.Get()
	s.queue.Done(request)
}

// finish records the end of the batch, as its work does: others have its halves.
func (s *stopped) finish(t *testing.T) {
	t.Helper()
	putAll(t, s.store, map[string]any{artifacts.InventoryKey("b"): artifacts.Inventory{Split: true}})
}

// stops are what stops a batch, by the reason that it says then.
var stops = map[string]func(*v1alpha1.RecordingExport, *v1alpha1.ExportDestination, archive.Store){
	v1alpha1.ReasonCancelled: func(export *v1alpha1.RecordingExport, _ *v1alpha1.ExportDestination, _ archive.Store) {
		export.Status.Cancelled = true
	},
	v1alpha1.ReasonSuspended: func(export *v1alpha1.RecordingExport, _ *v1alpha1.ExportDestination, _ archive.Store) {
		export.Spec.Suspend = true
	},
	v1alpha1.ReasonBucketShared: func(_ *v1alpha1.RecordingExport, destination *v1alpha1.ExportDestination, _ archive.Store) {
		loop.Mark(destination, outcome.Stall(v1alpha1.ReasonBucketShared, "name another bucket", 0), "", "")
	},
	v1alpha1.ReasonArchiveOfAnotherCluster: func(_ *v1alpha1.RecordingExport, _ *v1alpha1.ExportDestination, store archive.Store) {
		_, _ = artifacts.Put(context.Background(), store, artifacts.OwnerKey(1), artifacts.Owner{ClusterID: "there", Former: "here"})
	},
}

// TestAFinishedBatchIsReadyWhateverStopsIt: its work recorded the end just as it was cancelled.
func TestAFinishedBatchIsReadyWhateverStopsIt(t *testing.T) {
	for reason, stop := range stops {
		t.Run(reason, func(t *testing.T) {
			s := newStopped(t, stop)
			b := resolvedAs(s.store, "b")
			if err := s.work.states.read(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			running, cancelled, record := make(chan struct{}), make(chan struct{}), make(chan struct{})
			s.worker.Do(client.ObjectKeyFromObject(s.batch), loop.Task{
				Pool: string(v1alpha1.LaneStandard), Key: b.keyPrefix() + "b/completion",
				Work: s.work.thenRead(b, func(ctx context.Context, _ transfer.Try) error {
					close(running)
					<-ctx.Done()
					close(cancelled)
					<-record
					s.finish(t)
					return nil
				}),
			})
			<-running
			if batch := s.evaluate(t); conditions.Reason(batch) != reason || conditions.IsReady(batch) {
				t.Errorf("while the work ends the batch says %s: %s", conditions.Reason(batch), conditions.Message(batch))
			}
			<-cancelled
			close(record)
			s.awaitWake() // by the work
			if batch := s.evaluate(t); conditions.Reason(batch) != reason {
				t.Errorf("while its state is read the batch says %s", conditions.Reason(batch))
			}
			s.awaitWake() // by the read
			if batch := s.evaluate(t); !conditions.IsReady(batch) || !batch.IsFinished() {
				t.Errorf("the finished batch says %s: %s", conditions.Reason(batch), conditions.Message(batch))
			}
		})
	}
}

// TestTheStateComesFirst: a process that begins with a batch publishes nothing until it has read
// the state, and then that the batch is finished, or what stops it.
func TestTheStateComesFirst(t *testing.T) {
	for reason, stop := range stops {
		for _, finished := range []bool{true, false} {
			t.Run(reason, func(t *testing.T) {
				s := newStopped(t, stop)
				if finished {
					s.finish(t)
				}
				for n := range 64 { // the lane is busy with transfers
					s.worker.Pools[string(v1alpha1.LaneStandard)].Do(transfer.Job{Key: string(rune('a' + n)), Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
						<-ctx.Done()
						return ctx.Err()
					}})
				}
				if batch := s.evaluate(t); batch.ResourceVersion != s.batch.ResourceVersion {
					t.Errorf("before the state is known the batch says %s", conditions.Reason(batch))
				}
				s.awaitWake()
				if batch := s.evaluate(t); conditions.IsReady(batch) != finished || !finished && conditions.Reason(batch) != reason {
					t.Errorf("finished %t: the batch says %s: %s", finished, conditions.Reason(batch), conditions.Message(batch))
				}
			})
		}
	}
}
