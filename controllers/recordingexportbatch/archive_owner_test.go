package recordingexportbatch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestABatchStopsWithItsArchive: once another cluster has taken the archive over the
// batch does nothing any more, and its work is cancelled; once it is taken back the
// batch continues. What the export's status says does not matter.
func TestABatchStopsWithItsArchive(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)
	pool := transfer.NewPool(transfer.Capacity{Total: 2}, clocktesting.NewFakeClock(begun), transfer.DefaultRetryPolicy().Backoff)
	c := &ownerCheck{
		archiveOwner: archiveOwner{func(context.Context) (string, error) { return "here", nil }, &originCache{}},
		work:         batchWork{&loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneStandard): pool, StatePool: pool}}, &stateCache{}},
	}
	b := &resolvedBatch{references: references{
		batch: &v1alpha1.RecordingExportBatch{
			ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "legal"},
			Spec:       v1alpha1.RecordingExportBatchSpec{ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneStandard},
		},
		export: v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Name: "case-1"}},
	}, archiveAccess: archiveAccess{store: store, location: "legal/evidence/case-1"}}
	expect := func(owner string) {
		t.Helper()
		out, err := c.Reconcile(t.Context(), b)
		lost := owner != "here"
		if err != nil || out.IsDone() == lost || lost && (out.Reason != v1alpha1.ReasonArchiveOfAnotherCluster || !strings.Contains(out.Message, "belongs to cluster "+owner+" (since ")) {
			t.Errorf("%v, %v; want that the archive belongs to %s", out, err, owner)
		}
	}
	if _, err := c.Reconcile(t.Context(), b); err == nil {
		t.Error("an archive that nobody has begun belongs to somebody")
	}
	put := func(key string, value any) {
		t.Helper()
		if _, err := artifacts.Put(t.Context(), store, key, value); err != nil {
			t.Fatal(err)
		}
	}
	put(artifacts.RecordKey, evidence.ExportRecord{ClusterID: "here", CreatedAt: begun})
	expect("here")
	put(artifacts.OwnerKey(1), artifacts.Owner{Stamp: artifacts.Stamp{At: begun}, ClusterID: "there", Former: "here"})
	put(artifacts.SliceKey("b"), artifacts.Slice{Group: "standard-20231001"})
	if err := c.work.states.read(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	keys := []string{"legal/case-1/b/completion", "legal/case-1/standard-20231001/metadata"}
	runs, ended := make(chan struct{}, len(keys)), make(chan error, len(keys))
	for _, key := range keys {
		pool.Do(transfer.Job{Key: key, Owner: "b", Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
			runs <- struct{}{}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}})
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- pool.Start(ctx) }()
	for range keys {
		<-runs
	}
	expect("there")
	for _, key := range keys {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the work %s ended with %v", key, err)
		}
	}
	if c.work.states.get(b.batch) != nil {
		t.Error("the state is remembered although another cluster may change it")
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	put(artifacts.OwnerKey(2), artifacts.Owner{Stamp: artifacts.Stamp{At: begun}, ClusterID: "here", Former: "there"})
	expect("here")
}

// TestABatchOfARestoredCluster, which has batches but not the archive: that belongs to
// the cluster that began it, until it is taken over.
func TestABatchOfARestoredCluster(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := artifacts.Put(t.Context(), store, artifacts.RecordKey, evidence.ExportRecord{ClusterID: "there"}); err != nil {
		t.Fatal(err)
	}
	pool := transfer.NewPool(transfer.Capacity{Total: 1}, clocktesting.NewFakeClock(time.Time{}), transfer.DefaultRetryPolicy().Backoff)
	c := &ownerCheck{
		archiveOwner: archiveOwner{func(context.Context) (string, error) { return "here", nil }, &originCache{}},
		work:         batchWork{&loop.Worker{Pools: transfer.Pools{"": pool, StatePool: pool}}, &stateCache{}},
	}
	b := &resolvedBatch{references: references{batch: &v1alpha1.RecordingExportBatch{}}, archiveAccess: archiveAccess{store: store, location: "l"}}
	for _, want := range []bool{false, true} {
		if out, err := c.Reconcile(t.Context(), b); err != nil || out.IsDone() != want {
			t.Errorf("%v, %v; want that it is this cluster's: %t", out, err, want)
		}
		entry := artifacts.Owner{ClusterID: "here", Former: "there"}
		if _, err := artifacts.Put(t.Context(), store, artifacts.OwnerKey(1), entry); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingIsRequestedOfALostArchive: work that runs on asks once more before each request.
func TestNothingIsRequestedOfALostArchive(t *testing.T) {
	lost := lostArchiveError{"of another cluster"}
	requests := &picky{accepted: map[genesys.RecordingRef]int{}}
	q, _ := newRequester(t, t.TempDir(), requests)
	verified := 0
	q.owner, q.maxPerRequest = func(context.Context) error {
		if verified++; verified > 1 {
			return lost
		}
		return nil
	}, 1
	if _, err := q.requestAll(t.Context(), transfer.Try{}, 0, unboundedItems(refs(3))); !errors.Is(err, lost) || requests.calls != 1 || outcome.Of(err, 0).Reason != v1alpha1.ReasonArchiveOfAnotherCluster {
		t.Errorf("%d batch requests were made, %v; want one before the archive is lost", requests.calls, err)
	}
	w := restoring(t)
	w.requests, w.owner = q.requests, func(context.Context) error { return lost }
	metadata := &genesys.Metadata{Recordings: []genesys.Recording{{ID: ref(1).RecordingID, FileState: genesys.FileArchived}}}
	_, err := w.requestRestoration(t.Context(), ref(1), metadata)
	there, existsErr := artifacts.Exists(t.Context(), w.store, artifacts.AttemptKey(w.slice, ref(1)))
	if !errors.Is(err, lost) || there || existsErr != nil {
		t.Errorf("restoring: %v; an attempt is recorded: %t, %v", err, there, existsErr)
	}
}
