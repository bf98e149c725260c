package client

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// maxBatch is how many recordings a batch request can ask for.
	maxBatch = 100
	// statusTimeout is how long it may take to learn how far a batch request is.
	// The longest answer is half a megabyte; there is no reason to wait longer,
	// because the next poll asks for the same soon.
	statusTimeout = time.Minute
)

// RequestBatch asks Genesys Cloud to make at most 100 recordings ready for
// download, and returns the id of the request. Only this OAuth client can ask
// how far it is. To ask for the same recordings again does no harm. timeout bounds
// the whole exchange, but not the wait for the budget.
func (c *Client) RequestBatch(ctx context.Context, refs []genesys.RecordingRef, timeout time.Duration) (string, error) {
	const op = "request recordings"
	if err := checkTimeout(op, timeout); err != nil {
		return "", err
	}
	if len(refs) == 0 || len(refs) > maxBatch {
		return "", invalid(op, "%d recordings, 1 to %d are possible", len(refs), maxBatch)
	}
	submission := batchSubmission{List: make([]batchItem, len(refs))}
	for i, ref := range refs {
		if err := checkIDs(op, ref.ConversationID, ref.RecordingID); err != nil {
			return "", err
		}
		submission.List[i] = batchItem(ref)
	}
	var body struct {
		ID string `json:"id"`
	}
	got, err := c.fetchObject(ctx, op, route{
		method: http.MethodPost, path: "/api/v2/recording/batchrequests", timeout: timeout, send: submission,
	}, &body)
	if err != nil {
		return "", err
	}
	return got.jobID(op, body.ID)
}

// BatchStatus tells how far a batch request is. Results that are neither ready
// nor failed are left out. Signed URLs live for 60 minutes, in some
// organisations for two only.
func (c *Client) BatchStatus(ctx context.Context, requestID string) (genesys.BatchStatus, error) {
	const op = "read batch request"
	if err := checkIDs(op, requestID); err != nil {
		return genesys.BatchStatus{}, err
	}
	var body batchBody
	_, err := c.fetchObject(ctx, op, route{path: "/api/v2/recording/batchrequests/" + requestID, timeout: statusTimeout}, &body)
	if err != nil {
		return genesys.BatchStatus{}, err
	}
	return body.status(), nil
}

// batchSubmission is BatchDownloadJobSubmission in the Platform API.
type batchSubmission struct {
	List []batchItem `json:"batchDownloadRequestList"`
}

// batchItem is BatchDownloadRequest in the Platform API.
type batchItem struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
}

// unreadable stands for an error of which nothing can be shown.
const unreadable = "an error without words"

// batchBody is BatchDownloadJobStatusResult in the Platform API.
type batchBody struct {
	ExpectedResultCount int `json:"expectedResultCount"`
	Results             []struct {
		ConversationID string `json:"conversationId"`
		RecordingID    string `json:"recordingId"`
		ResultURL      string `json:"resultUrl"`
		ContentType    string `json:"contentType"`
		ErrorMsg       string `json:"errorMsg"`
	} `json:"results"`
}

func (b batchBody) status() genesys.BatchStatus {
	status := genesys.BatchStatus{Expected: b.ExpectedResultCount}
	for _, r := range b.Results {
		if r.ResultURL == "" && r.ErrorMsg == "" {
			continue
		}
		result := genesys.BatchResult{
			RecordingRef: genesys.RecordingRef{ConversationID: r.ConversationID, RecordingID: r.RecordingID},
			ContentType:  clean(r.ContentType, maxWord),
		}
		// A result with an error is not downloaded, whatever else it has.
		if r.ErrorMsg == "" {
			result.URL = genesys.NewSignedURL(r.ResultURL)
		} else {
			result.Error = cmp.Or(clean(r.ErrorMsg, maxMessage), unreadable)
		}
		status.Results = append(status.Results, result)
	}
	return status
}
