package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// LookUp returns, with their facts, those of some conversations that Genesys Cloud knows, in
// any order and whenever they were. Ids that it does not know are left out, and so may
// conversations be that are too old for this query: a survey lists those. timeout bounds the
// whole exchange, but not the wait for the budget.
func (c *Client) LookUp(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]genesys.Conversation, error) {
	const op = opLookUp
	if n := len(conversationIDs); n == 0 || n > genesys.MaxLookUp {
		return nil, invalid(op, "%d conversations, 1 to %d are possible", n, genesys.MaxLookUp)
	}
	if err := checkIDs(op, conversationIDs...); err != nil {
		return nil, err
	}
	if err := checkTimeout(op, timeout); err != nil {
		return nil, err
	}
	var found []genesys.Conversation
	got, err := c.fetch(ctx, op, route{
		path:    "/api/v2/analytics/conversations/details",
		query:   url.Values{"id": {strings.Join(conversationIDs, ",")}},
		timeout: timeout,
		limit:   maxPage,
		consume: func(body io.Reader) (err error) {
			found, err = readLookUp(body)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return found, got.expect(op, http.StatusOK)
}

// readLookUp decodes an answer while it comes. One without conversations says that none of
// them is known.
func readLookUp(from io.Reader) (found []genesys.Conversation, err error) {
	in := json.NewDecoder(from)
	err = eachField(in, func(name string) error {
		if name != "conversations" {
			return skip(in)
		}
		return eachElement(in, func() error {
			c, err := readConversationWithFacts(in)
			found = append(found, c)
			return err
		})
	})
	return found, err
}
