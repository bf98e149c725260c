package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// follow looks at a job once and does what follows from its state. isKnown tells whether there is a job
// that Genesys Cloud may know.
func (w *bulkWork) follow(ctx context.Context, job *bulkJob) (isKnown bool, err error) {
	if job.created == nil {
		err := w.settle(ctx, job)
		return job.created != nil, err
	}
	now, err := w.cloud.BulkJob(ctx, job.id())
	if genesys.KindOf(err) == genesys.KindNotFound {
		return false, w.followMissing(ctx, job)
	}
	if err != nil {
		return true, err
	}
	return true, w.followState(ctx, job, now)
}

// followState does what follows from the state of a job.
func (w *bulkWork) followState(ctx context.Context, job *bulkJob, now genesys.BulkJob) error {
	w.seen(job.id(), now.State)
	end := artifacts.BulkEnd{State: now.State, Totals: now.Totals, Detail: now.Error}
	switch now.State {
	case genesys.BulkReady:
		return w.execute(ctx, job, end)
	case genesys.BulkFulfilled:
		return w.endFulfilled(ctx, job, end)
	case genesys.BulkFailed:
		end.Why = artifacts.BulkFailed
		return w.recordEnd(ctx, job, end)
	case genesys.BulkCancelled:
		return w.endCancelled(ctx, job, end)
	default:
		w.wait(&bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "waiting for recording bulk job " + job.id() + ", which is " + string(now.State)})
		return nil
	}
}

// execute executes a job that is READY, unless the deadline is used up. Genesys Cloud may execute a job only
// for the OAuth client that created it, and only two at a time.
func (w *bulkWork) execute(ctx context.Context, job *bulkJob, end artifacts.BulkEnd) error {
	if w.last {
		return nil
	}
	waitedBefore := w.waiting
	err := w.executeIfSame(ctx, job, end)
	if err != nil {
		w.waiting = waitedBefore
	}
	switch {
	case genesys.KindOf(err) == genesys.KindOrphaned:
		return w.replaceOrphan(ctx, job, end)
	case mayMeanFull(err) && w.isFull(ctx):
		return &readyError{jobID: job.id(), next: w.turns.interval, last: err}
	default:
		return err
	}
}

// replaceOrphan cancels a job whose OAuth client is inactive. Another client makes another attempt.
func (w *bulkWork) replaceOrphan(ctx context.Context, job *bulkJob, end artifacts.BulkEnd) error {
	if err := w.cloud.CancelBulkJob(ctx, job.created.Job); err != nil {
		return err
	}
	end.State, end.Why, end.Detail = genesys.BulkCancelled, artifacts.BulkVoid, "the OAuth client that created it is inactive"
	return w.recordEnd(ctx, job, end)
}

// endFulfilled records the end of a job that exports its recordings, with those that it could not
// export. If Genesys Cloud does not list these by the deadline, the bucket shows what is missing.
func (w *bulkWork) endFulfilled(ctx context.Context, job *bulkJob, end artifacts.BulkEnd) error {
	end.Why, end.Detail = artifacts.BulkFulfilled, ""
	if end.Totals.Failed > 0 {
		failed, err := w.listFailed(ctx, job)
		if err != nil && !w.last {
			return err
		}
		end.FailedRecordings = failed
		end.Detail = "Genesys Cloud could not export " + words.Count(end.Totals.Failed, "recording")
	}
	return w.recordEnd(ctx, job, end)
}

// listFailed lists the recordings that a job could not export.
func (w *bulkWork) listFailed(ctx context.Context, job *bulkJob) ([]genesys.RecordingRef, error) {
	var failed []genesys.RecordingRef
	err := genesys.EachPage("list failed recordings", func(skip int) (int, error) {
		page, err := w.cloud.FailedRecordings(ctx, job.id(), skip)
		failed = append(failed, page.Recordings...)
		return page.Next, err
	})
	return failed, err
}

