package genesys

import (
	"context"
	"errors"
	"slices"
)

// MaxHoldQuery is the most conversations that one deletion-protection query
// may name (Platform API).
const MaxHoldQuery = 100

// Held returns which of the conversations are under legal hold, asking about at
// most MaxHoldQuery at a time. The Platform API does not say whether one
// conversation that it does not know spoils the answer for the others; if it
// does, the query is halved until that one stands alone, and counts as not held.
func Held(ctx context.Context, ask func(context.Context, []string) ([]string, error), ids []string) ([]string, error) {
	var held []string
	for chunk := range slices.Chunk(ids, MaxHoldQuery) {
		found, err := heldAmong(ctx, ask, chunk)
		if err != nil {
			return nil, err
		}
		held = append(held, found...)
	}
	return held, nil
}

func heldAmong(ctx context.Context, ask func(context.Context, []string) ([]string, error), ids []string) ([]string, error) {
	found, err := ask(ctx, ids)
	if !spoilt(err) {
		return found, err
	}
	if len(ids) == 1 {
		return nil, nil
	}
	first, err := heldAmong(ctx, ask, ids[:len(ids)/2])
	if err != nil {
		return nil, err
	}
	second, err := heldAmong(ctx, ask, ids[len(ids)/2:])
	return append(first, second...), err
}

// spoilt tells whether an answer is about one of the conversations alone.
func spoilt(err error) bool {
	var e *Error
	return errors.As(err, &e) &&
		(e.Code == "recording.conversation.not.found" || e.Code == "recording.conversation.id.not.uuid")
}
