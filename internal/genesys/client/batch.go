package client

import (
	"cmp"
	"context"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// maxBatch is how many recordings a batch request can ask for.
const maxBatch = 100

// RequestBatch asks Genesys Cloud to make at most 100 recordings ready for
// download, and returns the id of the request. Only this OAuth client can ask
// how far it is. To ask for the same recordings again does no harm.
func (c *Client) RequestBatch(ctx context.Context, refs []genesys.RecordingRef) (string, error) {
	const op = "request recordings"
	if len(refs) == 0 || len(refs) > maxBatch {
		return "", invalid(op, "%d recordings, 1 to %d are possible", len(refs), maxBatch)
	}
	list := make([]platformclientv2.Batchdownloadrequest, len(refs))
	for i := range refs {
		if err := checkIDs(op, refs[i].ConversationID, refs[i].RecordingID); err != nil {
			return "", err
		}
		list[i].ConversationId, list[i].RecordingId = &refs[i].ConversationID, &refs[i].RecordingID
	}
	var body struct {
		ID string `json:"id"`
	}
	got, err := c.askObject(ctx, op, &body, func(sdk *platformclientv2.Configuration) error {
		submission := platformclientv2.Batchdownloadjobsubmission{BatchDownloadRequestList: &list}
		_, _, err := platformclientv2.NewRecordingApiWithConfig(sdk).PostRecordingBatchrequests(submission)
		return err
	})
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
	_, err := c.askObject(ctx, op, &body, func(sdk *platformclientv2.Configuration) error {
		_, _, err := platformclientv2.NewRecordingApiWithConfig(sdk).GetRecordingBatchrequest(requestID)
		return err
	})
	if err != nil {
		return genesys.BatchStatus{}, err
	}
	return body.status(), nil
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
