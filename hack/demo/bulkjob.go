package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/dustin/go-humanize/english"
)

// bulkJob is what the Platform API says of a bulk job.
type bulkJob struct {
	ID                 string          `json:"id"`
	State              string          `json:"state"`
	ErrorMessage       string          `json:"errorMessage"`
	TotalConversations int             `json:"totalConversations"`
	TotalRecordings    int             `json:"totalRecordings"`
	PercentProgress    int             `json:"percentProgress"`
	Query              json.RawMessage `json:"recordingJobsQuery"`
}

// showBulkJob exports the whole day with one bulk job, by plain HTTP, as the
// documentation of the Platform API says.
func showBulkJob(ctx context.Context, c cloud) (bulkJob, error) {
	var job bulkJob
	token, err := c.login(ctx)
	if err != nil {
		return job, err
	}
	var dataset struct {
		S3Integration string `json:"s3Integration"`
	}
	if err := c.look(ctx, "/_simulator/dataset", &dataset); err != nil {
		return job, err
	}
	query := fmt.Sprintf(`{"action": "EXPORT", "actionDate": "2023-10-03T00:00:00Z", "integrationId": %q,`+
		` "includeScreenRecordings": true, "conversationQuery": {"interval": "2023-10-01T00:00:00Z/2023-10-02T00:00:00Z"}}`, dataset.S3Integration)
	fmt.Printf("POST /api/v2/recording/jobs\n     %s\n", query)
	if err := c.call(ctx, token, http.MethodPost, "/api/v2/recording/jobs", query, &job); err != nil {
		return job, err
	}
	if job, err = await(ctx, c, token, job, "READY"); err != nil {
		return job, err
	}
	fmt.Printf("PUT  /api/v2/recording/jobs/%s {\"state\": \"PROCESSING\"}\n", job.ID)
	if err := c.call(ctx, token, http.MethodPut, "/api/v2/recording/jobs/"+job.ID, `{"state": "PROCESSING"}`, &job); err != nil {
		return job, err
	}
	if job, err = await(ctx, c, token, job, "FAILED"); err != nil {
		return job, err
	}
	fmt.Printf("\nThe job has ended: %s\n  %s\nNot one of %d recordings was exported.\n", job.State, job.ErrorMessage, job.TotalRecordings)
	return job, explainBefore(ctx, c, job.TotalRecordings)
}

// explainBefore says why the operator will export fewer recordings than the bulk job
// has found: the job's interval includes conversations that began before it.
func explainBefore(ctx context.Context, c cloud, found int) error {
	all, err := conversations(ctx, c)
	if err != nil {
		return err
	}
	before, recordings := 0, 0
	for _, conversation := range all {
		if conversation.Start.Before(day) {
			before++
			recordings += len(conversation.Recordings)
		}
	}
	if before > 0 {
		fmt.Printf("%d of them are of %s that began the day before. The operator counts a conversation\nto the day on which it began, so it exports the other %d.\n",
			recordings, english.Plural(before, "conversation", ""), found-recordings)
	}
	return nil
}

// await polls the job until it is in a state.
func await(ctx context.Context, c cloud, token string, job bulkJob, state string) (bulkJob, error) {
	for shown := ""; ; {
		if err := c.call(ctx, token, http.MethodGet, "/api/v2/recording/jobs/"+job.ID, "", &job); err != nil {
			return job, err
		}
		if job.State != shown {
			fmt.Printf("GET  /api/v2/recording/jobs/%s -> %s, %d recordings, %d %%\n", job.ID, job.State, job.TotalRecordings, job.PercentProgress)
			shown = job.State
		}
		if job.State == state {
			return job, nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return job, ctx.Err()
		}
	}
}
