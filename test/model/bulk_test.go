package model

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// The model has one OAuth client. None of its exports has bulk jobs.

func (c *cloud) BulkClient() (string, error) { return credentials.ClientID, nil }

func (c *cloud) SubmitBulkJob(ctx context.Context, _ string, query genesys.BulkQuery, timeout time.Duration) (genesys.BulkJob, error) {
	return c.Client.SubmitBulkJob(ctx, query, timeout)
}

func (c *cloud) OwnBulkJobs(ctx context.Context, _ string, skip int) (genesys.BulkJobPage, error) {
	return c.Client.BulkJobs(ctx, genesys.BulkJobFilter{Own: true}, skip)
}

func (c *cloud) BulkJobs(ctx context.Context, state genesys.BulkState, skip int) (genesys.BulkJobPage, error) {
	return c.Client.BulkJobs(ctx, genesys.BulkJobFilter{State: state}, skip)
}

func (c *cloud) ExecuteBulkJob(ctx context.Context, job genesys.Ticket) (genesys.BulkJob, error) {
	return c.Client.ExecuteBulkJob(ctx, job.ID)
}

func (c *cloud) CancelBulkJob(ctx context.Context, job genesys.Ticket) error {
	return c.Client.CancelBulkJob(ctx, job.ID)
}