// settle finds out whether there is a job.
func (w *bulkWork) settle(ctx context.Context, job *bulkJob) error {
	part, valid := bulk.ParsePart(job.Part)
	if !valid {
		return nil
	}
	attempt := &bulkAttempt{bulkWork: w, part: part, job: job}
	_, err := attempt.effect().Run(ctx)
	if err == nil && job.end == nil {
		w.wait(&bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "looking for the recording bulk job of an attempt whose answer was lost"})
	}
	return err
}

// followMissing decides about a job that Genesys Cloud does not know. One that is new may not be known
// yet. Otherwise it may have exported something: its recordings are not exported again.
func (w *bulkWork) followMissing(ctx context.Context, job *bulkJob) error {
	if w.age(job) < w.listedAfter {
		w.wait(&bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "waiting until Genesys Cloud knows recording bulk job " + job.id()})
		return nil
	}
	return w.recordEnd(ctx, job, artifacts.BulkEnd{Why: artifacts.BulkUnfinished, Detail: "Genesys Cloud does not know the job any more"})
}

// difference compares what a job has found with what the metadata list.
func (w *bulkWork) difference(ctx context.Context, job *bulkJob, totals genesys.BulkTotals) (bulk.Difference, error) {
	part, _ := bulk.ParsePart(job.Part)
	listed, err := w.plan.listed(ctx, w.store, w.group, part)
	if err != nil {
		return bulk.Difference{}, err
	}
	return differenceOf(job, totals, listed), nil
}

// differenceOf compares what a job has found with what is listed. It is not documented whether a job
// for screen recordings alone leaves out the other recordings.
func differenceOf(job *bulkJob, totals genesys.BulkTotals, listed []bulk.Listed) bulk.Difference {
	found := bulk.Totals{Conversations: totals.Conversations, Recordings: totals.Recordings, Skipped: totals.Skipped}
	if all := bulk.Compare(found, bulk.Expect(listed, bulk.AllMedia)); job.Query.OnlyScreens && all.None() {
		return all
	}
	return bulk.Compare(found, bulk.Expect(listed, mediaOf(job.Query)))
}

// executeIfSame executes a job that has found exactly what it should, and cancels any other.
func (w *bulkWork) executeIfSame(ctx context.Context, job *bulkJob, end artifacts.BulkEnd) error {
	difference, err := w.difference(ctx, job, end.Totals)
	if err != nil {
		return err
	}
	if difference.None() {
		return w.requestExecution(ctx, job, difference)
	}
	if err := w.cloud.CancelBulkJob(ctx, job.created.Job); err != nil {
		return err
	}
	return w.endDifferent(ctx, job, end, difference)
}

// requestExecution executes a job. That it does so is recorded before.
func (w *bulkWork) requestExecution(ctx context.Context, job *bulkJob, compared bulk.Difference) error {
	if err := w.owner.verify(ctx); err != nil {
		return err
	}
	if _, err := artifacts.Put(ctx, w.store, artifacts.BulkExecutionKey(w.batch, job.Part, job.Number), artifacts.BulkExecution{
		Stamp: w.stamp(), Part: job.Part, Number: job.Number, Conversations: compared.Found.Conversations, Recordings: compared.Found.Recordings,
		Skipped: compared.Found.Skipped, Listed: compared.Expected.Most.Recordings, Available: compared.Expected.Least.Recordings,
	}); err != nil {
		return err
	}
	w.wait(&bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "Genesys Cloud is exporting the recordings of recording bulk job " + job.id()})
	executed, err := w.cloud.ExecuteBulkJob(ctx, job.created.Job)
	if err == nil {
		w.progressed = true
		w.seen(job.id(), executed.State)
	}
	return err
}

// endCancelled records the end of a job that was cancelled: by this operator, which could not record
// that, if the job found something else than it should, and otherwise by somebody else.
func (w *bulkWork) endCancelled(ctx context.Context, job *bulkJob, end artifacts.BulkEnd) error {
	difference, err := w.difference(ctx, job, end.Totals)
	if err != nil {
		return err
	}
	if end.Totals != (genesys.BulkTotals{}) && !difference.None() {
		return w.endDifferent(ctx, job, end, difference)
	}
	end.Why, end.Detail = artifacts.BulkUnfinished, "it was cancelled at Genesys Cloud"
	return w.recordEnd(ctx, job, end)
}
