package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/bulkjobs"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/once"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type bulkJobber interface {
	BulkClient() (string, error)
	SubmitBulkJob(ctx context.Context, clientID string, query genesys.BulkQuery, timeout time.Duration) (genesys.BulkJob, error)
	bulkjobs.Lister
	BulkJob(ctx context.Context, jobID string) (genesys.BulkJob, error)
	ExecuteBulkJob(ctx context.Context, job genesys.Ticket) (genesys.BulkJob, error)
	CancelBulkJob(ctx context.Context, job genesys.Ticket) error
	FailedRecordings(ctx context.Context, jobID string, skip int) (genesys.FailedRecordingPage, error)
}

// bulkWork has bulk jobs export the recordings of one batch. It continues from what is recorded.
type bulkWork struct {
	recorder
	batch string
	cloud bulkJobber
	owner ownerVerifier
	turns *bulkTurns
	// queue reads the queue of the organisation, with the batch's own jobs.
	queue        func(ctx context.Context, own []*bulkJob) (*bulkQueue, error)
	organization string
	plan         bulkPlan
	slice        artifacts.Slice
	group        string
	objects      bulkObjects
	seen         bulkSeen
	// metadata lists conversations again, by the route of listings.
	metadata metadataReader
	listings route
	// listedAfter is how long after its attempt a job may be missing in the list of jobs.
	listedAfter time.Duration
	// created is told the id of a job that was created.
	created func(jobID string, job *bulkJob)

	// record and last are those of the current attempt.
	record *bulkRecord
	last   bool
	// waiting is what the current attempt found to wait for, nil if nothing.
	waiting error
	// outdated tells that the current attempt listed conversations again, which the next one plans with.
	outdated bool
	// progressed tells that the current attempt created, executed or ended a job.
	progressed bool
}

// bulkSeen is told the state of a job as Genesys Cloud told it.
type bulkSeen func(jobID string, state genesys.BulkState)

// export makes one attempt: it looks at each job once, creates at most one, and takes in what the
// bucket has once all jobs have ended. It returns nil when nothing more is expected of bulk jobs.
func (w *bulkWork) export(ctx context.Context, try transfer.Try) error {
	return w.withProgress(w.attempt(ctx, try))
}

func (w *bulkWork) attempt(ctx context.Context, try transfer.Try) (err error) {
	if w.record, err = readBulkRecord(ctx, w.store, w.batch); err != nil || w.record.done != nil {
		return err
	}
	w.last, w.waiting, w.progressed, w.outdated = try.Last, nil, false, false
	if err := w.followAll(ctx); err != nil {
		return err
	}
	if w.outdated {
		return w.waiting
	}
	if err := w.createNext(ctx); err != nil {
		return err
	}
	if w.waiting != nil {
		return w.waiting
	}
	look, err := w.objects.takeIn(ctx, try, w.plan, w.record)
	if err != nil {
		return err
	}
	if wait := look.wait(); wait != nil && !w.last {
		return wait
	}
	return w.finish(ctx, look)
}

// wait records something that the current attempt has to wait for. The first one is told.
func (w *bulkWork) wait(err error) {
	if w.waiting == nil {
		w.waiting = err
	}
}

// finish records that nothing more is expected of bulk jobs.
func (w *bulkWork) finish(ctx context.Context, look *bulkLook) error {
	done := artifacts.BulkDone{Stamp: w.stamp()}
	for _, job := range w.record.all() {
		if job.end != nil && job.end.Why != artifacts.BulkVoid && job.end.Detail != "" {
			done.Detail = fmt.Sprintf("the job of the conversations %s: %s", job.Part, job.end.Detail)
			break
		}
	}
	if err := w.forgetRunning(ctx); err != nil {
		return err
	}
	var err error
	if look.broken == nil {
		if done.Missing, err = w.readMissing(ctx, look.missing); err != nil {
			return err
		}
	}
	if detail := look.detail(); done.Detail == "" && detail != "" {
		done.Detail = detail + missingDetail(done.Missing)
	}
	if done.Relisted, err = w.finalListing(ctx); err != nil {
		return err
	}
	_, err = artifacts.Put(ctx, w.store, artifacts.BulkDoneKey(w.batch), done)
	return err
}

