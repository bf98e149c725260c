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
	// retainedPageSize is the most that Genesys Cloud gives at once (Platform API).
	retainedPageSize = 500
	// maxRetainedPage bounds a page, in bytes. One of 500 recordings is about 200 KB.
	maxRetainedPage = 16 << 20
)

// Retained reads a page of the enumeration of all recordings that the
// organisation has retained for more than a number of days, of up to 500
// recordings. The first page's cursor is empty, each page names the next one's.
//
// A page that is refused for its size is requested again, smaller (see [Pages]).
//
// Where the next page is stands in an address, of which nothing but the cursor
// is used: the address itself is never asked.
func (c *Client) Retained(ctx context.Context, days int, cursor string) (genesys.RetainedPage, error) {
	const op = "enumerate retained recordings"
	if days < 1 {
		return genesys.RetainedPage{}, invalid(op, "%d is not a number of days", days)
	}
	return paged(&c.pages.retained, retainedPageSize, func(size int) (genesys.RetainedPage, error) {
		query := pageQuery(cursor, size)
		query.Set("retentionThresholdDays", strconv.Itoa(days))
		return c.retainedPage(ctx, op, query)
	})
}

func (c *Client) retainedPage(ctx context.Context, op string, query url.Values) (genesys.RetainedPage, error) {
	var page genesys.RetainedPage
	got, err := c.fetch(ctx, op, route{
		path: "/api/v2/recordings/retention/query", query: query, timeout: pageTimeout, limit: maxRetainedPage,
		consume: func(body io.Reader) (err error) {
			page, err = readRetained(body)
			return err
		},
	})
	if err != nil {
		return genesys.RetainedPage{}, err
	}
	if page.Next != "" && page.Next == query.Get("cursor") {
		return genesys.RetainedPage{}, failure(op, got, malformed("a page that names itself as the next page"))
	}
	return page, got.expect(op, http.StatusOK)
}

// readRetained decodes a page while it comes. A page without recordings may
// leave them out, but one that names neither recordings nor where the next page
// is says nothing, and is not taken for one without.
func readRetained(from io.Reader) (genesys.RetainedPage, error) {
	var page genesys.RetainedPage
	in := json.NewDecoder(from)
	saysSomething := false
	err := eachField(in, func(name string) error {
		switch name {
		case "entities":
			saysSomething = true
			return eachElement(in, func() error { return readRecording(in, &page) })
		case "nextUri":
			var address *string
			err := in.Decode(&address)
			if err == nil && address != nil && *address != "" {
				saysSomething = true
				page.Next, err = cursorOf(*address)
			}
			return err
		default:
			return skip(in)
		}
	})
	if err == nil && !saysSomething {
		err = errors.New("a page without data")
	}
	return page, err
}

// readRecording decodes one recording's ids and time.
func readRecording(in *json.Decoder, page *genesys.RetainedPage) error {
	var body struct {
		ConversationID string  `json:"conversationId"`
		RecordingID    string  `json:"recordingId"`
		Created        instant `json:"creationTime"`
	}
	if err := in.Decode(&body); err != nil {
		return err
	}
	if body.ConversationID == "" || body.RecordingID == "" || body.Created.IsZero() {
		return errors.New("a recording without conversation, id or time of creation")
	}
	if err := checkLength(body.ConversationID, body.RecordingID); err != nil {
		return err
	}
	page.Recordings = append(page.Recordings, genesys.Retained{
		RecordingRef: genesys.RecordingRef{ConversationID: body.ConversationID, RecordingID: body.RecordingID},
		Created:      body.Created.Time,
	})
	return nil
}

// cursorOf takes the cursor out of the address of the next page. An address
// without one is not taken for the end.
func cursorOf(address string) (string, error) {
	at, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the next page's address is not a URL") // err contains it
	}
	query, err := url.ParseQuery(at.RawQuery)
	if err != nil || query.Get("cursor") == "" {
		return "", errors.New("the next page's address has no cursor")
	}
	return query.Get("cursor"), nil
}
