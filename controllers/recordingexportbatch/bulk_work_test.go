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
	if len(w.executed) != 0 || len(w.cancelled) != w.created || len(w.files()) != 0 || !strings.Contains(waits, numbers) || !strings.Contains(w.record().done.Detail, numbers) {
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
	if jobs := w.record().all(); len(jobs) != 2 || !strings.Contains(w.record().done.Detail, "no such integration") {
		t.Errorf("%d attempts, %q", len(jobs), w.record().done.Detail)
	}
}

// TestWhatDoesNotAppearIsDownloaded: after the deadline, and nothing waits for it any more. Only then
// Genesys Cloud is asked whether it says that it exported the recording.
func TestWhatDoesNotAppearIsDownloaded(t *testing.T) {
	const date = "2023-01-03T00:00:00.000Z"
	for says, want := range map[string]string{date: "says that it exported 1 recording of them", "": "does not say that it exported them"} {
		w := newBulkWorld(t, 3)
		w.absent[conversationID(1)], w.exportedDate = true, says
		for range 10 {
			if err := w.work().export(t.Context(), transfer.Try{}); err == nil || w.listed > 0 {
				t.Fatalf("it does not wait, or asks after %d calls", w.listed)
			}
			w.clock.Step(time.Minute)
		}
		if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil {
			t.Fatal(err)
		}
		done := w.record().done
		if len(w.files()) != 2 || w.listed != 1 || !strings.HasPrefix(done.Detail, "1 recording did not appear in the bucket") || !strings.Contains(done.Detail, want) {
			t.Errorf("%d recordings, %d calls, %q", len(w.files()), w.listed, done.Detail)
		}
		if len(done.Missing) != 1 || done.Missing[0] != (artifacts.BulkMissing{RecordingRef: bulkRef(1), ExportedDate: says}) {
			t.Errorf("recorded: %+v", done.Missing)
		}
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

// TestWhatAJobCouldNotExportIsNotWaitedFor: it is recorded and left to the download.
func TestWhatAJobCouldNotExportIsNotWaitedFor(t *testing.T) {
	w := newBulkWorld(t, 5)
	w.failing[conversationID(1)], w.failing[conversationID(3)] = true, true
	// Something else of these conversations is in the bucket, so that numbers alone do not tell.
	w.absent[conversationID(4)] = true
	w.runUntil("1 recording in the bucket")
	if got := w.record().all()[0].end.FailedRecordings; len(got) != 2 || refKey(got[0]) != bulkRef(1) || refKey(got[1]) != bulkRef(3) {
		t.Errorf("recorded: %v", got)
	}
	delete(w.absent, conversationID(4))
	w.export(w.jobs[0].Query)
	w.run()
	if done := w.record().done.Detail; len(w.files()) != 3 || !strings.Contains(done, "could not export 2 recordings") {
		t.Errorf("%d recordings, %q", len(w.files()), done)
	}
}

// TestAListOfFailedRecordingsThatCannotBeRead delays the batch until the deadline, not longer.
func TestAListOfFailedRecordingsThatCannotBeRead(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.failing[conversationID(1)], w.failedAnswer = true, &genesys.Error{Op: "list", Kind: genesys.KindTransient}
	w.runUntil("last error: list")
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil || len(w.files()) != 1 || len(w.left()) != 0 {
		t.Errorf("%v, %d recordings, left %v", err, len(w.files()), w.left())
	}
}

// TestAJobThatIsReadyWaitsForOthers: if Genesys Cloud executes none because two are running, that is
// neither a failure nor does it use up the deadline.
func TestAJobThatIsReadyWaitsForOthers(t *testing.T) {
	for _, kind := range []genesys.Kind{genesys.KindInvalid, genesys.KindOverloaded} {
		w := newBulkWorld(t, 2)
		w.runUntil("Genesys Cloud is looking")
		w.others, w.executeAnswer = bulk.Limit, &genesys.Error{Op: "execute bulk job", Kind: kind, RetryAfter: time.Hour}
		err := w.work().export(t.Context(), transfer.Try{})
		pause := transfer.DefaultRetryPolicy().Backoff(err, 9)
		if out := outcome.Of(err, 0); out.Reason != v1alpha1.ReasonBulkJobQueued || !strings.Contains(out.Message, w.jobs[0].ID) || pause.Counts || pause.UsesDeadline || pause.Wait != DefaultIntervals().Queue {
			t.Errorf("%s: %v, it pauses for %v", kind, out, pause)
		}
		w.others = 0
		if err := w.work().export(t.Context(), transfer.Try{}); outcome.Of(err, 0).Reason != v1alpha1.ReasonBulkExporting {
			t.Errorf("%s: a refusal without another job is %v", kind, err)
		}
		w.executeAnswer = nil
		if w.run(); len(w.files()) != 2 || w.created != 1 {
			t.Errorf("%s: %d recordings, %d jobs", kind, len(w.files()), w.created)
		}
	}
}

// TestAJobOfAnInactiveClientIsReplaced: nobody else may execute it.
func TestAJobOfAnInactiveClientIsReplaced(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.runUntil("Genesys Cloud is looking")
	w.executeAnswer = &genesys.Error{Op: "execute bulk job", Kind: genesys.KindOrphaned}
	w.runUntil("Genesys Cloud is looking")
	w.executeAnswer = nil
	w.run()
	if w.created != 2 || w.cancelled[w.jobs[0].ID] != 1 || len(w.files()) != 2 || len(w.left()) != 0 {
		t.Errorf("%d jobs, cancelled %v, %d recordings, left %v", w.created, w.cancelled, len(w.files()), w.left())
	}
}

// TestALostAnswerOfAnInactiveClient: the job is found among those of the organisation.
func TestALostAnswerOfAnInactiveClient(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.answer, w.applied = errLost, true
	w.runUntil("looking for the recording bulk job")
	w.answer, w.inactive = nil, true
	w.run()
	if w.created != 1 || len(w.files()) != 2 || len(w.left()) != 0 {
		t.Errorf("%d jobs, %d recordings, left %v", w.created, len(w.files()), w.left())
	}
}

// TestAJobThatCannotBeCancelled: the batch does not wait without end, and says which job that is.
func TestAJobThatCannotBeCancelled(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.runUntil("Genesys Cloud is looking")
	w.cancelAnswer = &genesys.Error{Op: "cancel bulk job", Kind: genesys.KindTransient}
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err == nil || w.record().done != nil {
		t.Errorf("after an error that may not last: %v", err)
	}
	w.cancelAnswer = &genesys.Error{Op: "cancel bulk job", Kind: genesys.KindInvalid}
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil || !strings.Contains(w.record().done.Detail, "recording bulk job "+w.jobs[0].ID) {
		t.Errorf("%v, %q", err, w.record().done.Detail)
	}
}

// TestTheDeadlineLeavesNoJobOfWhichNothingIsKnown: another job that ends at the deadline does not hide it.
func TestTheDeadlineLeavesNoJobOfWhichNothingIsKnown(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.poisoned[conversationID(0)], w.poisoned[conversationID(1)] = true, true
	for w.created < 2 {
		_ = w.work().export(t.Context(), transfer.Try{})
	}
	w.poisoned = map[string]bool{}
	w.answer, w.applied = errLost, false
	_ = w.work().export(t.Context(), transfer.Try{})
	if jobs := w.record().running(); len(jobs) != 2 {
		t.Fatalf("%d jobs are running", len(jobs))
	}
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err == nil || w.record().done != nil {
		t.Errorf("it does not wait until it is known whether a job was created: %v", err)
	}
}

// TestARefusalMayBeOverBeforeTheJobsAreListed: the first one is not believed.
func TestARefusalMayBeOverBeforeTheJobsAreListed(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.answer = &genesys.Error{Op: "submit bulk job", Kind: genesys.KindInvalid, Status: 400}
	w.runUntil("submit bulk job: HTTP 400")
	w.answer = nil
	w.run()
	if w.created != 1 || len(w.files()) != 2 || w.record().done.Detail != "" {
		t.Errorf("%d jobs, %d recordings, %q", w.created, len(w.files()), w.record().done.Detail)
	}
}

// TestJobsThatOccupyAPlace: also new ones that are READY, whoever created them, but no forgotten ones.
func TestJobsThatOccupyAPlace(t *testing.T) {
	w := newBulkWorld(t, 1)
	now := w.clock.Now()
	w.jobs = []genesys.BulkJob{
		{ID: "pending", State: genesys.BulkPending}, {ID: "new", State: genesys.BulkReady, Created: now.Add(-time.Minute)},
		{ID: "forgotten", State: genesys.BulkReady, Created: now.Add(-time.Hour)}, {ID: "undated", State: genesys.BulkReady},
		{ID: "known", State: genesys.BulkProcessing}, {ID: "ended", State: genesys.BulkFulfilled},
	}
	if n, err := w.work().countRunning(t.Context(), map[string]bool{"known": true}); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
}