// forgetRunning removes the records of running jobs that a process has left which ended after it
// recorded the end of a job.
func (w *bulkWork) forgetRunning(ctx context.Context) error {
	keys, err := artifacts.Keys(ctx, w.store, artifacts.BulkRunningFolder)
	if err != nil {
		return err
	}
	for _, job := range w.record.all() {
		if key := artifacts.BulkRunningKey(w.batch, job.Part, job.Number); slices.Contains(keys, key) && !job.mayExist() {
			if err := w.store.Remove(ctx, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// followAll follows all running jobs, whatever becomes of each. The error is the first one.
func (w *bulkWork) followAll(ctx context.Context) (first error) {
	for _, job := range w.record.running() {
		if err := w.followUntilDeadline(ctx, job); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// followUntilDeadline follows a job or, once the deadline is used up, ends it.
func (w *bulkWork) followUntilDeadline(ctx context.Context, job *bulkJob) error {
	waitedBefore := w.waiting
	isKnown, err := w.follow(ctx, job)
	mayAppear := !isKnown && job.end == nil && w.age(job) < w.listedAfter
	if err != nil && (ctx.Err() != nil || !w.last || mayAppear || !genesys.AboutItem(err)) {
		return asBulkWait(err)
	}
	if !w.last || job.end != nil || mayAppear {
		return nil
	}
	w.waiting = waitedBefore
	return w.endLate(ctx, job)
}

// endLate ends a job whose deadline is used up.
func (w *bulkWork) endLate(ctx context.Context, job *bulkJob) error {
	end := artifacts.BulkEnd{Why: artifacts.BulkUnfinished, Detail: "it was not known whether it was created when retry.deadline was used up"}
	if job.created == nil {
		return w.recordEnd(ctx, job, end)
	}
	switch err := w.cloud.CancelBulkJob(ctx, job.created.Job); {
	case err == nil:
		end.State, end.Detail = genesys.BulkCancelled, "it had not ended when retry.deadline was used up"
	case genesys.KindOf(err) == genesys.KindInvalid:
		end.Detail = fmt.Sprintf("it had not ended when retry.deadline was used up, and Genesys Cloud refuses to cancel it: look at recording bulk job %s there: %v", job.id(), err)
	default:
		return err
	}
	return w.recordEnd(ctx, job, end)
}

// asBulkWait turns an error about a job into one that waits until the deadline. Errors that need a
// person stay as they are.
func asBulkWait(err error) error {
	var ready *readyError
	if errors.As(err, &ready) {
		return err
	}
	switch genesys.KindOf(err) {
	case "", genesys.KindUnauthorized, genesys.KindForbidden, genesys.KindThrottled, genesys.KindCancelled:
		return err
	default:
		return &bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "retrying a call about a recording bulk job", last: err}
	}
}

// createNext creates the job of the first part that needs one, if it is the batch's turn.
func (w *bulkWork) createNext(ctx context.Context) error {
	for _, part := range w.record.parts(len(w.plan.conversations)) {
		if !w.record.needsJob(part) {
			continue
		}
		if w.last {
			continue // its recordings are downloaded
		}
		err := w.create(ctx, part)
		var queued *queuedError
		if errors.As(err, &queued) {
			queued.next = w.nextLook(queued.next)
			w.waiting = err
			return nil
		}
		return asBulkWait(err)
	}
	return nil
}

// create creates the job of a part.
func (w *bulkWork) create(ctx context.Context, part bulk.Part) error {
	queue, err := w.queue(ctx, w.record.all())
	if err != nil {
		return err
	}
	if err := queue.check(0); err != nil {
		return err
	}
	release, reserved := w.turns.reserve(w.organization)
	if !reserved {
		return queue.wait(1, 0)
	}
	defer release()
	others, err := w.countRunning(ctx, queue.ids)
	if err != nil {
		return err
	}
	if err := queue.check(others); err != nil {
		return err
	}
	if err := w.owner.verify(ctx); err != nil {
		return err
	}
	return w.submit(ctx, part, queue)
}

// submit makes the next attempt for a part.
func (w *bulkWork) submit(ctx context.Context, part bulk.Part, queue *bulkQueue) error {
	client, err := w.cloud.BulkClient()
	if err != nil {
		return err
	}
	number := len(w.record.jobs[part.Name()])
	job := &bulkJob{BulkAttempt: artifacts.BulkAttempt{Part: part.Name(), Number: number, ClientID: client, Recordings: w.plan.countWanted(part)}}
	attempt := &bulkAttempt{bulkWork: w, part: part, job: job, wasRefused: w.wasRefused(part)}
	state, err := attempt.effect().Start(ctx)
	if attempt.full && state == once.None {
		return queue.wait(1, 0)
	}
	if err != nil {
		return err
	}
	w.progressed = true
	if attempt.id != "" {
		w.created(attempt.id, job)
	}
	w.wait(&bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "Genesys Cloud is looking for the recordings of a recording bulk job"})
	return nil
}
