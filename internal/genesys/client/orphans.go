package client

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Orphans reads a page of all recordings that belong to no conversation, of up to
// 100. skip is 0 for the first page; each page names the next one's (Next). Pages
// are numbered at Genesys Cloud, so that one that appears or vanishes between two
// pages may be listed twice or not at all.
//
// A page that is refused, or cut, for its size is requested again, smaller (see
// [Pages]).
func (c *Client) Orphans(ctx context.Context, skip int) (genesys.OrphanPage, error) {
	page, err := numberedListing[genesys.Orphan]{
		op: opOrphans, path: "/api/v2/orphanrecordings", sizes: &c.pages.orphans, read: readOrphan,
	}.page(ctx, c, skip)
	return genesys.OrphanPage{Orphans: page.entries, Total: page.total, Next: page.next}, err
}

// readOrphan decodes one orphan. Nothing but its id has to be there: one of which
// little is known is still listed.
func readOrphan(in *json.Decoder) (genesys.Orphan, error) {
	var body struct {
		ID        string            `json:"id"`
		Created   received          `json:"createdTime"`
		Media     string            `json:"mediaType"`
		Subtype   string            `json:"mediaSubtype"`
		Size      *int64            `json:"mediaSizeBytes"`
		FileState genesys.FileState `json:"fileState"`
		Status    string            `json:"orphanStatus"`
		Recording struct {
			ConversationID string `json:"conversationId"`
		} `json:"recording"`
	}
	if err := in.Decode(&body); err != nil {
		return genesys.Orphan{}, err
	}
	if body.ID == "" {
		return genesys.Orphan{}, errors.New("an orphaned recording without id")
	}
	orphan := genesys.Orphan{
		ID: strings.Clone(cut(body.ID, maxWord)), ConversationID: strings.Clone(cut(body.Recording.ConversationID, maxWord)), Size: -1,
		Medium: genesys.MediumOf(body.Media, body.Subtype), MediaAsReceived: clean(body.Media, maxWord),
		FileState: genesys.FileState(clean(string(body.FileState), maxWord)), Status: clean(body.Status, maxWord),
	}
	orphan.Created, _ = genesys.ParseDate(string(body.Created))
	if body.Size != nil && *body.Size >= 0 {
		orphan.Size = *body.Size
	}
	return orphan, nil
}
