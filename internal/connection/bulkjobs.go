package connection

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
)

// BulkClient returns the id of the OAuth client that is best used for the next bulk job. It is
// chosen before the job is created, so that it can be recorded: only that client lists the job as
// its own, and may execute it.
func (c *Cloud) BulkClient() (string, error) {
	best := c.clients.choose(nil)
	if best == nil {
		return "", errNoClient
	}
	return best.credentials.ClientID, nil
}

// SubmitBulkJob creates a bulk job with an OAuth client, see [client.Client.SubmitBulkJob]. It took no
// effect if the error is KindOrphaned, either.
func (c *Cloud) SubmitBulkJob(ctx context.Context, clientID string, query genesys.BulkQuery, timeout time.Duration) (genesys.BulkJob, error) {
	return follow(c, "submit bulk job", genesys.Ticket{ClientID: clientID}, func(as *client.Client) (genesys.BulkJob, error) {
		return as.SubmitBulkJob(ctx, query, timeout)
	})
}

// OwnBulkJobs reads a page of the bulk jobs of an OAuth client.
func (c *Cloud) OwnBulkJobs(ctx context.Context, clientID string, skip int) (genesys.BulkJobPage, error) {
	return follow(c, "list bulk jobs", genesys.Ticket{ClientID: clientID}, func(as *client.Client) (genesys.BulkJobPage, error) {
		return as.BulkJobs(ctx, genesys.BulkJobFilter{Own: true}, skip)
	})
}

// BulkJobs reads a page of the organisation's bulk jobs in a state.
func (c *Cloud) BulkJobs(ctx context.Context, state genesys.BulkState, skip int) (genesys.BulkJobPage, error) {
	return ask(c, func(as *client.Client) (genesys.BulkJobPage, error) {
		return as.BulkJobs(ctx, genesys.BulkJobFilter{State: state}, skip)
	})
}

// BulkJob tells the state of a bulk job.
func (c *Cloud) BulkJob(ctx context.Context, jobID string) (genesys.BulkJob, error) {
	return ask(c, func(as *client.Client) (genesys.BulkJob, error) { return as.BulkJob(ctx, jobID) })
}

// ExecuteBulkJob has a bulk job that is READY export its recordings.
func (c *Cloud) ExecuteBulkJob(ctx context.Context, job genesys.Ticket) (genesys.BulkJob, error) {
	return follow(c, "execute bulk job", job, func(as *client.Client) (genesys.BulkJob, error) { return as.ExecuteBulkJob(ctx, job.ID) })
}

// CancelBulkJob cancels a bulk job. If the OAuth client that created it is inactive, another one
// cancels it: whether it may is not documented.
func (c *Cloud) CancelBulkJob(ctx context.Context, job genesys.Ticket) error {
	cancel := func(as *client.Client) (struct{}, error) { return struct{}{}, as.CancelBulkJob(ctx, job.ID) }
	_, err := follow(c, "cancel bulk job", job, cancel)
	if genesys.KindOf(err) == genesys.KindOrphaned {
		_, err = ask(c, cancel)
	}
	return err
}

// FailedRecordings reads a page of the recordings that a bulk job could not export.
func (c *Cloud) FailedRecordings(ctx context.Context, jobID string, skip int) (genesys.FailedRecordingPage, error) {
	return ask(c, func(as *client.Client) (genesys.FailedRecordingPage, error) {
		return as.FailedRecordings(ctx, jobID, skip)
	})
}

// Integrations reads a page of the organisation's integrations.
func (c *Cloud) Integrations(ctx context.Context, skip int) (genesys.IntegrationPage, error) {
	return ask(c, func(as *client.Client) (genesys.IntegrationPage, error) { return as.Integrations(ctx, skip) })
}
