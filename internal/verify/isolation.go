package verify

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// isolatedLane contains what left a bag of another lane.
const isolatedLane = string(slicing.Isolated)

// isIsolated reports whether a line says that what it is about left its bag for one
// of the lane Isolated, which accounts for it.
func isIsolated(row Row) bool { return row.Get("reason") == evidence.ReasonMovedToIsolated }

// checkIsolated checks that a line that says so has the form of one: nothing is
// counted where it left, and nothing leaves the lane Isolated.
func (v *verifier) checkIsolated(at string, row Row, lane, of string) {
	if !isIsolated(row) {
		return
	}
	switch {
	case row.Get("disposition") != string(evidence.Excluded):
		v.fault(Contradiction, at, "line %d states that %s is %s and isolated at once", row.Line, cut(of), cut(row.Get("disposition")))
	case row.Get("home") == "true":
		v.fault(Contradiction, at, "line %d accounts for %s, but states that it is isolated, so another bag accounts for it", row.Line, cut(of))
	case lane == isolatedLane:
		v.fault(Contradiction, at, "line %d states that %s is isolated in another bag, but this bag is already of lane %s", row.Line, cut(of), isolatedLane)
	}
}

// place is a line of a table.
type place struct {
	at   string
	line int
}

// isolation follows what leaves bags for those of the lane Isolated.
type isolation struct {
	// gone are the conversations that a bag says left as a whole, homes those that a
	// bag of the lane Isolated accounts for. Bags come in any order: a batch that was
	// cut in two is listed after what left it.
	gone, homes map[string]place
	// left are the recordings that left a bag, up to the line that accounts for each.
	left map[recordingKey]leaving
}

// leaving is a line about a recording that left its bag, with the numbers of the
// files that had come.
type leaving struct {
	place
	name  string
	files []string
}

// keepParts keeps the numbers of the files of recordings that are isolated, in the
// bag that they left and in the one that they come in.
func (b *bag) keepParts(t tables) {
	isolated := map[string]bool{}
	for _, line := range t.index {
		isolated[line.key] = line.lane == isolatedLane || line.reason == evidence.ReasonMovedToIsolated
	}
	for name, file := range t.files {
		if !isolated[file.key] {
			continue
		}
		if b.parts == nil {
			b.parts = map[string][]string{}
		}
		number, _, _ := strings.Cut(path.Base(name), ".")
		b.parts[file.key] = append(b.parts[file.key], number)
	}
}

func newIsolation() isolation {
	return isolation{gone: map[string]place{}, homes: map[string]place{}, left: map[recordingKey]leaving{}}
}

// addMoved adds a line about a conversation that another bag accounts for, and
// reports whether it did not leave this one.
func (c *census) addMoved(at string, row Row, lane string) bool {
	switch row.Get("reason") {
	case evidence.ReasonMovedToIsolated:
		c.gone[row.Get("conversation_id")] = place{at, row.Line}
		return false
	case evidence.ReasonMovedToHold, evidence.ReasonMovedFromHold:
		return false
	default:
		return lane != isolatedLane
	}
}

// staysInLane checks that what is isolated is retried there, and nothing else is.
func (c *census) staysInLane(at string, row Row, of, before, now string) {
	if before != now && (before == isolatedLane || now == isolatedLane) {
		c.fault(Contradiction, at, "line %d replaces the line of a bag of lane %s about %s, but is in lane %s", row.Line, cut(before), cut(of), cut(now))
	}
}

// addLeft adds a line about a recording that left its bag.
func (c *census) addLeft(l indexed) {
	if !l.isValid {
		c.fault(Contradiction, l.at, "line %d states that recording %s is isolated, but its id is not valid", l.Line, cut(l.name))
	}
	c.left[l.key] = leaving{place{l.at, l.Line}, l.name, l.parts}
}

// addArrival adds the next line about a recording that left a bag.
func (c *census) addArrival(l indexed, from leaving) {
	switch name := cut(from.name); {
	case l.gone:
		c.fault(Contradiction, l.at, "line %d states that recording %s is isolated, as line %d of %s already does", l.Line, name, from.line, from.at)
	case l.lane != isolatedLane:
		c.fault(Contradiction, l.at, "line %d accounts for recording %s in lane %s, but line %d of %s states that it is isolated", l.Line, name, cut(l.lane), from.line, from.at)
	}
	for _, number := range from.files {
		if slices.Contains(l.parts, number) {
			c.fault(Contradiction, l.at, "line %d is about recording %s: this bag contains its file %s, but so does the bag of %s", l.Line, cut(from.name), number, from.at)
		}
	}
}

// checkFound checks that there is a file of a recording of the lane Isolated that
// is called Exported: there, or in the bag that it left.
func (c *census) checkFound(l indexed, from leaving) {
	if l.lane == isolatedLane && l.Get("disposition") == string(evidence.Exported) && len(l.parts)+len(from.files) == 0 {
		c.fault(Contradiction, l.at, "line %d states that recording %s is Exported, but there is no file of it", l.Line, cut(l.name))
	}
}

// closeIsolation checks that everything that left a bag is in one of the lane
// Isolated, and nothing else is.
func (c *census) closeIsolation() {
	for _, left := range c.left {
		c.fault(Coverage, left.at, "line %d states that recording %s is isolated, but no bag of lane %s accounts for it", left.line, cut(left.name), isolatedLane)
	}
	for _, id := range slices.Sorted(maps.Keys(c.gone)) {
		from := c.gone[id]
		if _, there := c.homes[id]; !there && c.conversations[id].known {
			c.fault(Contradiction, from.at, "line %d states that conversation %s is isolated, but a bag of another lane accounts for it", from.line, cut(id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.homes)) {
		home := c.homes[id]
		switch _, left := c.gone[id]; {
		case !left:
			c.fault(Contradiction, home.at, "line %d accounts for conversation %s in lane %s, but no bag states that it was isolated", home.line, cut(id), isolatedLane)
		case c.conversations[id].stays:
			c.fault(Contradiction, home.at, "line %d accounts for conversation %s in lane %s, but a bag of another lane lists it without stating that it was isolated", home.line, cut(id), isolatedLane)
		}
	}
}
