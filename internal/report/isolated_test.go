package report

import (
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestWhatIsSaidOfIsolation: how much was isolated, how much of it was exported in
// the end, and what was not.
func TestWhatIsSaidOfIsolation(t *testing.T) {
	bags := []evidence.FoundBag{{BagRef: evidence.BagRef{Name: "s", Lane: slicing.Standard}}, {BagRef: evidence.BagRef{Name: "i", Lane: slicing.Isolated}}}
	gaps := func(n int, bag string) []evidence.Missing {
		out := make([]evidence.Missing, n)
		for i := range out {
			out[i].Bag = bag
		}
		return out
	}
	tests := map[string]struct {
		isolated evidence.Isolation
		missing  []evidence.Missing
		says     text
		when     text
		rows     int
		listed   int
		more     int64
	}{
		"a conversation": {
			isolated: evidence.Isolation{Conversations: 1, OfConversations: evidence.Counts{Exported: 1, Excluded: 3}, First: hour(1), Last: hour(1)},
			says:     "1 of these recordings was exported in the end; no gaps remain.", when: "on 1 October 2023, 01:00:00 UTC", rows: 1,
		},
		"a conversation that could never be read": {
			isolated: evidence.Isolation{Conversations: 1, Unread: 1}, missing: append(gaps(1, "i"), gaps(2, "s")...),
			says: "0 of these recordings were exported in the end; 1 gap remains.", rows: 1, listed: 1,
		},
		"recordings": {
			isolated: evidence.Isolation{Alone: evidence.Counts{Exported: 2, Unavailable: 5}, First: hour(1), Last: hour(2)}, missing: gaps(3, "i"),
			says: "2 of these recordings were exported in the end; 5 gaps remain.", when: "from 1 October 2023, 01:00:00 UTC to 1 October 2023, 02:00:00 UTC",
			rows: 1, listed: 3, more: 2,
		},
		"more than is listed": {
			isolated: evidence.Isolation{Conversations: 400, Unread: 400, Alone: evidence.Counts{Unavailable: 1}}, missing: gaps(401, "i"),
			says: "0 of these recordings were exported in the end; 401 gaps remain.", rows: 2, listed: mostIsolated, more: 301,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := isolation(evidence.Findings{Isolated: tt.isolated, Bags: bags, Missing: tt.missing})
			if got == nil || got.Says != tt.says || got.When != tt.when || len(got.Rows) != tt.rows || len(got.Missing) != tt.listed || got.MissingMore != tt.more {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := isolation(evidence.Findings{Bags: bags, Missing: gaps(1, "i")}); got != nil {
		t.Errorf("nothing was isolated, but %+v", got)
	}
	r := everywhere(t, "x")
	if page := written(t, r); !strings.Contains(page, "<strong id=\"isolated\">3 of these recordings were exported in the end; 2 gaps remain.</strong>") {
		t.Error("the page does not say what became of what was isolated")
	}
	r.Findings.Isolated = evidence.Isolation{}
	if page := written(t, r); strings.Contains(page, "solated them") {
		t.Error("the page speaks of isolation")
	}
}
