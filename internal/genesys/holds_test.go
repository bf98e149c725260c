package genesys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestHeldAsksInHundredsAndBisects(t *testing.T) {
	var ids []string
	for n := range 250 {
		ids = append(ids, fmt.Sprint(n))
	}
	for name, unknown := range map[string][]string{"all known": nil, "some unknown": {"3", "4", "249"}} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			held, err := Held(t.Context(), func(_ context.Context, ids []string) ([]string, error) {
				calls++
				if len(ids) > MaxHoldQuery {
					t.Errorf("asked about %d at once", len(ids))
				}
				if slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(unknown, id) }) {
					return nil, &Error{Kind: KindNotFound, Code: "recording.conversation.not.found"}
				}
				return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id[len(id)-1] != '7' }), nil
			}, ids)
			if err != nil || len(held) != 25 {
				t.Errorf("%d held, %v; want 25", len(held), err)
			}
			if unknown == nil && calls != 3 {
				t.Errorf("%d calls, want 3", calls)
			}
		})
	}
}

func TestHeldStopsAtOtherErrors(t *testing.T) {
	for _, cause := range []*Error{{Kind: KindTransient}, {Kind: KindInvalid, Code: "bad.request"}, {Kind: KindNotFound}} {
		calls := 0
		_, err := Held(t.Context(), func(context.Context, []string) ([]string, error) { calls++; return nil, cause }, []string{"a", "b"})
		if !errors.Is(err, cause) || calls != 1 {
			t.Errorf("%v after %d calls", err, calls)
		}
	}
}
