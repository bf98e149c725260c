package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

type surveyor interface {
	DataAvailability(ctx context.Context) (time.Time, error)
	StartSurvey(ctx context.Context, query genesys.SurveyQuery, timeout time.Duration) (genesys.Ticket, error)
	LookUp(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]genesys.Conversation, error)
	SurveyState(ctx context.Context, job genesys.Ticket) (genesys.JobState, error)
	SurveyPage(ctx context.Context, job genesys.Ticket, cursor string, facts bool) (genesys.SurveyPage, error)
	EndSurvey(ctx context.Context, job genesys.Ticket) error
}

type holdChecker interface {
	Protected(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]string, error)
}

// surveyWork surveys one UTC day, and takes what it finds into the plan.
type surveyWork struct {
	planner
	cloud     Cloud
	retrier   transfer.Retrier
	intervals Intervals
	plan.DueSurvey
	// timeout is how long it may take to start the analytics job.
	timeout time.Duration
	scope   genesys.Scope
	// named is what is known of the conversations that the scope names, if it names any.
	named map[string]artifacts.NamedConversation
	// entry is the number of the plan's next entry.
	entry        int
	settleAfter  time.Duration
	openDeadline time.Duration
	// deadline is how long an analytics job is polled, as the spec says now.
	deadline func() time.Duration
	// request is the last retry request, and retryCommand what a person runs to make one.
	request, retryCommand string
}

// unsettledDeadline is how long Genesys Cloud's own data may be late before a
// person is to look. Usually it takes hours.
const unsettledDeadline = 24 * time.Hour

// unsettledError tells that Genesys Cloud's own data do not reach far enough: to
// available instead of until, an instant that has passed now.
type unsettledError struct{ until, available, now time.Time }

func (e *unsettledError) Error() string {
	return fmt.Sprintf("analytics data are complete up to %s, and are needed up to %s", words.Time(e.available), words.Time(e.until))
}

// Outcome is to wait, and unsettledDeadline after the data were due a person is to
// look. The survey is still retried.
func (e *unsettledError) Outcome() outcome.Outcome {
	late := e.until.Add(unsettledDeadline)
	if e.now.Before(late) {
		return outcome.Wait(v1alpha1.ReasonAnalyticsBehind, fmt.Sprintf(
			"Genesys Cloud is behind: %v; reported as Stalled at %s", e, words.Time(late)), 0)
	}
	return outcome.Stall(v1alpha1.ReasonAnalyticsBehind, fmt.Sprintf(
		"analytics have been behind since %s: ask Genesys Cloud's support why; the operator keeps retrying: %v", words.Time(e.until), e), 0)
}

// surveyDay continues from whatever artifacts there are: the survey, then the plan.
func (w *surveyWork) surveyDay(ctx context.Context, try transfer.Try) error {
	w.timeout = genesys.Timeout(try.Failures)
	done, err := artifacts.Exists(ctx, w.store, artifacts.SurveyKey(w.Pass, w.Day))
	if err == nil && !done {
		err = w.queryConversations(ctx)
	}
	if err != nil {
		return err
	}
	if err := w.endOwnJob(ctx); err != nil {
		return err
	}
	survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(w.Pass, w.Day))
	if err != nil {
		return err
	}
	return w.appendEntry(ctx, w.entry, plan.Entry{Surveyed: w.surveyedEntry(survey)})
}

// surveyedEntry counts what a survey found.
func (w *surveyWork) surveyedEntry(survey artifacts.Survey) *plan.Surveyed {
	_, to := plan.DayInWindow(w.spec, w.Day)
	s := plan.Surveyed{
		Day: w.Day, Pass: survey.Pass, Purpose: survey.Purpose, To: to,
		Open: int64(len(survey.Open)), Refused: int64(len(survey.Refused)), Deferred: int64(len(survey.Deferred)),
		Reopened: int64(len(survey.Reopened)), AskAgain: w.nextQueryTime(survey), OutOfScope: int64(len(survey.OutOfScope)),
		NotFound: int64(len(survey.NotFound)), Outside: int64(len(survey.Outside)),
	}
	s.Conversations = int64(len(survey.Conversations)) + s.OutOfScope + s.NotFound + s.Outside + s.Open + s.Refused - s.Reopened
	for _, c := range survey.Conversations {
		if c.Held {
			s.Held++
		}
		if !w.spec.Scope.Takes(c.Held) {
			s.Excluded++
		}
	}
	return &s
}

// queryConversations surveys the day.
func (w *surveyWork) queryConversations(ctx context.Context) error {
	if len(w.scope.Conversations) > 0 {
		return w.queryNamed(ctx)
	}
	failed, err := w.checkFailedJobs(ctx)
	if err != nil {
		return err
	}
	from, to := plan.DayInWindow(w.spec, w.Day)
	available, err := w.cloud.DataAvailability(ctx)
	if err != nil {
		return err
	}
	if until := to.Add(w.settleAfter); available.Before(until) {
		return &unsettledError{until, available, w.clock.Now()}
	}
	found, job, err := w.askAnalytics(ctx, genesys.SurveyQuery{From: from, To: to, Scope: w.scope})
	if err != nil {
		return err
	}
	survey, err := w.classify(ctx, found)
	if err != nil {
		return err
	}
	survey.JobID = job.ID
	if _, err = artifacts.Put(ctx, w.store, artifacts.SurveyKey(w.Pass, w.Day), survey); err != nil || !failed {
		return err
	}
	return w.store.Remove(ctx, artifacts.FailedJobFolder(w.Pass, w.Day))
}

