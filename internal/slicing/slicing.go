// Package slicing divides an export into slices: a pure function of the surveyed conversations
// and the spec.
//
// A window is a half-open interval of time. It is cut into parts of equal
// width, each part by lanes, each lane of a part into slices of a bounded
// number of conversations along (start, id). The same input gives the same
// slices, whatever its order, so every pass of every process plans alike, and
// names follow from what a slice contains.
//
//	window   |-------------------------------------------------|
//	parts    |-----------|-----------|-----------|-------------|
//	lanes    | Standard     1000 conversations, then 200 more  |
//	         | LegalHold      12                               |
//	         | LegalHoldScreen the same 12                     |
//
// A conversation belongs to the part in which it started. One under legal hold is
// in a slice of each of the two hold lanes that exist: its screen recordings are
// the business of one, everything else that of the other. A conversation that has
// to leave its slice because it cannot be read is isolated: it gets a slice of
// its own, under legal hold or not (see Isolate).
package slicing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Spec has the fields of an export that slicing needs.
type Spec struct {
	// Start and End of the window; End does not belong to it.
	Start, End time.Time
	// Width of a part; positive.
	Width time.Duration
	// MaxConversations in a slice; positive.
	MaxConversations int
	// Scope says which conversations are taken, by legal hold.
	Scope Scope
	// Daily also cuts parts at midnight UTC, so that the conversations of every part are
	// known with the survey of one day. A window without an end is sealed day by day.
	Daily bool
	// Screen and Other report whether screen recordings, and recordings of any
	// other medium, are requested.
	Screen, Other bool
}

// Conversation has the facts about a conversation that slicing needs.
type Conversation struct {
	ID    string    `json:"id"`
	Start time.Time `json:"start"`
	Held  bool      `json:"held,omitempty"`
}

// Slice is one consecutive part of a lane.
type Slice struct {
	Lane Lane
	// Start and End of the window part that the slice is of.
	Start, End time.Time
	// Piece numbers the slices of one lane and part, from 0.
	Piece int
	// Delta is not 0 if the conversations became known after the others of their
	// part; it tells such slices apart.
	Delta int
	// Conversations along (start, id).
	Conversations []Conversation
}

// timeForm is RFC 3339 reduced to what an object's name may contain.
const timeForm = "20060102t150405z"

// Name of the slice's batch: <export>-<lane>-<UTC start>[-<piece>][-d<delta>].
// The first piece bears no number, the second is 2.
func (s Slice) Name(export string) string {
	return export + "-" + strings.ToLower(string(s.Lane)) + "-" + s.place()
}

// Group names what shares its metadata: the slice itself, or both slices of the
// hold lanes, which contain the same conversations.
func (s Slice) Group() string {
	switch s.Lane {
	case Standard:
		return "standard-" + s.place()
	case Isolated:
		return "isolated-" + s.place()
	default:
		return "held-" + s.place()
	}
}

func (s Slice) place() string {
	name := s.Start.UTC().Format(timeForm)
	if s.Piece > 0 {
		name += fmt.Sprintf("-%d", s.Piece+1)
	}
	if s.Delta > 0 {
		name += fmt.Sprintf("-d%d", s.Delta)
	}
	return name
}

// Part returns the window part that an instant belongs to, and whether it is in
// the window at all.
func (s Spec) Part(at time.Time) (start, end time.Time, ok bool) {
	if at.Before(s.Start) || !at.Before(s.End) {
		return time.Time{}, time.Time{}, false
	}
	start = s.Start.Add(at.Sub(s.Start).Truncate(s.Width))
	end = start.Add(s.Width)
	if midnight := at.UTC().Truncate(24 * time.Hour); s.Daily {
		start, end = later(start, midnight), earlier(end, midnight.Add(24*time.Hour))
	}
	return start, earlier(end, s.End), true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Split cuts conversations into slices, ordered by part, lane and piece.
// Conversations that the scope leaves out are in no slice. It is an error if
// one starts outside the window or occurs twice.
func Split(spec Spec, delta int, conversations []Conversation) ([]Slice, error) {
	ordered := slices.SortedFunc(slices.Values(conversations), along)
	if err := check(spec, ordered); err != nil {
		return nil, err
	}
	var out []Slice
	for len(ordered) > 0 {
		start, end, _ := spec.Part(ordered[0].Start)
		n := 1
		for n < len(ordered) && ordered[n].Start.Before(end) {
			n++
		}
		out = append(out, part(spec, Slice{Start: start, End: end, Delta: delta}, ordered[:n])...)
		ordered = ordered[n:]
	}
	return out, nil
}

// part cuts the conversations of one window part.
func part(spec Spec, shape Slice, conversations []Conversation) []Slice {
	byLane := map[Lane][]Conversation{}
	for _, c := range conversations {
		for _, lane := range spec.Lanes(c.Held) {
			byLane[lane] = append(byLane[lane], c)
		}
	}
	var out []Slice
	for _, lane := range []Lane{Standard, LegalHold, LegalHoldScreen} {
		piece := 0
		for chunk := range slices.Chunk(byLane[lane], spec.MaxConversations) {
			s := shape
			s.Lane, s.Piece, s.Conversations = lane, piece, slices.Clone(chunk)
			out = append(out, s)
			piece++
		}
	}
	return out
}

// Isolate cuts slices of the lane Isolated of at most a number of conversations:
// with 1, none of them waits for another. delta must not be 0, and most must be
// positive. It is an error if a conversation starts outside the window or occurs
// twice.
func Isolate(spec Spec, delta, most int, conversations []Conversation) ([]Slice, error) {
	ordered := slices.SortedFunc(slices.Values(conversations), along)
	if err := check(spec, ordered); err != nil {
		return nil, err
	}
	var out []Slice
	for _, c := range ordered {
		start, end, _ := spec.Part(c.Start)
		s := Slice{Lane: Isolated, Start: start, End: end, Delta: delta}
		if n := len(out); n > 0 && out[n-1].Start.Equal(start) {
			if len(out[n-1].Conversations) < most {
				out[n-1].Conversations = append(out[n-1].Conversations, c)
				continue
			}
			s.Piece = out[n-1].Piece + 1
		}
		s.Conversations = []Conversation{c}
		out = append(out, s)
	}
	return out, nil
}

func check(spec Spec, ordered []Conversation) error {
	seen := make(map[string]bool, len(ordered))
	for _, c := range ordered {
		if _, _, ok := spec.Part(c.Start); !ok {
			return fmt.Errorf("conversation %s starts outside the window", c.ID)
		}
		if seen[c.ID] {
			return fmt.Errorf("conversation %s occurs twice", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

func along(a, b Conversation) int {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
}
