package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type surveyor interface {
	DataAvailability(ctx context.Context) (time.Time, error)
	StartSurvey(ctx context.Context, from, to time.Time) (genesys.Ticket, error)
	SurveyState(ctx context.Context, job genesys.Ticket) (genesys.JobState, error)
	SurveyPage(ctx context.Context, job genesys.Ticket, cursor string) (genesys.SurveyPage, error)
	EndSurvey(ctx context.Context, job genesys.Ticket) error
}

type holdChecker interface {
	Protected(ctx context.Context, conversationIDs []string) ([]string, error)
}

// surveyWork surveys one UTC day, and takes what it finds into the plan.
type surveyWork struct {
	planner
	cloud Cloud
	again transfer.Again
	clock clock.Clock
	pace  Pace
	question
	// entry is the number of the plan's next entry.
	entry        int
	settleAfter  time.Duration
	openDeadline time.Duration
}

// unsettledError tells that Genesys Cloud's own data does not reach far enough.
type unsettledError struct{ until, available time.Time }

func (e *unsettledError) Error() string {
	return fmt.Sprintf("analytics data reach to %s, are needed to %s",
		e.available.UTC().Format(time.RFC3339), e.until.UTC().Format(time.RFC3339))
}

// Outcome is to wait: the data will come.
func (e *unsettledError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonAwaitingSettlement, "Genesys Cloud is behind: "+e.Error(), 0)
}

// run goes on from whatever artifacts there are: the survey, then the plan.
func (w *surveyWork) run(ctx context.Context, _ int) error {
	done, err := artifacts.Exists(ctx, w.store, artifacts.SurveyKey(w.pass, w.day))
	if err == nil && !done {
		err = w.ask(ctx)
	}
	if err != nil {
		return err
	}
	if err := endJob(ctx, w.store, w.cloud, artifacts.JobKey(w.pass, w.day)); err != nil {
		return err
	}
	survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(w.pass, w.day))
	if err != nil {
		return err
	}
	return w.enter(ctx, w.entry, artifacts.Entry{Surveyed: w.account(survey)})
}

// account counts what a survey found.
func (w *surveyWork) account(survey artifacts.Survey) *artifacts.Surveyed {
	_, to := span(w.spec, w.day)
	s := artifacts.Surveyed{
		Day: w.day, Pass: survey.Pass, Purpose: survey.Purpose, To: to,
		Open: int64(len(survey.Open)), Refused: int64(len(survey.Refused)), Deferred: int64(len(survey.Deferred)),
		Reopened: int64(len(survey.Reopened)), AskAgain: w.askAgain(survey),
	}
	s.Conversations = int64(len(survey.Conversations)) + s.Open + s.Refused - s.Reopened
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

// ask surveys the day.
func (w *surveyWork) ask(ctx context.Context) error {
	from, to := span(w.spec, w.day)
	available, err := w.cloud.DataAvailability(ctx)
	if err != nil {
		return err
	}
	if until := to.Add(w.settleAfter); available.Before(until) {
		return &unsettledError{until, available}
	}
	job, err := w.job(ctx, from, to)
	if err != nil {
		return err
	}
	if err := w.await(ctx, job); err != nil {
		return err
	}
	found, err := w.pages(ctx, job)
	if err != nil {
		return err
	}
	survey, err := w.sort(ctx, found)
	if err != nil {
		return err
	}
	survey.JobID = job.ID
	_, err = artifacts.Put(ctx, w.store, artifacts.SurveyKey(w.pass, w.day), survey)
	return err
}

// job returns the analytics job of the day, which it starts if there is none. One
// that cannot be noted down, or that another process was quicker with, is ended,
// however long that takes: nobody else knows of it.
func (w *surveyWork) job(ctx context.Context, from, to time.Time) (genesys.Ticket, error) {
	key := artifacts.JobKey(w.pass, w.day)
	known, err := artifacts.Get[artifacts.AnalyticsJob](ctx, w.store, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return known.Job, err
	}
	job, err := w.cloud.StartSurvey(ctx, from, to)
	if err != nil {
		return genesys.Ticket{}, err
	}
	stored, err := artifacts.Put(ctx, w.store, key, artifacts.AnalyticsJob{Stamp: w.stamp(), Job: job})
	if err != nil || stored.Job != job {
		err = errors.Join(err, w.again.Insist(ctx, func() error { return w.cloud.EndSurvey(context.WithoutCancel(ctx), job) }))
	}
	return stored.Job, err
}

// await polls the job until its answer is there. A job that will never have one
// is ended, so that the next attempt starts another.
func (w *surveyWork) await(ctx context.Context, job genesys.Ticket) error {
	for delay := w.pace.FirstPoll; ; delay = min(2*delay, w.pace.LastPoll) {
		state, err := w.cloud.SurveyState(ctx, job)
		if err == nil && state == genesys.JobFulfilled {
			return nil
		}
		kind := genesys.KindOf(err)
		gone := kind == genesys.KindNotFound || kind == genesys.KindOrphaned
		if err != nil && !gone {
			return err
		}
		if gone || state == genesys.JobFailed || state == genesys.JobCancelled || state == genesys.JobExpired {
			return errors.Join(
				&genesys.Error{Op: "survey " + w.day.Format(time.DateOnly), Kind: genesys.KindTransient, Message: fmt.Sprintf("analytics job %s ended without an answer: %s", job.ID, state)},
				endJob(ctx, w.store, w.cloud, artifacts.JobKey(w.pass, w.day)))
		}
		if err := transfer.Wait(ctx, w.clock, delay); err != nil {
			return err
		}
	}
}

// pages reads the job's answer: every conversation, once, that started in the
// window's part of the day. Others that merely overlap it belong elsewhere; those
// from before the window are returned with its first day.
func (w *surveyWork) pages(ctx context.Context, job genesys.Ticket) ([]genesys.Conversation, error) {
	from, to := span(w.spec, w.day)
	var found []genesys.Conversation
	seen := map[string]bool{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := transfer.Ask(ctx, w.again, func() (genesys.SurveyPage, error) { return w.cloud.SurveyPage(ctx, job, cursor) })
		if err != nil {
			return nil, err
		}
		for _, c := range page.Conversations {
			if seen[c.ID] || c.Start.Before(from) && from.After(w.spec.Start) || !c.Start.Before(to) {
				continue
			}
			seen[c.ID] = true
			found = append(found, c)
		}
		cursor = page.Next
	}
	return found, nil
}

// endJob ends the analytics job noted under key, if there is one.
func endJob(ctx context.Context, store archive.Store, cloud interface {
	EndSurvey(ctx context.Context, job genesys.Ticket) error
}, key string) error {
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
