package verify

import (
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// takeNamed adds a line of a seal about a conversation that the scope names and that is in no
// day of the window. It reports whether the line is one.
func (c *census) takeNamed(is end, at string, row Row) bool {
	id, start := row.Get("conversation_id"), row.Get("start")
	switch is {
	case isNotFound:
		c.page.notFound++
		c.lost++
		if start != "" {
			c.fault(Contradiction, at, "line %d states that Genesys Cloud does not know conversation %s, but that it began at %s", row.Line, cut(id), cut(start))
		}
	case isOutsideWindow:
		c.page.outsideWindow++
		if began, err := time.Parse(time.RFC3339Nano, start); err != nil || c.terms.isInWindow(began) {
			c.fault(Contradiction, at, "line %d states that conversation %s began outside of the window, at %q", row.Line, cut(id), cut(start))
		}
	default:
		return false
	}
	if c.terms.told && !slices.Contains(c.terms.named, strings.ToLower(id)) {
		c.fault(Contradiction, at, "line %d states that conversation %s is %s, but the request does not name it", row.Line, cut(id), is)
	}
	return true
}

// isNamedOutside reports whether a line is about a conversation that the scope names and that
// did not start in the window.
func isNamedOutside(row Row) bool {
	return row.Get("bag") == "" && row.Get("reason") == evidence.ReasonOutsideWindow
}

// isInWindow reports whether a moment is in the window.
func (t exportTerms) isInWindow(at time.Time) bool {
	return !at.Before(t.start) && at.Before(t.end)
}

// compareNamed compares how many named conversations the surveys report in no day with the lines.
func (c *census) compareNamed(s *seal) {
	var notFound, outsideWindow int64
	for _, survey := range s.history.surveys {
		notFound += survey.notFound
		outsideWindow += survey.outsideWindow
	}
	if notFound != c.page.notFound {
		c.fault(Contradiction, s.history.log, "reports %d conversations that Genesys Cloud does not know, but conversations.csv lists %d", notFound, c.page.notFound)
	}
	if outsideWindow != c.page.outsideWindow {
		c.fault(Contradiction, s.history.log, "reports %d conversations that did not start in the window, but conversations.csv lists %d", outsideWindow, c.page.outsideWindow)
	}
}

// checkNamed checks that every conversation that the request names is accounted for, and that
// no other one is, once the window is sealed.
func (c *census) checkNamed() {
	if len(c.terms.named) == 0 || len(c.seals) == 0 || !c.knowsBags() || !c.wasRead(c.seals[0].sealPath(conversations)) {
		return // what is missing is reported
	}
	known := map[string]bool{}
	for id, state := range c.conversations {
		lower := strings.ToLower(id)
		known[lower] = known[lower] || state.known
		if state.known && !slices.Contains(c.terms.named, lower) {
			c.fault(Contradiction, "seals", "account for conversation %s, but the request does not name it", cut(id))
		}
	}
	for _, id := range c.terms.named {
		if !known[id] {
			c.fault(Coverage, "seals", "do not account for conversation %s, which the request names", cut(id))
		}
	}
}
