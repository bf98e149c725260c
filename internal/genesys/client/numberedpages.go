package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// numberedPageSize is the largest page that is requested of a listing whose pages are
	// numbered. Genesys Cloud documents 100 as the limit of some of them. Half of it, and
	// half of that, divide it.
	numberedPageSize = 100
	// maxNumberedPage bounds a page, in bytes. An orphaned recording is a few kilobytes, a
	// bulk job of 1,000 conversations 100.
	maxNumberedPage = 64 << 20
)

// numberedListing is a listing of the Platform API whose pages are numbered, so that an entry
// that appears or vanishes between two pages may be listed twice or not at all.
type numberedListing[T any] struct {
	op, path string
	query    url.Values
	// sizes is what is known of how large the pages may be.
	sizes *pageSize
	// read reads one entry.
	read func(*json.Decoder) (T, error)
}

// numberedPage is a page of such a listing.
type numberedPage[T any] struct {
	entries []T
	// total is how many entries there are in all, next how many to skip for the following
	// page; 0 if it was not said and if there is none.
	total, next int
}

// page reads the page that begins after skip entries, which is a multiple of 25, so that it is
// the beginning of a page whichever size is known when. A page that is refused, or cut, for its
// size is requested again, smaller (see [Pages]).
func (l numberedListing[T]) page(ctx context.Context, c *Client, skip int) (numberedPage[T], error) {
	if skip < 0 || skip%leastPage != 0 {
		return numberedPage[T]{}, invalid(l.op, "no page starts after %d entries", skip)
	}
	most := numberedPageSize
	for skip%most != 0 {
		most /= 2
	}
	return paged(l.sizes, most, func(size int) (numberedPage[T], error) { return l.pageOf(ctx, c, skip, size) })
}

// pageOf reads a page of a certain size.
func (l numberedListing[T]) pageOf(ctx context.Context, c *Client, skip, size int) (numberedPage[T], error) {
	query := url.Values{"pageSize": {strconv.Itoa(size)}, "pageNumber": {strconv.Itoa(skip/size + 1)}}
	for name, values := range l.query {
		query[name] = values
	}
	var body numberedBody[T]
	got, err := c.fetch(ctx, l.op, route{
		path: l.path, timeout: pageTimeout, limit: maxNumberedPage, query: query,
		consume: func(from io.Reader) (err error) {
			body, err = readNumbered(from, l.read)
			return err
		},
	})
	if err == nil {
		err = got.expect(l.op, http.StatusOK)
	}
	if err != nil {
		return numberedPage[T]{}, err
	}
	if body.PageSize > 0 && body.PageSize < size {
		return numberedPage[T]{}, &genesys.Error{
			Op: l.op, Kind: genesys.KindMalformed, Status: got.status, CorrelationID: got.correlationID(), Err: errPageCut,
		}
	}
	more, err := body.continues(skip, size)
	if err != nil {
		return numberedPage[T]{}, failure(l.op, got, err)
	}
	page := numberedPage[T]{entries: body.entries, total: body.Total}
	if more {
		page.next = skip + size
	}
	return page, nil
}

// numberedBody is what entity listings have in common in the Platform API, for example
// OrphanRecordingListing and RecordingJobEntityListing.
type numberedBody[T any] struct {
	entries                                []T
	PageSize, PageNumber, PageCount, Total int
	NextURI                                string
}

// continues reports whether there is another page behind this one, by whatever the listing
// says: where it is, how many pages or how many entries there are; or, if it says none of
// this, by whether the page is full.
func (b numberedBody[T]) continues(skip, size int) (bool, error) {
	number, n := skip/size+1, len(b.entries)
	more := b.NextURI != "" || b.PageCount > number || b.Total > skip+n
	switch {
	case b.PageNumber != 0 && b.PageNumber != number:
		return false, malformed("page %d, want page %d", b.PageNumber, number)
	case n > size:
		return false, malformed("a page of %d entries, at most %d were requested", n, size)
	case n == 0 && more:
		return false, malformed("a page without entries, although there are more")
	case b.NextURI == "" && b.PageCount == 0 && b.Total == 0:
		return n == size, nil
	default:
		return more, nil
	}
}

// readNumbered decodes a page while it comes. A page that names no list of entries is not
// taken for one without.
func readNumbered[T any](from io.Reader, read func(*json.Decoder) (T, error)) (numberedBody[T], error) {
	var body numberedBody[T]
	in := json.NewDecoder(from)
	listed := false
	err := eachField(in, func(name string) error {
		switch name {
		case "entities":
			listed = true
			return eachElement(in, func() error {
				entry, err := read(in)
				if err == nil {
					body.entries = append(body.entries, entry)
				}
				return err
			})
		case "pageSize":
			return in.Decode(&body.PageSize)
		case "pageNumber":
			return in.Decode(&body.PageNumber)
		case "pageCount":
			return in.Decode(&body.PageCount)
		case "total":
			return in.Decode(&body.Total)
		case "nextUri":
			return in.Decode(&body.NextURI)
		default:
			return skip(in)
		}
	})
	if err == nil && !listed {
		err = errors.New("a page without data")
	}
	return body, err
}
