package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Without bulk jobs nobody asks about them.

func (c *fakeCloud) BulkJob(context.Context, string) (genesys.BulkJob, error) {
	return genesys.BulkJob{}, &genesys.Error{Op: "read bulk job", Kind: genesys.KindNotFound}
}

func (c *fakeCloud) OwnBulkJobs(context.Context, string, int) (genesys.BulkJobPage, error) {
	return genesys.BulkJobPage{}, nil
}

func (c *fakeCloud) BulkJobs(context.Context, genesys.BulkState, int) (genesys.BulkJobPage, error) {
	return genesys.BulkJobPage{}, nil
}

func (c *fakeCloud) CancelBulkJob(context.Context, genesys.Ticket) error { return nil }

func (c *fakeCloud) Integrations(context.Context, int) (genesys.IntegrationPage, error) {
	return genesys.IntegrationPage{}, nil
}
