package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	bulkJobsPath = "/api/v2/recording/jobs"
	// bulkTimeout is how long the answer to a short call about a bulk job may take.
	bulkTimeout = time.Minute
)

// SubmitBulkJob creates a bulk job, which looks for the recordings and then waits to be
// executed. There is no idempotency key: each call may create another job. So it is sent once,
// and after an error that leaves open whether it took effect, look for the job (BulkJobs) and
// do not submit it again. timeout bounds the whole exchange, but not the wait for the budget.
//
// It took no effect if the error is KindThrottled, KindOverloaded, KindUnauthorized,
// KindForbidden, KindNotFound or KindInvalid. With which of these Genesys Cloud refuses a
// third job is not documented: whether there are two already tells BulkJobs.
func (c *Client) SubmitBulkJob(ctx context.Context, query genesys.BulkQuery, timeout time.Duration) (genesys.BulkJob, error) {
	const op = "submit bulk job"
	if err := checkTimeout(op, timeout); err != nil {
		return genesys.BulkJob{}, err
	}
	if err := checkBulkQuery(op, query); err != nil {
		return genesys.BulkJob{}, err
	}
	return c.bulkJob(ctx, op, route{method: http.MethodPost, path: bulkJobsPath, timeout: timeout, send: bodyOf(query)})
}

// BulkJob tells the state of a bulk job.
func (c *Client) BulkJob(ctx context.Context, jobID string) (genesys.BulkJob, error) {
	if err := checkIDs(opBulkJob, jobID); err != nil {
		return genesys.BulkJob{}, err
	}
	return c.bulkJob(ctx, opBulkJob, route{path: bulkJobsPath + "/" + jobID, timeout: bulkTimeout})
}

// ExecuteBulkJob has a bulk job that is READY export its recordings. Only the OAuth client that
// created it may. After an error that leaves open whether it took effect, read the job's state.
func (c *Client) ExecuteBulkJob(ctx context.Context, jobID string) (genesys.BulkJob, error) {
	if err := checkIDs(opExecuteBulkJob, jobID); err != nil {
		return genesys.BulkJob{}, err
	}
	return c.bulkJob(ctx, opExecuteBulkJob, route{
		method: http.MethodPut, path: bulkJobsPath + "/" + jobID, timeout: bulkTimeout,
		send: struct {
			State genesys.BulkState `json:"state"`
		}{genesys.BulkProcessing},
	})
}

// CancelBulkJob cancels a bulk job, whatever its state. Genesys Cloud lists it anyway. It
// is not an error if there is no such job.
func (c *Client) CancelBulkJob(ctx context.Context, jobID string) error {
	if err := checkIDs(opCancelBulkJob, jobID); err != nil {
		return err
	}
	got, err := c.fetch(ctx, opCancelBulkJob, route{method: http.MethodDelete, path: bulkJobsPath + "/" + jobID, timeout: bulkTimeout})
	if genesys.KindOf(err) == genesys.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return got.expect(opCancelBulkJob, http.StatusNoContent, http.StatusOK, http.StatusAccepted)
}

// BulkJobs reads a page of the organisation's bulk jobs, sorted by the time of their creation, of up
// to 100: whether the latest comes first is not documented. Jobs that delete or archive recordings are
// among them, because they count against the limit of two, unless the filter leaves out those of
// others. skip is 0 for the first page; each page names the next one's (Next). Jobs that have ended are
// among them. Pages are those of Orphans.
func (c *Client) BulkJobs(ctx context.Context, filter genesys.BulkJobFilter, skip int) (genesys.BulkJobPage, error) {
	query := url.Values{"sortBy": {"dateCreated"}, "includeTotal": {"true"}}
	if filter.State != "" {
		query.Set("state", string(filter.State))
	}
	if filter.Own {
		query.Set("showOnlyMyJobs", "true")
		query.Set("jobType", genesys.BulkExport)
	}
	page, err := numberedListing[genesys.BulkJob]{
		op: opBulkJobs, path: bulkJobsPath, query: query, sizes: &c.pages.bulkJobs, read: readBulkJob,
	}.page(ctx, c, skip)
	return genesys.BulkJobPage{Jobs: page.entries, Total: page.total, Next: page.next}, err
}

