package recordingexportbatch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestABulkJobExportsABatch: one job is created and executed once, its objects are recorded where
// they are, and nothing is left.
func TestABulkJobExportsABatch(t *testing.T) {
	w := newBulkWorld(t, 3)
	w.run()
	if w.created != 1 || len(w.executed) != 1 || len(w.cancelled) != 0 || len(w.left()) != 0 {
		t.Errorf("%d jobs created, executed %v, cancelled %v, left %v", w.created, w.executed, w.cancelled, w.left())
	}
	if len(w.files()) != 3 || w.record().done.Detail != "" {
		t.Errorf("%d recordings, %q", len(w.files()), w.record().done.Detail)
	}
	for _, files := range w.files() {
		f := files[0]
		if len(files) != 1 || !f.IsReferenced() || !strings.HasPrefix(f.Reference.Location, "s3://recordings/"+organizationID) || f.RequestID != w.jobs[0].ID || f.SHA256 == "" {
			t.Errorf("%+v", files)
		}
	}
}

// TestCopiesAreInTheBag: with copy the bag contains what the bucket has.
func TestCopiesAreInTheBag(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.batch.export.Spec.Delivery.BulkJob.Copy = true
	w.run()
	for _, files := range w.files() {
		stored, err := transfer.Inspect(t.Context(), w.store, "bags/b/"+files[0].Path)
		if err != nil || files[0].IsReferenced() || stored.SHA256 != files[0].SHA256 || stored.Size != files[0].Size {
			t.Errorf("%v, %+v", err, files)
		}
	}
	if len(w.files()) != 2 {
		t.Errorf("%d recordings", len(w.files()))
	}
}

// TestALostAnswerCreatesNoSecondJob: a job that was created is found; after one that was not, another
// attempt follows once none can appear.
func TestALostAnswerCreatesNoSecondJob(t *testing.T) {
	for name, applied := range map[string]bool{"it took effect": true, "it took no effect": false} {
		t.Run(name, func(t *testing.T) {
			w := newBulkWorld(t, 2)
			w.answer, w.applied = errLost, applied
			err := w.work().export(t.Context(), transfer.Try{})
			var waiting *bulkWaitError
			if !errors.As(err, &waiting) || outcome.Of(err, 0).Reason != v1alpha1.ReasonBulkExporting {
				t.Fatal(err)
			}
			w.answer = nil
			w.run()
			jobs := w.record().all()
			if w.created != 1 || len(w.files()) != 2 || len(w.left()) != 0 {
				t.Errorf("%d jobs created, %d recordings, left %v", w.created, len(w.files()), w.left())
			}
			if applied && (len(jobs) != 1 || !jobs[0].created.Found) || !applied && (len(jobs) != 2 || !jobs[0].endedBecause(artifacts.BulkVoid)) {
				t.Errorf("%d attempts", len(jobs))
			}
		})
	}
}

// TestAFailedJobIsHalved: with two poisoned conversations everything else is exported.
func TestAFailedJobIsHalved(t *testing.T) {
	w := newBulkWorld(t, 16)
	w.poisoned[conversationID(3)], w.poisoned[conversationID(12)] = true, true
	w.run()
	if len(w.files()) != 14 || len(w.left()) != 0 {
		t.Errorf("%d recordings, left %v", len(w.files()), w.left())
	}
	if done := w.record().done.Detail; !strings.Contains(done, "timeout in metadata retrieval") {
		t.Errorf("it says %q", done)
	}
	for job, n := range w.executed {
		if n != 1 {
			t.Errorf("%s was executed %d times", job, n)
		}
	}
}

// TestADifferenceCancelsTheJob: it is never executed, and both numbers are told.
func TestADifferenceCancelsTheJob(t *testing.T) {
	w := newBulkWorld(t, 4)
	w.more = 1
	waits := strings.Join(w.run(), "\n")
	const numbers = "the job found 5 recordings, the inventory lists 4"
	if len(w.executed) != 0 || len(w.cancelled) != 1 || len(w.files()) != 0 || !strings.Contains(waits, numbers) || !strings.Contains(w.record().done.Detail, numbers) {
		t.Errorf("executed %v, cancelled %v, waited for\n%s", w.executed, w.cancelled, waits)
	}
}

