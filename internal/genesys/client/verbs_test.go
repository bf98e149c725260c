package client

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// verb is a call of the client whose answer does not matter.
type verb struct {
	route string
	good  string // a body that it takes
	call  func(context.Context, *Client) error
}

// verbs are all calls that carry a token.
var verbs = map[string]verb{
	"WhoAmI": {routeMe, `{"organization":{"id":"o"}}`, func(ctx context.Context, c *Client) error {
		_, err := c.WhoAmI(ctx)
		return err
	}},
	"DataAvailability": {routeAvailability, `{"dataAvailabilityDate":"2026-01-02T00:00:00.000Z"}`, func(ctx context.Context, c *Client) error {
		_, err := c.DataAvailability(ctx)
		return err
	}},
	"LookUp": {routeLookUp, `{"conversations":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.LookUp(ctx, []string{conversationA}, time.Minute)
		return err
	}},
	"StartSurvey": {routeJobs, `{"jobId":"` + jobA + `"}`, func(ctx context.Context, c *Client) error {
		_, err := c.StartSurvey(ctx, genesys.SurveyQuery{From: time.Unix(0, 0), To: time.Unix(60, 0)}, time.Minute)
		return err
	}},
	"SurveyState": {routeJob, `{"state":"QUEUED"}`, func(ctx context.Context, c *Client) error {
		_, err := c.SurveyState(ctx, jobA)
		return err
	}},
	"SurveyPage": {routePage, `{"conversations":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.SurveyPage(ctx, jobA, "", false)
		return err
	}},
	"Retained": {routeRetained, `{"entities":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.Retained(ctx, 1, "")
		return err
	}},
	"Orphans": {routeOrphans, `{"entities":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.Orphans(ctx, 0)
		return err
	}},
	"Protected": {routeProtection, `[]`, func(ctx context.Context, c *Client) error {
		_, err := c.Protected(ctx, []string{conversationA}, time.Minute)
		return err
	}},
	"RecordingMetadata": {routeMetadata, `[]`, func(ctx context.Context, c *Client) error {
		_, err := c.RecordingMetadata(ctx, conversationA, time.Minute)
		return err
	}},
	"Restore": {routeRestore, `{"id":"` + recordingA + `","fileState":"RESTORING"}`, func(ctx context.Context, c *Client) error {
		return c.Restore(ctx, genesys.RecordingRef{ConversationID: conversationA, RecordingID: recordingA}, genesys.Retention{}, time.Unix(0, 0), time.Minute)
	}},
	"RequestBatch": {routeBatches, `{"id":"` + jobA + `"}`, func(ctx context.Context, c *Client) error {
		_, err := c.RequestBatch(ctx, []genesys.RecordingRef{{ConversationID: conversationA, RecordingID: recordingA}}, time.Minute)
		return err
	}},
	"BatchStatus": {routeBatch, `{"expectedResultCount":0}`, func(ctx context.Context, c *Client) error {
		_, err := c.BatchStatus(ctx, jobA)
		return err
	}},
	"SubmitBulkJob": {routeBulkSubmit, `{"id":"` + jobA + `","state":"PENDING"}`, func(ctx context.Context, c *Client) error {
		_, err := c.SubmitBulkJob(ctx, bulkQuery(conversationA), time.Minute)
		return err
	}},
	"BulkJob": {routeBulkJob, `{"id":"` + jobA + `","state":"READY"}`, func(ctx context.Context, c *Client) error {
		_, err := c.BulkJob(ctx, jobA)
		return err
	}},
	"ExecuteBulkJob": {routeBulkExecute, `{"id":"` + jobA + `","state":"PROCESSING"}`, func(ctx context.Context, c *Client) error {
		_, err := c.ExecuteBulkJob(ctx, jobA)
		return err
	}},
	"CancelBulkJob": {routeBulkCancel, ``, func(ctx context.Context, c *Client) error {
		return c.CancelBulkJob(ctx, jobA)
	}},
	"BulkJobs": {routeBulkJobs, `{"entities":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.BulkJobs(ctx, genesys.BulkJobFilter{}, 0)
		return err
	}},
	"FailedRecordings": {routeBulkFailed, `{"entities":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.FailedRecordings(ctx, jobA, 0)
		return err
	}},
	"Integrations": {routeIntegrations, `{"entities":[]}`, func(ctx context.Context, c *Client) error {
		_, err := c.Integrations(ctx, 0)
		return err
	}},
	"EndSurvey": {routeDeleteJob, ``, func(ctx context.Context, c *Client) error {
		return c.EndSurvey(ctx, jobA)
	}},
}

// verbsWithBody are those that need something of the answer.
func verbsWithBody() map[string]verb {
	some := map[string]verb{}
	for name, v := range verbs {
		if v.good != "" {
			some[name] = v
		}
	}
	return some
}
