package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// orphanPageSize is the largest page of orphans that is requested. Genesys
	// Cloud does not document its limit; 100 is the limit of most of its listings.
	// Half of it, and half of that, divide it.
	orphanPageSize = 100
	// maxOrphanPage bounds a page, in bytes. An orphan with all that may be known of
	// its recording is a few kilobytes.
	maxOrphanPage = 64 << 20
)

// Orphans reads a page of all recordings that belong to no conversation, of up to
// 100. skip is 0 for the first page; each page names the next one's (Next). Pages
// are numbered at Genesys Cloud, so that one that appears or vanishes between two
// pages may be listed twice or not at all.
//
// A page that is refused, or cut, for its size is requested again, smaller (see
// [Pages]). skip is a multiple of 25, so that it is the beginning of a page
// whichever size is known when.
func (c *Client) Orphans(ctx context.Context, skip int) (genesys.OrphanPage, error) {
	const op = opOrphans
	if skip < 0 || skip%leastPage != 0 {
		return genesys.OrphanPage{}, invalid(op, "no page begins after %d recordings", skip)
	}
	most := orphanPageSize
	for skip%most != 0 {
		most /= 2
	}
	return paged(&c.pages.orphans, most, func(size int) (genesys.OrphanPage, error) {
		return c.orphanPage(ctx, op, skip, size)
	})
}

func (c *Client) orphanPage(ctx context.Context, op string, skip, size int) (genesys.OrphanPage, error) {
	var listing orphanListing
	got, err := c.fetch(ctx, op, route{
		path: "/api/v2/orphanrecordings", timeout: pageTimeout, limit: maxOrphanPage,
		query: url.Values{"pageSize": {strconv.Itoa(size)}, "pageNumber": {strconv.Itoa(skip/size + 1)}},
		consume: func(body io.Reader) (err error) {
			listing, err = readOrphans(body)
			return err
		},
	})
	if err == nil {
		err = got.expect(op, http.StatusOK)
	}
	if err != nil {
		return genesys.OrphanPage{}, err
	}
	if listing.PageSize > 0 && listing.PageSize < size {
		return genesys.OrphanPage{}, &genesys.Error{
			Op: op, Kind: genesys.KindMalformed, Status: got.status, CorrelationID: got.correlationID(), Err: errPageCut,
		}
	}
	more, err := listing.continues(skip, size)
	if err != nil {
		return genesys.OrphanPage{}, failure(op, got, err)
	}
	page := genesys.OrphanPage{Orphans: listing.orphans, Total: listing.Total}
	if more {
		page.Next = skip + size
	}
	return page, nil
}

// orphanListing is OrphanRecordingListing in the Platform API.
type orphanListing struct {
	orphans                                []genesys.Orphan
	PageSize, PageNumber, PageCount, Total int
	NextURI                                string
}

// continues reports whether there is another page behind this one, by whatever the
// listing says of it: where it is, how many pages or how many orphans there are;
// or, if it says none of this, by whether the page is full.
func (l orphanListing) continues(skip, size int) (bool, error) {
	number, n := skip/size+1, len(l.orphans)
	more := l.NextURI != "" || l.PageCount > number || l.Total > skip+n
	switch {
	case l.PageNumber != 0 && l.PageNumber != number:
		return false, malformed("page %d, asked for page %d", l.PageNumber, number)
	case n > size:
		return false, malformed("a page of %d recordings, asked for %d", n, size)
	case n == 0 && more:
		return false, malformed("a page without recordings, although there are more")
	case l.NextURI == "" && l.PageCount == 0 && l.Total == 0:
		return n == size, nil
	default:
		return more, nil
	}
}

// readOrphans decodes a page while it comes. A page that names no list of
// recordings is not taken for one without.
func readOrphans(from io.Reader) (orphanListing, error) {
	var listing orphanListing
	in := json.NewDecoder(from)
	listed := false
	err := eachField(in, func(name string) error {
		switch name {
		case "entities":
			listed = true
			return eachElement(in, func() error { return readOrphan(in, &listing) })
		case "pageSize":
			return in.Decode(&listing.PageSize)
		case "pageNumber":
			return in.Decode(&listing.PageNumber)
		case "pageCount":
			return in.Decode(&listing.PageCount)
		case "total":
			return in.Decode(&listing.Total)
		case "nextUri":
			return in.Decode(&listing.NextURI)
		default:
			return skip(in)
		}
	})
	if err == nil && !listed {
		err = errors.New("a page that says nothing")
	}
	return listing, err
}

// readOrphan decodes one orphan. Nothing but its id has to be there: one of which
// little is known is listed all the same.
func readOrphan(in *json.Decoder, listing *orphanListing) error {
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
		return err
	}
	if body.ID == "" {
		return errors.New("an orphaned recording without id")
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
	listing.orphans = append(listing.orphans, orphan)
	return nil
}
