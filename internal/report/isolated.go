package report

import (
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// isolated is what kept failing and was retried apart, and what became of it.
type isolated struct {
	Says, When  text
	Rows        []isolatedRow
	Missing     []missingRow
	MissingMore int64
}

// isolatedRow counts conversations or recordings that were isolated, and the
// recordings that they are.
type isolatedRow struct {
	ID    string
	What  text
	Found amount
	evidence.Counts
	// Unread counts conversations whose recordings are not known.
	Unread amount
}

// mostIsolated bounds the list of what was isolated and is missing: all gaps are
// listed in a section of their own.
const mostIsolated = 100

// isolation shows what was isolated, nil if nothing was.
func isolation(f evidence.Findings) *isolated {
	i, total := f.Isolated, f.Isolated.AllRecordings()
	recordings := i.Alone.Found()
	if i.Conversations+recordings == 0 {
		return nil
	}
	out := &isolated{}
	switch {
	case i.First.IsZero():
	case i.Last.After(i.First):
		out.When = "from " + when(i.First) + " to " + when(i.Last)
	default:
		out.When = "on " + when(i.First)
	}
	if i.Conversations > 0 {
		out.Rows = append(out.Rows, isolatedRow{"isolated-conversations", "Whole conversations, with all their recordings", amount(i.Conversations), i.OfConversations, amount(i.Unread)})
	}
	if recordings > 0 {
		out.Rows = append(out.Rows, isolatedRow{"isolated-recordings", "Single recordings of other conversations", amount(recordings), i.Alone, 0})
	}
	gaps := total.Unavailable + i.Unread
	out.Says = of(total.Exported, "of these recordings was", "of these recordings were") + " exported in the end; no gaps remain."
	if gaps > 0 {
		out.Says = of(total.Exported, "of these recordings was", "of these recordings were") + " exported in the end; " + of(gaps, "gap remains.", "gaps remain.")
	}
	out.list(f)
	out.MissingMore = gaps - int64(len(out.Missing))
	return out
}

// list lists the gaps that bags of the lane Isolated have, as far as they are listed.
func (i *isolated) list(f evidence.Findings) {
	bags := map[string]bool{}
	for _, b := range f.Bags {
		bags[b.Name] = b.Lane == slicing.Isolated
	}
	for _, m := range f.Missing {
		if bags[m.Bag] && len(i.Missing) < mostIsolated {
			i.Missing = append(i.Missing, missing(m))
		}
	}
}
