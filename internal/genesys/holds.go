package genesys

import (
	"context"
	"errors"
	"slices"
)

// MaxHoldQuery is the most conversations that one deletion-protection query
// may name (Platform API).
const MaxHoldQuery = 100

// maxBlindHalves is how many queries may fail in one chunk before any is answered:
// then single conversations are not the cause of failing queries.
const maxBlindHalves = 8

// Holds are the legal holds of some conversations, as far as they could be determined.
type Holds struct {
	// Held are those that are under legal hold.
	Held []string
	// Unknown are those for which a query failed while it succeeded for others.
	Unknown []UnknownHold
}

// UnknownHold is a conversation whose legal hold could not be determined.
type UnknownHold struct {
	ConversationID string `json:"conversationId"`
	// Why is the error of the last query about it.
	Why string `json:"why"`
}

// HoldQuery asks which of at most MaxHoldQuery conversations are under legal hold.
// retry is true if a failed query is to be retried; it is false for a part of a
// query that has just failed, which is cut in halves instead.
type HoldQuery func(ctx context.Context, conversationIDs []string, retry bool) ([]string, error)

// AskHolds asks which of the conversations are under legal hold, at most MaxHoldQuery
// at a time. The Platform API does not say whether one conversation spoils the answer
// for the others; if a query fails it is halved until that one stands alone. One that
// Genesys Cloud does not know counts as not held. The error is one that concerns all
// conversations: so it is if there is no answer about any of a chunk, unless this is
// the last attempt and each of them was queried alone.
func AskHolds(ctx context.Context, ask HoldQuery, ids []string, last bool) (Holds, error) {
	var all Holds
	for chunk := range slices.Chunk(ids, MaxHoldQuery) {
		if err := all.ask(ctx, ask, chunk, last); err != nil {
			return Holds{}, err
		}
	}
	return all, nil
}

// ask asks about a chunk, the larger parts first.
func (h *Holds) ask(ctx context.Context, ask HoldQuery, chunk []string, last bool) error {
	misses, answered := 0, false
	var unknown []UnknownHold
	var why error
	for parts := [][]string{chunk}; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		whole := len(part) == len(chunk)
		found, err := ask(ctx, part, whole || len(part) == 1)
		switch {
		case err == nil:
			answered = true
			h.Held = append(h.Held, found...)
		case !AboutItem(err): // a query for fewer conversations would fail as well
			return err
		case len(part) > 1:
			if misses++; !answered && misses > maxBlindHalves {
				return err
			}
			middle := len(part) / 2
			parts = append(parts, part[:middle], part[middle:])
		case unknownConversation(err):
			answered = true
		default:
			unknown, why = append(unknown, UnknownHold{part[0], err.Error()}), err
		}
	}
	if alone := len(unknown) == len(chunk); !answered && (!last || !alone) {
		return why
	}
	h.Unknown = append(h.Unknown, unknown...)
	return nil
}

// unknownConversation tells whether Genesys Cloud says that it does not know the
// conversation: then it has no recording, and nothing is held.
func unknownConversation(err error) bool {
	var e *Error
	return errors.As(err, &e) &&
		(e.Code == "recording.conversation.not.found" || e.Code == "recording.conversation.id.not.uuid")
}
