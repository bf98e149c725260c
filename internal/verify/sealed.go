package verify

import (
	"iter"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// line is a line of a bag's table as its seal has to repeat it.
type line struct {
	Row
	// at is the bag's table, bag and lane are what the seal adds to it.
	at, bag, lane string
}

// Get is the cell of a column of the seal's table.
func (l line) Get(column string) string {
	switch column {
	case "bag":
		return l.bag
	case "lane":
		return l.lane
	default:
		return l.Row.Get(column)
	}
}

// lines are the lines of the bags of a seal, bag by bag.
func (c *census) lines(s *seal, table string, needed []string) iter.Seq[line] {
	return func(yield func(line) bool) {
		for _, listed := range s.bags {
			b, there := c.verifier.bags[listed.Get("bag")]
			if !there {
				continue
			}
			for row := range c.rows(b.bagPath(table), needed...) {
				if !yield(line{row, b.bagPath(table), b.name, listed.Get("lane")}) {
					return
				}
			}
		}
	}
}

// The columns in which a seal's tables repeat the bags', the first ones of which
// name what a line is about.
var (
	sealedConversations = []string{
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer", "held_before_transfer_time",
		"recordings", "disposition", "reason", "retried", "bag",
	}
	sealedRecordings = []string{"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried", "bag"}
)

// compareConversations compares a seal's conversations.csv with its bags', and
// adds what neither the bags nor an earlier seal list.
func (c *census) compareConversations(s *seal) {
	at := s.sealPath(conversations)
	homes := func(yield func(line) bool) {
		for l := range c.lines(s, evidence.ConversationsTable, conversationColumns) {
			c.inBag(l.at, l.Row, l.lane)
			c.takeBagLine(c.verifier.bags[l.bag], l.at, l.Row, l.lane)
			if l.Row.Get("home") == "true" && !yield(l) {
				return
			}
		}
	}
	rest := c.merge(s, comparison{at, sealedConversations, 1, func(row Row) { c.takeSealLine(s, at, row) }}, homes)
	for _, row := range rest {
		c.inNoBag(at, row)
		c.takeUnbatched(s, at, row)
		c.checkDisposition(at, row, "conversation "+row.Get("conversation_id"))
	}
}

// compareRecordings compares a seal's recordings.csv with its bags' index.csv. A
// line about a recording that is isolated is repeated only if it replaces another.
func (c *census) compareRecordings(s *seal) {
	at := s.sealPath(recordings)
	all := func(yield func(line) bool) {
		for l := range c.lines(s, evidence.IndexTable, indexColumns) {
			c.record(c.verifier.bags[l.bag], l.Row, l.lane)
			repeated := !isIsolated(l.Row) || l.Row.Get("retried") == "true"
			if repeated && !yield(l) {
				return
			}
		}
	}
	for _, row := range c.merge(s, comparison{at, sealedRecordings, 2, nil}, all) {
		c.fault(Contradiction, at, "line %d lists recording %s, which is in no bag", row.Line, cut(row.Get("recording_id")))
	}
}

// comparison says which table of a seal is compared, in which columns, and how
// many of them name what a line is about.
type comparison struct {
	at      string
	columns []string
	keys    int
	// each, if any, is called with each line of the seal's table.
	each func(Row)
}

// merge goes through a seal's table and the lines that it has to repeat side by
// side, and reports the first difference in each bag. It returns the lines that
// name no bag, which come last.
func (c *census) merge(s *seal, how comparison, want iter.Seq[line]) []Row {
	next, stop := iter.Pull(want)
	defer stop()
	expected, more := next()
	broken := map[string]bool{}
	for _, listed := range s.bags {
		// A bag that is missing is reported as such.
		name := listed.Get("bag")
		broken[name] = c.verifier.bags[name] == nil
	}
	var rest []Row
	for row := range c.rows(how.at, how.columns...) {
		if how.each != nil {
			how.each(row)
		}
		if outside(s, row.Get("start")) && !isNamedOutside(row) {
			c.fault(Coverage, how.at, "line %d lists conversation %s, which began at %s, but the seal covers another time", row.Line, cut(row.Get("conversation_id")), cut(row.Get("start")))
		}
		name := row.Get("bag")
		if name == "" {
			rest = append(rest, row)
			continue
		}
		for more && expected.bag != name && (broken[expected.bag] || c.listsAfter(s, name, expected.bag)) {
			c.lacks(how, expected, broken)
			expected, more = next()
		}
		if broken[name] {
			continue
		}
		if !more || expected.bag != name {
			c.fault(Contradiction, how.at, "line %d states that bag %s lists %s %s, but it does not", row.Line, cut(name), how.columns[how.keys-1], cut(row.Get(how.columns[how.keys-1])))
			broken[name] = true
			continue
		}
		c.differ(how, row, expected, broken)
		expected, more = next()
	}
	for ; more; expected, more = next() {
		c.lacks(how, expected, broken)
	}
	return rest
}

// listsAfter reports whether a seal lists a bag after another.
func (c *census) listsAfter(s *seal, name, after string) bool {
	at, listed := s.order[name]
	return listed && at > s.order[after]
}

func (c *census) lacks(how comparison, l line, broken map[string]bool) {
	if !broken[l.bag] {
		c.fault(Contradiction, how.at, "does not contain line %d of %s, about %s %s", l.Line, l.at, how.columns[how.keys-1], cut(l.Get(how.columns[how.keys-1])))
		broken[l.bag] = true
	}
}

// differ reports in what a line differs from the one that it has to repeat.
func (c *census) differ(how comparison, row Row, l line, broken map[string]bool) {
	for i, column := range how.columns {
		got, want := row.Get(column), l.Get(column)
		if got == want {
			continue
		}
		broken[l.bag] = true
		if i < how.keys {
			c.fault(Contradiction, how.at, "line %d lists %s where line %d of %s lists %s: lines were added, removed or moved", row.Line, cut(got), l.Line, l.at, cut(want))
			return
		}
		key := how.columns[how.keys-1]
		c.fault(Contradiction, how.at, "line %d states %s %q for %s %s, but line %d of %s states %q", row.Line, column, cut(got), key, cut(row.Get(key)), l.Line, l.at, cut(want))
		return
	}
}
