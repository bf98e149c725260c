package recordingexportbatch

import (
	"context"
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/bulkjobs"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/once"
)

// bulkTimeout is how long the answer to the creation of a job may take. It is the longest time-out
// of all, because the request is made only once.
var bulkTimeout = genesys.Timeout(2)

// smallestRefused is the number of conversations up to which a refused job is not halved: then the
// query is not too long, and something else is the cause.
const smallestRefused = 100

// bulkAttempt creates one bulk job, at most once: a second one would stay behind. It is the log of
// that effect (package once).
type bulkAttempt struct {
	*bulkWork
	part bulk.Part
	job  *bulkJob
	// id is that of the job, once it is known; isFound tells that it was found in the list of jobs.
	id      string
	isFound bool
	// full tells that the job was refused while the organisation had as many as it may.
	full bool
	// wasRefused tells that the attempts before were refused, too, for as long as it takes to list the jobs
	// because of which they could be.
	wasRefused bool
	// refusal is such a refusal of this attempt.
	refusal error
}

// effect returns the effect of which the attempt is the log.
func (a *bulkAttempt) effect() once.Effect {
	return once.Effect{Log: a, Call: a.call, Judge: a.judge, Look: a.look}
}

// Recorded returns what is known about an attempt that is recorded.
func (a *bulkAttempt) Recorded(context.Context) (once.State, error) {
	switch {
	case a.job.created != nil:
		return once.Done, nil
	case a.job.end != nil:
		return once.Refused, nil
	default:
		return once.Unknown, nil
	}
}

// Begin records the attempt. It is false if another process has recorded the same one.
func (a *bulkAttempt) Begin(ctx context.Context) (bool, error) {
	a.job.Stamp = a.stamp()
	a.job.Query = a.plan.query(a.part, a.media(), a.job.At)
	running := artifacts.BulkRunning{Stamp: a.job.Stamp, Batch: a.batch, Part: a.job.Part, Number: a.job.Number}
	if _, err := artifacts.Put(ctx, a.store, artifacts.BulkRunningKey(a.batch, a.job.Part, a.job.Number), running); err != nil {
		return false, err
	}
	stored, err := artifacts.Put(ctx, a.store, artifacts.BulkAttemptKey(a.batch, a.job.Part, a.job.Number), a.job.BulkAttempt)
	return err == nil && stored.Stamp == a.job.Stamp, err
}

// Forget records that there is no job, and that none will appear. The part gets another attempt.
func (a *bulkAttempt) Forget(ctx context.Context) error {
	end := artifacts.BulkEnd{Why: artifacts.BulkVoid, Detail: "no job was created", Refused: a.refusal != nil}
	if a.refusal != nil {
		end.Detail = a.refusal.Error()
	}
	return a.recordEnd(ctx, a.job, end)
}

// Finish records the job, or that Genesys Cloud refused it.
func (a *bulkAttempt) Finish(ctx context.Context, state once.State, cause error) error {
	if state == once.Done {
		created, err := artifacts.Put(ctx, a.store, artifacts.BulkCreatedKey(a.batch, a.job.Part, a.job.Number), artifacts.BulkCreated{
			Stamp: a.stamp(), Part: a.job.Part, Number: a.job.Number, Job: genesys.Ticket{ID: a.id, ClientID: a.job.ClientID}, Found: a.isFound,
		})
		if err == nil {
			a.job.created = &created
		}
		return err
	}
	end := artifacts.BulkEnd{Why: artifacts.BulkFailed, Detail: fmt.Sprint(cause), Refused: !a.job.Query.OnlyScreens}
	switch {
	case a.job.Query.OnlyScreens:
		end.Why, end.RefusesOnlyScreens = artifacts.BulkVoid, true
	case a.part.Count() <= smallestRefused:
		end.Why = artifacts.BulkUnfinished
	}
	return a.recordEnd(ctx, a.job, end)
}

// call creates the job. After a refusal it lists the jobs: with which answer Genesys Cloud refuses a
// third job is not documented. A process that was stopped since it recorded the attempt sends nothing:
// another one may have found that no job was created, and have made the next attempt.
func (a *bulkAttempt) call(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.listedAfter/3-a.age(a.job))
	defer cancel()
	job, err := a.cloud.SubmitBulkJob(ctx, a.job.ClientID, a.job.Query, bulkTimeout)
	a.id = job.ID
	switch {
	case !mayMeanFull(err):
	case a.isFull(ctx):
		a.full = true
	case genesys.KindOf(err) != genesys.KindOverloaded:
		a.refusal = err
	}
	return err
}

// mayMeanFull tells whether an error may be how Genesys Cloud refuses a third job.
func mayMeanFull(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindInvalid, genesys.KindNotFound, genesys.KindOverloaded:
		return true
	default:
		return false
	}
}

// refusedLooks is how many looks at the queue long a job must be refused without a visible reason.
const refusedLooks = 4

// wasRefused tells whether the latest attempts for a part were refused for so long.
func (w *bulkWork) wasRefused(part bulk.Part) bool {
	jobs := w.record.jobs[part.Name()]
	first := len(jobs)
	for first > 0 && jobs[first-1].end != nil && jobs[first-1].end.Refused {
		first--
	}
	return first < len(jobs) && w.age(jobs[first]) >= refusedLooks*w.turns.interval
}

// judge tells what the answer to the creation proves.
func (a *bulkAttempt) judge(err error) once.State {
	if err == nil {
		return once.Done
	}
	switch genesys.KindOf(err) {
	case genesys.KindThrottled, genesys.KindOverloaded, genesys.KindUnauthorized, genesys.KindForbidden, genesys.KindOrphaned:
		return once.None
	case genesys.KindInvalid, genesys.KindNotFound:
		// The other jobs may have ended before they were listed, or be listed late.
		if a.full || !a.wasRefused {
			return once.None
		}
		return once.Refused
	default:
		return once.Unknown
	}
}

// look tells what the list of jobs shows about the attempt.
func (a *bulkAttempt) look(ctx context.Context) (once.State, error) {
	settling := bulkjobs.Settling{Cloud: a.cloud, Known: a.record.knownJobs(), ListedAfter: a.listedAfter, Now: a.clock.Now()}
	verdict, id, err := settling.Settle(ctx, a.job.BulkAttempt)
	switch {
	case err != nil:
		return once.Unknown, err
	case verdict == bulk.Created:
		a.id, a.isFound = id, true
		return once.Done, nil
	case verdict == bulk.NotCreated:
		return once.None, nil
	default:
		return once.Unknown, nil
	}
}

// recordEnd records that nothing more is expected of a job. One that may exist stays recorded as running:
// whoever ends the jobs of the export looks for it.
func (w *bulkWork) recordEnd(ctx context.Context, job *bulkJob, end artifacts.BulkEnd) error {
	end.Stamp, end.Part, end.Number, end.JobID = w.stamp(), job.Part, job.Number, job.id()
	stored, err := artifacts.Put(ctx, w.store, artifacts.BulkEndKey(w.batch, job.Part, job.Number), end)
	if err != nil {
		return err
	}
	job.end, w.progressed = &stored, true
	if job.mayExist() {
		return nil
	}
	return w.store.Remove(ctx, artifacts.BulkRunningKey(w.batch, job.Part, job.Number))
}

// age is how long ago the attempt was recorded.
func (w *bulkWork) age(job *bulkJob) time.Duration { return w.clock.Now().Sub(job.At) }