// TestAThirdJobWaits: while two jobs of others are running, none is created.
func TestAThirdJobWaits(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.others = bulk.Limit
	err := w.work().export(t.Context(), transfer.Try{})
	if out := outcome.Of(err, 0); out.Reason != v1alpha1.ReasonBulkJobQueued || !strings.Contains(out.Message, "position 1") || w.created != 0 {
		t.Errorf("%v, %d jobs created", out, w.created)
	}
	if pause := transfer.DefaultRetryPolicy().Backoff(err, 9); pause.Counts || pause.UsesDeadline || pause.Wait != DefaultIntervals().Queue {
		t.Errorf("it pauses for %v", pause)
	}
	// Genesys Cloud refuses the third job although fewer were listed a moment ago.
	w.others = 0
	w.answer = &genesys.Error{Op: "submit bulk job", Kind: genesys.KindInvalid, Status: 400}
	work := w.work()
	work.cloud = &suddenOthers{bulkWorld: w}
	err = work.export(t.Context(), transfer.Try{})
	if out := outcome.Of(err, 0); out.Reason != v1alpha1.ReasonBulkJobQueued {
		t.Errorf("after a refusal: %v", out)
	}
	w.answer, w.others = nil, 0
	w.run()
	if w.created != 1 || len(w.files()) != 2 {
		t.Errorf("%d jobs created, %d recordings", w.created, len(w.files()))
	}
}

// TestARefusedJobIsNotHalvedForever: a query that is short is not refused for its length.
func TestARefusedJobIsNotHalvedForever(t *testing.T) {
	w := newBulkWorld(t, 8)
	w.answer = &genesys.Error{Op: "submit bulk job", Kind: genesys.KindInvalid, Status: 400, Message: "no such integration"}
	w.run()
	if jobs := w.record().all(); len(jobs) != 1 || !strings.Contains(w.record().done.Detail, "no such integration") {
		t.Errorf("%d attempts, %q", len(jobs), w.record().done.Detail)
	}
}

// TestWhatDoesNotAppearIsDownloaded: after the deadline, and nothing waits for it any more.
func TestWhatDoesNotAppearIsDownloaded(t *testing.T) {
	w := newBulkWorld(t, 3)
	w.absent[conversationID(1)] = true
	for range 10 {
		if err := w.work().export(t.Context(), transfer.Try{}); err == nil {
			t.Fatal("it does not wait")
		}
		w.clock.Step(time.Minute)
	}
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil {
		t.Fatal(err)
	}
	if len(w.files()) != 2 || w.record().done.Detail != "1 recording did not appear in the bucket" {
		t.Errorf("%d recordings, %q", len(w.files()), w.record().done.Detail)
	}
}

// TestTheDeadlineEndsAJob: it is cancelled, and nothing is left.
func TestTheDeadlineEndsAJob(t *testing.T) {
	w := newBulkWorld(t, 3)
	if err := w.work().export(t.Context(), transfer.Try{}); err == nil {
		t.Fatal("it does not wait")
	}
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil {
		t.Fatal(err)
	}
	if len(w.cancelled) != 1 || len(w.left()) != 0 || len(w.files()) != 0 || w.record().done == nil {
		t.Errorf("cancelled %v, left %v, %d recordings", w.cancelled, w.left(), len(w.files()))
	}
}

// TestAChangedObjectIsReadAgain: it is used once it does not change any more. If that does not happen
// before the deadline, the recording is downloaded.
func TestAChangedObjectIsReadAgain(t *testing.T) {
	for name, last := range map[string]bool{"it stays as it is": false, "the deadline": true} {
		t.Run(name, func(t *testing.T) {
			w := newBulkWorld(t, 2)
			w.changes = true
			for range 10 {
				if err := w.work().export(t.Context(), transfer.Try{}); err == nil {
					t.Fatal("it does not wait")
				}
				w.clock.Step(time.Minute)
			}
			want, detail := 0, "2 recordings changed in the bucket while the operator read them"
			if w.changes = last; !last {
				want, detail = 2, ""
			} else if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil {
				t.Fatal(err)
			}
			w.run()
			if len(w.files()) != want || w.record().done.Detail != detail {
				t.Errorf("%d recordings, %q", len(w.files()), w.record().done.Detail)
			}
		})
	}
}

// suddenOthers is a world in which two jobs of others begin when one of ours is created.
type suddenOthers struct{ *bulkWorld }

func (s *suddenOthers) SubmitBulkJob(ctx context.Context, clientID string, query genesys.BulkQuery, timeout time.Duration) (genesys.BulkJob, error) {
	s.others = bulk.Limit
	return s.bulkWorld.SubmitBulkJob(ctx, clientID, query, timeout)
}
