package client

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// maxProtected is how many conversations one call of Protected may name.
const maxProtected = 100

// Protected tells which of at most 100 conversations are under legal hold (the
// Platform API calls it deletion protection), in the order and spelling in
// which they were asked about. An answer that names another conversation is
// malformed. One conversation that Genesys Cloud does not know makes the error
// KindNotFound for all of them. timeout bounds the whole exchange, but not the
// wait for the budget.
func (c *Client) Protected(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]string, error) {
	const op = "read deletion protection"
	if len(conversationIDs) == 0 {
		return nil, nil
	}
	if len(conversationIDs) > maxProtected {
		return nil, invalid(op, "%d conversations, %d at most", len(conversationIDs), maxProtected)
	}
	if err := checkIDs(op, conversationIDs...); err != nil {
		return nil, err
	}
	if err := checkTimeout(op, timeout); err != nil {
		return nil, err
	}
	got, err := c.fetch(ctx, op, route{
		method: http.MethodPost, path: "/api/v2/recordings/deletionprotection", timeout: timeout,
		send: protectionQuery{conversationIDs},
	})
	if err != nil {
		return nil, err
	}
	if err := got.expect(op, http.StatusOK); err != nil {
		return nil, err
	}
	return protectedOf(op, got, conversationIDs)
}

// protectionQuery is ConversationDeletionProtectionQuery in the Platform API.
type protectionQuery struct {
	ConversationIDs []string `json:"conversationIds"`
}

// protectedOf reads which of the conversations asked about are protected.
func protectedOf(op string, got answer, asked []string) ([]string, error) {
	var body []struct {
		ID string `json:"id"`
	}
	if err := got.list(op, &body); err != nil {
		return nil, err
	}
	held := make(map[string]bool, len(body))
	for _, conversation := range body {
		held[strings.ToLower(conversation.ID)] = true
	}
	var protected []string
	for _, id := range asked {
		key := strings.ToLower(id)
		if held[key] {
			protected = append(protected, id)
			held[key] = false // once, however often it was asked about
		}
	}
	for id, unasked := range held {
		if unasked {
			return nil, failure(op, got, malformed("%q was not in the query", clean(id, maxWord)))
		}
	}
	return protected, nil
}
