package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// A job that gives no answer is recorded as failed, then ended, and only then is
// another one started. So a process may end at any point: the next one finds the record
// of the job, or of its failure, or both, and each job that was started has one until
// it is ended.

// abandonJob records that a job gives no answer, and ends it.
func (w *surveyWork) abandonJob(ctx context.Context, job genesys.Ticket, why *brokenJobError) error {
	failed := artifacts.FailedJob{Stamp: w.stamp(), Job: job, Why: why.Error(), Request: w.request}
	for n := 0; ; n++ {
		stored, err := artifacts.Put(ctx, w.store, artifacts.FailedJobKey(w.Pass, w.Day, n), failed)
		if err != nil {
			return err
		}
		if stored.Job == job {
			return errors.Join(w.transient("analytics job %s was ended without an answer: %s", job.ID, stored.Why), w.endOwnJob(ctx))
		}
	}
}

// checkFailedJobs reports whether jobs of the survey have failed, and is an exhaustedError
// while there must be no other. A failed job that was not ended is. When a series
// begins the failures of the one before are forgotten.
func (w *surveyWork) checkFailedJobs(ctx context.Context) (some bool, err error) {
	folder := artifacts.FailedJobFolder(w.Pass, w.Day)
	failed, err := artifacts.All[artifacts.FailedJob](ctx, w.store, folder)
	if err != nil || len(failed) == 0 {
		return false, err
	}
	if err := w.endFailed(ctx, failed); err != nil {
		return true, err
	}
	counted := seriesOf(failed).since(w.request)
	if last := counted.pause(w.clock.Now()); last != nil {
		return true, &exhaustedError{
			reason: v1alpha1.ReasonSurveyFailed, subject: "the survey of " + w.Day.Format(time.DateOnly), last: last, retry: w.retryCommand,
			check: "the state of analytics at Genesys Cloud, and spec.retry.surveyDeadline",
		}
	}
	if !counted.begins() {
		return true, nil
	}
	return false, w.store.Remove(ctx, folder)
}

// endFailed ends the recorded job if it is one of those that have failed.
func (w *surveyWork) endFailed(ctx context.Context, failed []artifacts.FailedJob) error {
	running, err := artifacts.Get[artifacts.AnalyticsJob](ctx, w.store, artifacts.JobKey(w.Pass, w.Day))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range failed {
		if f.Job == running.Job {
			return w.endOwnJob(ctx)
		}
	}
	return nil
}

// seriesOf are the failures of jobs.
func seriesOf(failed []artifacts.FailedJob) series {
	all := make(series, len(failed))
	for i, f := range failed {
		all[i] = failure{at: f.At, what: fmt.Sprintf("analytics job %s", f.Job.ID), why: f.Why, request: f.Request}
	}
	return all
}
