package recordingexport

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// slicesOfIsolated gives what left a batch slices of its own, one for each
// conversation, so that none waits for another.
func (p planner) slicesOfIsolated(ctx context.Context, number int, isolated plan.Isolated) ([]namedSlice, error) {
	batch, err := artifacts.Get[artifacts.Slice](ctx, p.store, artifacts.SliceKey(isolated.Batch))
	if err != nil {
		return nil, err
	}
	if isolated.Recordings {
		left, err := p.isolatedRecordings(ctx, isolated.Batch, batch)
		if err != nil {
			return nil, err
		}
		out, err := p.isolate(number, 0, 1, left)
		for i := range out {
			out[i].From = isolated.Batch
		}
		return out, err
	}
	left, late, err := p.isolatedConversations(ctx, batch)
	if err != nil {
		return nil, err
	}
	out, err := p.isolate(number, 0, 1, left)
	if err != nil {
		return nil, err
	}
	// A service that was bad all the time must not lead to a batch for each conversation.
	together, err := p.isolate(number, len(out), p.spec.MaxConversations, late)
	for i := range together {
		together[i].Late = true
	}
	return append(out, together...), err
}

// isolate splits conversations of one part of the window into slices of the lane
// Isolated, of at most a number of conversations each. Their pieces count from first.
func (p planner) isolate(number, first, most int, left []evidence.Conversation) ([]namedSlice, error) {
	known := map[string]evidence.Conversation{}
	conversations := make([]slicing.Conversation, len(left))
	for i, c := range left {
		known[c.ID] = c
		conversations[i] = slicing.Conversation{ID: c.ID, Start: c.Start, Held: c.Held.Held}
	}
	split, err := slicing.Isolate(p.spec, number, most, conversations)
	if err != nil {
		return nil, err
	}
	for i := range split {
		split[i].Piece += first
	}
	out := p.named(split, func(c slicing.Conversation) evidence.HoldAnswer { return known[c.ID].Held })
	for i := range out {
		for j := range out[i].Conversations {
			c := &out[i].Conversations[j]
			from := known[c.ID]
			c.Only, c.Media, c.Left, c.Retried = from.Only, from.Media, from.Left, from.Retried
		}
	}
	return out, nil
}

// isolatedConversations are the conversations of a group of slices whose recordings
// or legal hold could not be learned: those that failed while others did not, and
// those whose retry deadline was used up. Of a retry, recordings leave.
func (p planner) isolatedConversations(ctx context.Context, batch artifacts.Slice) (left, late []evidence.Conversation, err error) {
	hold, err := artifacts.Get[artifacts.Hold](ctx, p.store, artifacts.HoldKey(batch.Group))
	if err != nil {
		return nil, nil, err
	}
	for _, c := range batch.Conversations {
		if len(c.Only) > 0 {
			continue
		}
		known, err := artifacts.Get[artifacts.Metadata](ctx, p.store, artifacts.MetadataKey(batch.Group, c.ID))
		_, unknown := hold.Why(c.ID)
		unknown = unknown && !batch.Stay
		switch {
		case err != nil:
			return nil, nil, err
		case unknown && !hold.Late:
			left = append(left, c)
		case unknown:
			late = append(late, c)
		case known.Reason != evidence.ReasonMovedToIsolated:
		case known.Late:
			late = append(late, c)
		default:
			left = append(left, c)
		}
	}
	return left, late, nil
}

// isolatedRecordings are the conversations of a batch of which recordings left it,
// with those recordings.
func (p planner) isolatedRecordings(ctx context.Context, name string, batch artifacts.Slice) ([]evidence.Conversation, error) {
	settled, err := artifacts.Get[artifacts.Inventory](ctx, p.store, artifacts.OutcomeKey(name))
	if err != nil {
		return nil, err
	}
	only, media := map[string][]string{}, map[string][]genesys.Medium{}
	for _, r := range settled.Recordings {
		if r.MovedToIsolated() {
			only[r.ConversationID] = append(only[r.ConversationID], r.RecordingID)
			media[r.ConversationID] = append(media[r.ConversationID], r.Medium)
		}
	}
	var left []evidence.Conversation
	for _, c := range batch.Conversations {
		if len(only[c.ID]) > 0 {
			c.Only, c.Media, c.Left, c.Retried = only[c.ID], media[c.ID], true, false
			left = append(left, c)
		}
	}
	return left, nil
}

// countNamedRecordings is how many recordings a slice is about, 0 for all of its conversations'.
func countNamedRecordings(slice artifacts.Slice) int {
	n := 0
	for _, c := range slice.Conversations {
		n += len(c.Only)
	}
	return n
}