// askAnalytics has an analytics job answer a query. One that gives no answer is ended.
func (w *surveyWork) askAnalytics(ctx context.Context, query genesys.SurveyQuery) ([]genesys.Conversation, genesys.Ticket, error) {
	job, err := w.currentJob(ctx, query)
	if err != nil {
		return nil, job, err
	}
	found, err := w.fetchConversations(ctx, job, query)
	var broken *brokenJobError
	if errors.As(err, &broken) {
		err = w.abandonJob(ctx, job, broken)
	}
	return found, job, err
}

// fetchConversations waits for the job's answer, and reads it.
func (w *surveyWork) fetchConversations(ctx context.Context, job genesys.Ticket, query genesys.SurveyQuery) ([]genesys.Conversation, error) {
	if err := w.awaitJob(ctx, job); err != nil {
		return nil, err
	}
	all := newResults(w.spec.Start, query.From, query.To)
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := transfer.Retry(ctx, w.retrier, func(int) (genesys.SurveyPage, error) {
			return w.cloud.SurveyPage(ctx, job, cursor, !w.scope.IsZero())
		})
		if err == nil {
			err = all.addResults(cursor, page)
		}
		if err != nil {
			return nil, err
		}
		cursor = page.Next
	}
	return all.found, nil
}

// currentJob returns the analytics job of the day, which it starts if there is none. One
// that cannot be recorded, or that another process was quicker with, is ended,
// however long that takes: nobody else knows of it.
func (w *surveyWork) currentJob(ctx context.Context, query genesys.SurveyQuery) (genesys.Ticket, error) {
	key := artifacts.JobKey(w.Pass, w.Day)
	known, err := artifacts.Get[artifacts.AnalyticsJob](ctx, w.store, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return known.Job, err
	}
	job, err := w.cloud.StartSurvey(ctx, query, w.timeout)
	if err != nil {
		return genesys.Ticket{}, withoutParticipants(err, w.scope)
	}
	stored, err := artifacts.Put(ctx, w.store, key, artifacts.AnalyticsJob{Stamp: w.stamp(), Job: job})
	if err != nil || stored.Job != job {
		err = errors.Join(err, w.retrier.RetryUntilDone(ctx, func() error { return w.cloud.EndSurvey(context.WithoutCancel(ctx), job) }))
	}
	return stored.Job, err
}

// awaitJob polls the job until its answer is there. A job that has ended without one is
// removed, so that the next attempt starts another. It is a brokenJobError if the job
// neither ends nor fails while it is polled for the deadline; only the waits between
// polls that were answered count.
func (w *surveyWork) awaitJob(ctx context.Context, job genesys.Ticket) error {
	waited := time.Duration(0)
	for delay := w.intervals.FirstPoll; ; delay = min(2*delay, w.intervals.LastPoll) {
		state, err := w.jobState(ctx, job)
		kind := genesys.KindOf(err)
		gone := kind == genesys.KindNotFound || kind == genesys.KindOrphaned
		switch {
		case err != nil && !gone:
			return err
		case gone, state == genesys.JobFailed, state == genesys.JobCancelled, state == genesys.JobExpired:
			return errors.Join(w.transient("analytics job %s ended without an answer: %s", job.ID, state), w.endOwnJob(ctx))
		case state == genesys.JobFulfilled:
			return nil
		}
		left := w.deadline() - waited
		if left <= 0 {
			return &brokenJobError{fmt.Sprintf("it was polled for %s and was still %s (surveyDeadline)", words.Duration(waited), state)}
		}
		delay = min(delay, left)
		if err := transfer.Wait(ctx, w.clock, delay); err != nil {
			return err
		}
		waited += delay
	}
}

// jobState polls the job. A poll that fails for a moment is repeated: it must not begin
// the wait again.
func (w *surveyWork) jobState(ctx context.Context, job genesys.Ticket) (state genesys.JobState, err error) {
	err = w.retrier.RetryUntilDone(ctx, func() error {
		state, err = w.cloud.SurveyState(ctx, job)
		return err
	})
	return state, err
}

// transient returns an error that ends the attempt; the next attempt starts another job.
func (w *surveyWork) transient(format string, arguments ...any) error {
	return &genesys.Error{Op: "survey " + w.Day.Format(time.DateOnly), Kind: genesys.KindTransient, Message: fmt.Sprintf(format, arguments...)}
}

// endOwnJob ends the survey's analytics job.
func (w *surveyWork) endOwnJob(ctx context.Context) error {
	return endJob(ctx, w.store, w.cloud, artifacts.JobKey(w.Pass, w.Day))
}

// jobEnder ends analytics jobs.
type jobEnder interface {
	EndSurvey(ctx context.Context, job genesys.Ticket) error
}

// endJob ends the analytics job noted under key, if there is one.
func endJob(ctx context.Context, store archive.Store, cloud jobEnder, key string) error {
	job, err := artifacts.Get[artifacts.AnalyticsJob](ctx, store, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = cloud.EndSurvey(ctx, job.Job)
	}
	if err != nil {
		return err
	}
	return store.Remove(ctx, key)
}
