package client

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// DataAvailability tells up to when analytics know everything that happened.
func (c *Client) DataAvailability(ctx context.Context) (time.Time, error) {
	const op = "read data availability"
	var body struct {
		DataAvailabilityDate instant `json:"dataAvailabilityDate"`
	}
	got, err := c.askObject(ctx, op, &body, func(sdk *platformclientv2.Configuration) error {
		_, _, err := platformclientv2.NewAnalyticsApiWithConfig(sdk).GetAnalyticsConversationsDetailsJobsAvailability()
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	if body.DataAvailabilityDate.IsZero() {
		return time.Time{}, got.lacking(op, "dataAvailabilityDate")
	}
	return body.DataAvailabilityDate.Time, nil
}

// StartSurvey starts an analytics job that lists, ordered by start, the
// conversations of a query, and returns the job's id. Those that started before
// the interval and reach into it are among them. Asked twice, it starts two jobs.
// timeout bounds the whole exchange, but not the wait for the budget.
func (c *Client) StartSurvey(ctx context.Context, query genesys.SurveyQuery, timeout time.Duration) (string, error) {
	const op = "start survey"
	if !query.From.Before(query.To) {
		return "", invalid(op, "the interval is empty")
	}
	if err := checkTimeout(op, timeout); err != nil {
		return "", err
	}
	var body struct {
		JobID string `json:"jobId"`
	}
	got, err := c.fetchObject(ctx, op, route{
		method: http.MethodPost, path: "/api/v2/analytics/conversations/details/jobs", timeout: timeout,
		send: surveyBodyOf(query),
	}, &body)
	if err != nil {
		return "", err
	}
	return got.jobID(op, body.JobID)
}

// interval is [from, to) as analytics want it: in UTC and whole milliseconds,
// never shorter than asked.
func interval(from, to time.Time) string {
	to = to.Add(time.Millisecond - time.Nanosecond)
	return from.UTC().Format(dateForm) + "/" + to.UTC().Format(dateForm)
}

// readInterval reads what interval wrote, also with another spelling of its dates. Both are
// zero if it cannot.
func readInterval(text string) (from, to time.Time) {
	first, second, _ := strings.Cut(text, "/")
	from, begins := parseZoneless(first)
	to, ends := parseZoneless(second)
	if !begins || !ends {
		return time.Time{}, time.Time{}
	}
	return from, to
}

// parseZoneless reads a date that may lack a zone, as the Platform API documents those of
// intervals.
func parseZoneless(text string) (time.Time, bool) {
	if at, ok := genesys.ParseDate(text); ok {
		return at, true
	}
	return genesys.ParseDate(text + "Z")
}

// dateForm is how the Platform API wants dates of UTC: in whole milliseconds.
const dateForm = "2006-01-02T15:04:05.000Z"

// SurveyState tells how far a survey is.
func (c *Client) SurveyState(ctx context.Context, jobID string) (genesys.JobState, error) {
	if err := checkIDs(opSurveyState, jobID); err != nil {
		return "", err
	}
	var body struct {
		State genesys.JobState `json:"state"`
	}
	got, err := c.askObject(ctx, opSurveyState, &body, func(sdk *platformclientv2.Configuration) error {
		_, _, err := platformclientv2.NewAnalyticsApiWithConfig(sdk).GetAnalyticsConversationsDetailsJob(jobID)
		return err
	})
	if err != nil {
		return "", err
	}
	if body.State == "" {
		return "", got.lacking(opSurveyState, "state")
	}
	return body.State, nil
}

// EndSurvey deletes a survey and its results. That there is none any more is
// success.
func (c *Client) EndSurvey(ctx context.Context, jobID string) error {
	if err := checkIDs(opEndSurvey, jobID); err != nil {
		return err
	}
	got, err := c.ask(ctx, opEndSurvey, func(sdk *platformclientv2.Configuration) error {
		_, err := platformclientv2.NewAnalyticsApiWithConfig(sdk).DeleteAnalyticsConversationsDetailsJob(jobID)
		return err
	})
	if genesys.KindOf(err) == genesys.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return got.expect(opEndSurvey, http.StatusNoContent, http.StatusOK, http.StatusAccepted)
}
