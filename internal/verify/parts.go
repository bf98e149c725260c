package verify

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// interval is a bag with the part of the window that it is of.
type interval struct {
	name        string
	start, stop time.Time
}

// checkCoverageParts checks that coverage.csv names the bags of each part of the window, no
// other, and counts the conversations that began in it and are in no bag.
func (c *census) checkCoverageParts(s *seal) {
	at, waiting := s.sealPath(coverageTable), c.intervals(s)
	if _, there := s.found[coverageTable]; !there {
		c.reportMissing(at, "is missing: it states which bags cover which part of the window")
		return
	}
	starts := c.unbatchedStarts(s)
	var open []interval
	var last time.Time
	for row := range c.rows(at, "start", "end", "bags", "conversations_in_no_bag") {
		start, err := time.Parse(time.RFC3339Nano, row.Get("start"))
		stop, other := time.Parse(time.RFC3339Nano, row.Get("end"))
		if errors.Join(err, other) != nil {
			return // reported with the coverage
		}
		if start.Before(last) {
			c.fault(Malformed, at, "line %d begins before the end of the line before", row.Line)
			return
		}
		last = stop
		open = slices.DeleteFunc(open, func(b interval) bool { return !b.stop.After(start) })
		for len(waiting) > 0 && waiting[0].start.Before(stop) {
			if waiting[0].stop.After(start) {
				open = append(open, waiting[0])
			}
			waiting = waiting[1:]
		}
		for len(starts) > 0 && starts[0].Before(start) {
			starts = starts[1:]
		}
		n := 0
		for len(starts) > 0 && starts[0].Before(stop) {
			n, starts = n+1, starts[1:]
		}
		c.checkPart(at, row, open, int64(n))
	}
}

// checkPart compares a line of coverage.csv with the bags of its part of the window.
func (c *census) checkPart(at string, row Row, open []interval, unbatched int64) {
	named, want := slices.Sorted(slices.Values(bagsOf(row))), make([]string, len(open))
	for i, b := range open {
		want[i] = b.name
	}
	slices.Sort(want)
	if !slices.Equal(named, want) {
		c.fault(Contradiction, at, "line %d states that the bags of this part of the window are %q, but by bags.csv they are %q", row.Line, cut(strings.Join(named, " ")), cut(strings.Join(want, " ")))
	}
	if got := row.Get("conversations_in_no_bag"); got != decimal(unbatched) {
		c.fault(Contradiction, at, "line %d counts %s conversations in no bag, but conversations.csv lists %d", row.Line, cut(got), unbatched)
	}
	if isEmpty := row.Get("bags") == noConversations; isEmpty != (len(open) == 0 && unbatched == 0) {
		c.fault(Contradiction, at, "line %d states %q for a part of the window with %d bags and %d conversations in no bag", row.Line, cut(row.Get("bags")), len(open), unbatched)
	}
}

// intervals are the bags of a seal along the begin of their parts of the window.
func (c *census) intervals(s *seal) []interval {
	var all []interval
	for _, line := range s.bags {
		start, err := time.Parse(time.RFC3339Nano, line.Get("start"))
		stop, other := time.Parse(time.RFC3339Nano, line.Get("end"))
		if errors.Join(err, other) == nil {
			all = append(all, interval{line.Get("bag"), start, stop})
		}
	}
	slices.SortStableFunc(all, func(a, b interval) int { return a.start.Compare(b.start) })
	return all
}

// unbatchedStarts are when the conversations of a seal began that are in no bag, in
// order.
func (c *census) unbatchedStarts(s *seal) []time.Time {
	var starts []time.Time
	for row := range c.rows(s.sealPath(conversations), sealedConversations...) {
		if start, err := time.Parse(time.RFC3339Nano, row.Get("start")); err == nil && row.Get("bag") == "" {
			starts = append(starts, start)
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}

// checkSums checks that an account contains the sums that it has to, of its own
// numbers.
func (c *census) checkSums(s *seal) {
	at, a := s.sealPath(evidence.AccountFile), s.account
	covered := int64(a.Until.Sub(a.From) / time.Second)
	n := a.Conversations
	want := [][2]int64{
		{covered, covered}, {n.Surveyed, n.Batched + n.Excluded + n.Unavailable}, {a.Listed, found(a)},
	}
	if second := a.SecondSource; second != nil {
		want = append(want, [2]int64{second.Listed, second.Matched + second.NotInAccount})
	}
	same := slices.EqualFunc(a.Checks, want, func(check evidence.Check, sum [2]int64) bool { return check.Left == sum[0] && check.Right == sum[1] })
	if !same {
		c.fault(Account, at, "contains %d sums that do not follow from its numbers: %d sums do", len(a.Checks), len(want))
	}
	if n.Deferred != 0 && !c.terms.endless && c.terms.told {
		c.fault(Account, at, "states that %d conversations have not ended yet, but a window with an end is sealed only after all have ended", n.Deferred)
	}
}

// found is how many recordings an account counts.
func found(a evidence.Account) int64 {
	var sum int64
	for _, r := range a.Recordings {
		sum += r.Exported + r.Excluded + r.Unavailable
	}
	return sum
}