// FailedRecordings reads a page of the recordings that a bulk job could not export, of up to
// 100. Pages are those of Orphans.
func (c *Client) FailedRecordings(ctx context.Context, jobID string, skip int) (genesys.FailedRecordingPage, error) {
	if err := checkIDs(opFailedRecordings, jobID); err != nil {
		return genesys.FailedRecordingPage{}, err
	}
	page, err := numberedListing[genesys.RecordingRef]{
		op: opFailedRecordings, path: bulkJobsPath + "/" + jobID + "/failedrecordings", query: url.Values{"includeTotal": {"true"}},
		sizes: &c.pages.failedRecordings, read: readFailedRecording,
	}.page(ctx, c, skip)
	return genesys.FailedRecordingPage{Recordings: page.entries, Total: page.total, Next: page.next}, err
}

// bulkJob makes a call that is answered with a bulk job.
func (c *Client) bulkJob(ctx context.Context, op string, r route) (genesys.BulkJob, error) {
	var body bulkJobBody
	got, err := c.fetchObject(ctx, op, r, &body)
	if err != nil {
		return genesys.BulkJob{}, err
	}
	if body.State == "" {
		return genesys.BulkJob{}, got.lacking(op, "state")
	}
	job := body.job()
	job.ID, err = got.jobID(op, job.ID)
	return job, err
}

// bulkJobBody is RecordingJob in the Platform API, as far as it is used.
type bulkJobBody struct {
	ID    string `json:"id"`
	State string `json:"state"`
	// Query is decoded by itself: a job of somebody else may have any.
	Query         json.RawMessage `json:"recordingJobsQuery"`
	Created       received        `json:"dateCreated"`
	Error         string          `json:"errorMessage"`
	Conversations int             `json:"totalConversations"`
	Recordings    int             `json:"totalRecordings"`
	Skipped       int             `json:"totalSkippedRecordings"`
	Failed        int             `json:"totalFailedRecordings"`
	Processed     int             `json:"totalProcessedRecordings"`
	Percent       int             `json:"percentProgress"`
	User          struct {
		ID string `json:"id"`
	} `json:"user"`
}

func (b bulkJobBody) job() genesys.BulkJob {
	var query bulkQueryBody
	_ = json.Unmarshal(b.Query, &query) // fields of a wrong type stay empty
	job := genesys.BulkJob{
		ID: strings.Clone(cut(b.ID, maxWord)), State: genesys.BulkState(clean(b.State, maxWord)), UserID: strings.Clone(cut(b.User.ID, maxWord)),
		Action: clean(query.Action, maxWord), Query: query.query(), Error: clean(b.Error, maxMessage),
		Totals: genesys.BulkTotals{
			Conversations: b.Conversations, Recordings: b.Recordings, Skipped: b.Skipped, Failed: b.Failed, Processed: b.Processed, Percent: b.Percent,
		},
	}
	job.Created, _ = genesys.ParseDate(string(b.Created))
	return job
}

// readBulkJob decodes one job of a listing.
func readBulkJob(in *json.Decoder) (genesys.BulkJob, error) {
	var body bulkJobBody
	if err := in.Decode(&body); err != nil {
		return genesys.BulkJob{}, err
	}
	if body.ID == "" || body.State == "" {
		return genesys.BulkJob{}, errors.New("a bulk job without id or state")
	}
	return body.job(), nil
}

// readFailedRecording decodes one recording that a job could not export.
func readFailedRecording(in *json.Decoder) (genesys.RecordingRef, error) {
	var body struct {
		Conversation struct {
			ID string `json:"id"`
		} `json:"conversation"`
		Recording struct {
			ID string `json:"id"`
		} `json:"recording"`
	}
	if err := in.Decode(&body); err != nil {
		return genesys.RecordingRef{}, err
	}
	if body.Conversation.ID == "" || body.Recording.ID == "" {
		return genesys.RecordingRef{}, errors.New("a failed recording without conversation or id")
	}
	return genesys.RecordingRef{ConversationID: cut(body.Conversation.ID, maxWord), RecordingID: cut(body.Recording.ID, maxWord)}, nil
}
