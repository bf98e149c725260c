package genesys

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestHoldsAreAskedInHundreds, each conversation once if nothing goes wrong.
func TestHoldsAreAskedInHundreds(t *testing.T) {
	var ids []string
	for n := range 250 {
		ids = append(ids, fmt.Sprint(n))
	}
	calls := 0
	holds, err := AskHolds(t.Context(), func(_ context.Context, ids []string, _ bool) ([]string, error) {
		if calls++; len(ids) > MaxHoldQuery {
			t.Errorf("asked about %d at once", len(ids))
		}
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id[len(id)-1] != '7' }), nil
	}, ids, false)
	if err != nil || len(holds.Held) != 25 || len(holds.Unknown) != 0 || calls != 3 {
		t.Errorf("%d held, %d unknown, %v; %d calls", len(holds.Held), len(holds.Unknown), err, calls)
	}
}

// TestOneConversationDoesNotSpoilTheAnswer about others, whatever is wrong with it:
// one that Genesys Cloud does not know is not held, and what is held of one that it
// does not answer about is unknown.
func TestOneConversationDoesNotSpoilTheAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 100).Draw(t, "conversations")
		bad := map[string]*Error{}
		for range rapid.IntRange(0, min(4, n-1)).Draw(t, "bad") {
			cause := rapid.SampledFrom([]*Error{
				{Kind: KindNotFound, Code: "recording.conversation.not.found"}, {Op: "ask", Kind: KindTransient}, {Op: "ask", Kind: KindTimeout}, {Op: "ask", Kind: KindForbidden}, {Op: "ask", Kind: KindInvalid, Code: "bad.request"},
			}).Draw(t, "cause")
			bad[fmt.Sprint(rapid.IntRange(0, n-1).Draw(t, "which"))] = cause
		}
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprint(i))
		}
		calls := 0
		holds, err := AskHolds(t.Context(), func(_ context.Context, some []string, _ bool) ([]string, error) {
			calls++
			for _, id := range some {
				if bad[id] != nil {
					return nil, bad[id]
				}
			}
			return some, nil
		}, ids, false)
		unknown := 0
		for id, cause := range bad {
			if cause.Kind != KindNotFound {
				unknown++
				if !slices.ContainsFunc(holds.Unknown, func(u UnknownHold) bool { return u.ConversationID == id && u.Why != "" }) {
					t.Errorf("%s is not unknown", id)
				}
			}
		}
		if err != nil || len(holds.Held) != n-len(bad) || len(holds.Unknown) != unknown {
			t.Errorf("%d held of %d, %d unknown of %d, %v", len(holds.Held), n-len(bad), len(holds.Unknown), unknown, err)
		}
		if most := 1 + len(bad)*2*bits.Len(uint(n)); calls > most {
			t.Errorf("%d calls, %d at most", calls, most)
		}
	})
}

// TestHoldsThatNobodyAnswersAbout: then it is not single conversations, and the error
// is that of the query. They are unknown only if each of a few was queried alone, in
// the last attempt.
func TestHoldsThatNobodyAnswersAbout(t *testing.T) {
	var ids []string
	for n := range 100 {
		ids = append(ids, fmt.Sprint(n))
	}
	for _, cause := range []*Error{{Kind: KindTransient}, {Kind: KindThrottled}, {Kind: KindUnauthorized}, {Kind: KindForbidden}, {Kind: KindInvalid, Code: "bad.request"}} {
		calls := 0
		none := func(context.Context, []string, bool) ([]string, error) { calls++; return nil, cause }
		for _, last := range []bool{false, true} {
			calls = 0
			if _, err := AskHolds(t.Context(), none, ids, last); !errors.Is(err, cause) || calls > maxBlindHalves+1 {
				t.Errorf("%v after %d calls", err, calls)
			}
		}
		few, err := AskHolds(t.Context(), none, ids[:3], true)
		unknown := err == nil && len(few.Unknown) == 3
		if _, err = AskHolds(t.Context(), none, ids[:3], false); !errors.Is(err, cause) || unknown != AboutItem(cause) {
			t.Errorf("%v: in the last attempt %d of 3 are unknown, before it: %v", cause, len(few.Unknown), err)
		}
	}
}
