package evidence

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Isolation is what left its batch for one of the lane Isolated, and what became of
// it at last.
type Isolation struct {
	// Conversations that left as a whole. Unread are those among them whose recordings
	// could not be determined completely.
	Conversations, Unread int64
	// OfConversations counts the recordings of those that could be read, Alone the
	// recordings that left their batch without their conversation.
	OfConversations, Alone Counts
	// First and Last are when something was isolated.
	First, Last time.Time
}

// AllRecordings counts all recordings that were isolated, by themselves or with their
// conversation.
func (i Isolation) AllRecordings() Counts {
	sum := i.OfConversations
	sum.Add(i.Alone)
	return sum
}

// at adds when something was isolated.
func (i *Isolation) at(t time.Time) {
	if i.First.IsZero() || t.Before(i.First) {
		i.First = t
	}
	if t.After(i.Last) {
		i.Last = t
	}
}

// movedToIsolated reports whether a line of a seal says that another bag accounts for
// what it is about.
func movedToIsolated(row map[string]string) bool { return row["reason"] == ReasonMovedToIsolated }

// readIsolated finds out which conversations left their batch as a whole, and what
// became of them at last.
func (r *findingsReader) readIsolated() error {
	if !slices.ContainsFunc(r.Bags, func(b FoundBag) bool { return b.Lane == slicing.Isolated }) {
		return nil
	}
	r.isolated = map[key]Disposition{}
	err := r.eachSeal(conversations, func(_ int, row map[string]string) error {
		if i, known := r.bags[row["bag"]]; known && r.Bags[i].Lane == slicing.Isolated {
			r.isolated[keyOf(row["conversation_id"])] = Disposition(row["disposition"])
		}
		return nil
	})
	r.Isolated.Conversations = int64(len(r.isolated))
	for _, disposition := range r.isolated {
		if disposition == Unavailable {
			r.Isolated.Unread++
		}
	}
	return err
}

// countIsolated adds the last line about a recording, if it was isolated.
func (r *findingsReader) countIsolated(row map[string]string) {
	if slicing.Lane(row["lane"]) != slicing.Isolated {
		return
	}
	counts := &r.Isolated.Alone
	if _, whole := r.isolated[keyOf(row["conversation_id"])]; whole {
		counts = &r.Isolated.OfConversations
	}
	counts.add(Disposition(row["disposition"]))
}
