package evidence

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Span is a part of the window: half-open, as the window.
type Span struct{ Start, End time.Time }

// noConversations stands where a part of the window has no bags because no
// conversation started in it.
const noConversations = "no conversations"

// part is a part of the window with what is known of it.
type part struct {
	Span
	bags []string
	// unbatched is how many conversations that are in no bag started in it.
	unbatched int
}

// newFrom is where the part of the window begins that a seal is the first to cover.
func (s Seal) newFrom() time.Time {
	if s.Former == nil {
		return s.From
	}
	return s.Former.Account.Until
}

// tiled reports whether the surveys cover what is new of the window, each instant once.
func (s Seal) tiled() error {
	at := s.newFrom()
	for _, span := range sortedSpans(s.Surveys) {
		if !span.Start.Equal(at) {
			return fmt.Errorf("%w: surveys end at %s and continue at %s", ErrUnbalanced, stamp(at), stamp(span.Start))
		}
		at = span.End
	}
	if at.Before(s.Until) {
		return fmt.Errorf("%w: surveys end at %s, the seal at %s", ErrUnbalanced, stamp(at), stamp(s.Until))
	}
	return nil
}

func sortedSpans(spans []Span) []Span {
	return slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return a.Start.Compare(b.Start) })
}

// coverage cuts the window wherever a survey or a bag begins or ends. The new
// part of the window is listed without a gap; of the part that a former seal
// covers, only the parts with later bags are listed.
func (s Seal) coverage() []part {
	bags := slices.SortedStableFunc(slices.Values(s.Bags), func(a, b BagRef) int { return a.Start.Compare(b.Start) })
	starts := s.unbatchedStarts()
	var parts []part
	var open []BagRef // bags that the part may belong to
	cuts := s.cuts()
	for i := 1; i < len(cuts); i++ {
		p := part{Span: Span{cuts[i-1], cuts[i]}}
		open = slices.DeleteFunc(open, func(b BagRef) bool { return !b.End.After(p.Start) })
		for len(bags) > 0 && !bags[0].Start.After(p.Start) {
			open, bags = append(open, bags[0]), bags[1:]
		}
		for _, bag := range open {
			p.bags = append(p.bags, bag.Name)
		}
		for len(starts) > 0 && starts[0].Before(p.End) {
			if !starts[0].Before(p.Start) {
				p.unbatched++
			}
			starts = starts[1:]
		}
		isNew := !p.Start.Before(s.newFrom()) && p.Start.Before(s.Until)
		if isNew || len(p.bags) > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// cuts are the instants at which surveys, bags and the new part of the window
// begin and end, in order.
func (s Seal) cuts() []time.Time {
	var cuts []time.Time
	if s.newFrom().Before(s.Until) {
		cuts = append(cuts, s.newFrom(), s.Until)
	}
	for _, span := range s.Surveys {
		cuts = append(cuts, span.Start, span.End)
	}
	for _, bag := range s.Bags {
		cuts = append(cuts, bag.Start, bag.End)
	}
	slices.SortFunc(cuts, time.Time.Compare)
	return slices.CompactFunc(cuts, time.Time.Equal)
}

// unbatchedStarts are when the conversations started that are in no bag, in order.
func (s Seal) unbatchedStarts() []time.Time {
	var starts []time.Time
	for _, c := range s.Unbatched {
		if !c.Start.IsZero() {
			starts = append(starts, c.Start)
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}

// writeCoverage lists the parts of the window with the names of their bags. A part
// without bags says that no conversation started in it, or how many did that are
// in no bag.
func (s Seal) writeCoverage(w io.Writer) error {
	table := csv.NewWriter(w)
	err := table.Write([]string{"start", "end", "bags", "conversations_in_no_bag"})
	for _, p := range s.coverage() {
		bags := strings.Join(p.bags, " ")
		if len(p.bags) == 0 && p.unbatched == 0 {
			bags = noConversations
		}
		err = errors.Join(err, table.Write([]string{stamp(p.Start), stamp(p.End), bags, formatInt(int64(p.unbatched))}))
	}
	table.Flush()
	return errors.Join(err, table.Error())
}
