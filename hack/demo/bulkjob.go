package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
)

// The simulator's OAuth client.
const (
	clientID     = "4f1c7a52-7d0e-4b67-9b0e-2c5d1f0a8e31"
	clientSecret = "simulator-secret"
)

// bulkJob is what the Platform API says of a bulk job.
type bulkJob struct {
	ID              string `json:"id"`
	State           string `json:"state"`
	ErrorMessage    string `json:"errorMessage"`
	TotalRecordings int    `json:"totalRecordings"`
	PercentProgress int    `json:"percentProgress"`
}

// showBulkJob exports the whole day with one bulk job, by plain HTTP, as the
// documentation of the Platform API says.
func showBulkJob(ctx context.Context) error {
	token, err := login(ctx)
	if err != nil {
		return err
	}
	var dataset struct {
		S3Integration string `json:"s3Integration"`
	}
	if err := get(ctx, "/_simulator/dataset", &dataset); err != nil {
		return err
	}
	query := fmt.Sprintf(`{"action": "EXPORT", "actionDate": "2023-10-03T00:00:00Z", "integrationId": %q,`+
		` "includeScreenRecordings": true, "conversationQuery": {"interval": "2023-10-01T00:00:00Z/2023-10-02T00:00:00Z"}}`, dataset.S3Integration)
	var job bulkJob
	fmt.Printf("POST /api/v2/recording/jobs\n     %s\n", query)
	if err := call(ctx, token, http.MethodPost, "/api/v2/recording/jobs", query, &job); err != nil {
		return err
	}
	if job, err = await(ctx, token, job, "READY"); err != nil {
		return err
	}
	fmt.Printf("PUT  /api/v2/recording/jobs/%s {\"state\": \"PROCESSING\"}\n", job.ID)
	if err := call(ctx, token, http.MethodPut, "/api/v2/recording/jobs/"+job.ID, `{"state": "PROCESSING"}`, &job); err != nil {
		return err
	}
	if job, err = await(ctx, token, job, "FAILED"); err != nil {
		return err
	}
	fmt.Printf("\nThe job has ended: %s\n  %s\nNot one of %d recordings was exported.\n", job.State, job.ErrorMessage, job.TotalRecordings)
	return explainBefore(ctx, job.TotalRecordings)
}

// explainBefore says why the operator will export fewer recordings than the bulk job
// has found: the job's interval includes conversations that began before it.
func explainBefore(ctx context.Context, found int) error {
	all, err := conversations(ctx)
	if err != nil {
		return err
	}
	before, recordings := 0, 0
	for _, c := range all {
		if c.Start.Before(day) {
			before++
			recordings += len(c.Recordings)
		}
	}
	if before > 0 {
		fmt.Printf("%d of them are of %s that began the day before. The operator counts a conversation\nto the day on which it began, so it exports the other %d.\n",
			recordings, english.Plural(before, "conversation", ""), found-recordings)
	}
	return nil
}

// await polls the job until it is in a state.
func await(ctx context.Context, token string, job bulkJob, state string) (bulkJob, error) {
	for shown := ""; ; {
		if err := call(ctx, token, http.MethodGet, "/api/v2/recording/jobs/"+job.ID, "", &job); err != nil {
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

func login(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(clientID, clientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	return answer.AccessToken, send(request, &answer)
}

func call(ctx context.Context, token, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	return send(request, into)
}

func get(ctx context.Context, path string, into any) error {
	return call(ctx, "", http.MethodGet, path, "", into)
}

func send(request *http.Request, into any) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", request.Method, request.URL.Path, response.Status, body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}
