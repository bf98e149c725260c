package client

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// maxMetadata bounds the metadata of one conversation, in bytes: a recording's are
// about one kilobyte.
const maxMetadata = 16 << 20

// RecordingMetadata tells which recordings a conversation has; none is an
// answer too. Conversations with screen recordings under legal hold may take
// long: timeout bounds the whole exchange, but not the waiting for the budget.
func (c *Client) RecordingMetadata(ctx context.Context, conversationID string, timeout time.Duration) (genesys.Metadata, error) {
	const op = "read recording metadata"
	if err := checkIDs(op, conversationID); err != nil {
		return genesys.Metadata{}, err
	}
	if err := checkTimeout(op, timeout); err != nil {
		return genesys.Metadata{}, err
	}
	got, err := c.fetch(ctx, op, route{
		path:    "/api/v2/conversations/" + conversationID + "/recordingmetadata",
		timeout: timeout,
		limit:   maxMetadata,
	})
	if err != nil {
		return genesys.Metadata{}, err
	}
	if err := got.expect(op, http.StatusOK); err != nil {
		return genesys.Metadata{}, err
	}
	return metadataOf(op, got)
}

func metadataOf(op string, got answer) (genesys.Metadata, error) {
	var body []struct {
		ID           string            `json:"id"`
		Media        string            `json:"media"`
		MediaSubtype string            `json:"mediaSubtype"`
		FileState    genesys.FileState `json:"fileState"`
		Restorations *int              `json:"remainingRestorationsAllowedForOrg"`
		retentionBody
	}
	if err := got.list(op, &body); err != nil {
		return genesys.Metadata{}, err
	}
	metadata := genesys.Metadata{Body: got.body, CorrelationID: got.correlationID()}
	for _, r := range body {
		if r.ID == "" {
			return genesys.Metadata{}, got.lacking(op, "recording id")
		}
		if r.Restorations != nil && (metadata.RestorationsLeft == nil || *r.Restorations < *metadata.RestorationsLeft) {
			metadata.RestorationsLeft = r.Restorations
		}
		metadata.Recordings = append(metadata.Recordings, genesys.Recording{
			ID:              r.ID,
			Medium:          genesys.MediumOf(r.Media, r.MediaSubtype),
			FileState:       r.FileState,
			MediaAsReceived: clean(cmp.Or(r.Media, r.MediaSubtype), maxWord),
			Retention:       r.retention(),
		})
	}
	return metadata, nil
}

// retentionBody is the dates of a RecordingMetadata. They come as they are: what
// is sent back must be what was received.
type retentionBody struct {
	ArchiveDate   received `json:"archiveDate"`
	ArchiveMedium received `json:"archiveMedium"`
	DeleteDate    received `json:"deleteDate"`
	ExportDate    received `json:"exportDate"`
	ExportedDate  received `json:"exportedDate"`
}

func (b retentionBody) retention() genesys.Retention {
	return genesys.Retention{
		ArchiveDate: string(b.ArchiveDate), ArchiveMedium: string(b.ArchiveMedium), DeleteDate: string(b.DeleteDate),
		ExportDate: string(b.ExportDate), ExportedDate: string(b.ExportedDate),
	}
}
