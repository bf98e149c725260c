package verify

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// The tables of a seal that repeat what its bags list, each in its own way.
const (
	failureTable = "failures.csv"
	loadTable    = "loadfile.csv"
	loadText     = "loadfile.dat"
)

var (
	failureColumns = []string{"conversation_id", "recording_id", "reason", "detail", "correlation_id", "bag"}
	loadColumns    = []string{
		"CONTROL_NUMBER", "EXPORT", "BAG", "CONVERSATION_ID", "RECORDING_ID", "MEDIUM", "LANE", "CONVERSATION_START", "FILE_SIZE", "SHA256", "NATIVE_PATH",
	}
)

// checkRepeats compares the tables that repeat what the bags list with the bags.
func (c *census) checkRepeats(s *seal) {
	if slices.ContainsFunc(s.bags, func(line Row) bool { return c.verifier.bags[line.Get("bag")] == nil }) {
		return // a bag that is missing is reported as such
	}
	if _, there := s.found[failureTable]; there {
		c.repeats(s.sealPath(failureTable), failureColumns, c.failures(s))
	} else {
		c.reportMissing(s.sealPath(failureTable), "is missing: it lists the unavailable items")
	}
	_, asTable := s.found[loadTable]
	_, asText := s.found[loadText]
	if asTable {
		c.repeats(s.sealPath(loadTable), loadColumns, c.loadLines(s))
	}
	if asText {
		c.repeatsText(s.sealPath(loadText), c.loadLines(s))
	}
	if asTable != asText {
		c.reportMissing(s.folder, "contains only one of %s and %s, but the exporter makes both", loadTable, loadText)
	}
}

// repeats compares the lines of a table with those that it has to have, and reports
// the first difference.
func (c *census) repeats(at string, columns []string, want iter.Seq[[]string]) {
	next, stop := iter.Pull(want)
	defer stop()
	for row := range c.rows(at, columns...) {
		cells, more := next()
		if !more {
			c.fault(Contradiction, at, "line %d lists something that the bags do not list: %s", row.Line, cut(row.Get(columns[0])+" "+row.Get(columns[1])))
			return
		}
		for i, column := range columns {
			if got := row.Get(column); got != cells[i] {
				c.fault(Contradiction, at, "line %d states %s %q, but by the bags it is %q", row.Line, column, cut(got), cut(cells[i]))
				return
			}
		}
	}
	if cells, more := next(); more {
		c.fault(Contradiction, at, "does not list something that the bags list: %s", cut(strings.Join(cells, " ")))
	}
}

// correlationID is how an error of Genesys Cloud ends.
var correlationID = regexp.MustCompile(`\(correlation id ([^)]+)\)`)

// failures are the lines about what is unavailable: the conversations of all bags,
// their recordings, and what is in no bag.
func (c *census) failures(s *seal) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		give := func(row Row, conversation, recording, bag string) bool {
			if row.Get("disposition") != string(evidence.Unavailable) {
				return true
			}
			correlation := ""
			if all := correlationID.FindAllStringSubmatch(row.Get("detail"), -1); len(all) > 0 {
				correlation = shown(all[len(all)-1][1])
			}
			return yield([]string{conversation, recording, row.Get("reason"), row.Get("detail"), correlation, bag})
		}
		for l := range c.lines(s, evidence.ConversationsTable, conversationColumns) {
			if l.Row.Get("home") == "true" && !give(l.Row, l.Row.Get("conversation_id"), "", l.bag) {
				return
			}
		}
		for l := range c.lines(s, evidence.IndexTable, indexColumns) {
			if !give(l.Row, l.Row.Get("conversation_id"), l.Row.Get("recording_id"), l.bag) {
				return
			}
		}
		for row := range c.rows(s.sealPath(conversations), sealedConversations...) {
			if row.Get("bag") == "" && !give(row, row.Get("conversation_id"), "", "") {
				return
			}
		}
	}
}

// loadLines are the lines of a load file: one for each file of the seal's bags.
func (c *census) loadLines(s *seal) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		n, export := 0, s.account.Export
		for _, listed := range s.bags {
			b := c.verifier.bags[listed.Get("bag")]
			starts, media, locations := map[string]string{}, map[string]string{}, map[string]string{}
			if len(b.referenced) > 0 {
				for row := range c.rows(b.bagPath(evidence.ReferencesTable), referenceColumns...) {
					locations[row.Get("path")] = row.Get("location")
				}
			}
			for row := range c.rows(b.bagPath(evidence.ConversationsTable), conversationColumns...) {
				starts[row.Get("conversation_id")] = row.Get("start")
			}
			for row := range c.rows(b.bagPath(evidence.IndexTable), indexColumns...) {
				media[row.Get("conversation_id")+"/"+row.Get("recording_id")] = row.Get("medium")
			}
			for row := range c.rows(b.bagPath(evidence.FilesTable), fileColumns...) {
				n++
				conversation, recording := row.Get("conversation_id"), row.Get("recording_id")
				if !yield([]string{
					fmt.Sprintf("%s-%d-%07d", export.Name, s.number, n), export.Namespace + "/" + export.Name, b.name, conversation, recording,
					media[conversation+"/"+recording], listed.Get("lane"), starts[conversation], row.Get("size"), row.Get("sha256"), cmp.Or(locations[row.Get("path")], b.bagPath(row.Get("path"))),
				}) {
					return
				}
			}
		}
	}
}

// repeatsText compares a load file in the form that Concordance reads with what it has
// to contain, and reports the first difference.
func (c *census) repeatsText(at string, want iter.Seq[[]string]) {
	file, err := c.open(at)
	if err != nil {
		c.reportUnreadable(at, err)
		return
	}
	defer func() { _ = file.Close() }()
	from := newBoundedReader(file, at)
	stored, number := bufio.NewReader(from), 0
	same := func(text string) bool {
		number++
		got := make([]byte, len(text))
		n, _ := io.ReadFull(stored, got)
		if from.err != nil {
			c.reportUnreadable(at, from.err)
			return false
		}
		if n < len(got) || !bytes.Equal(got, []byte(text)) {
			c.fault(Contradiction, at, "line %d differs from what the bags list: %q", number, cut(text))
			return false
		}
		return true
	}
	const quote, separator = "\u00fe", "\u00fe\x14\u00fe"
	if !same("\ufeff" + quote + strings.Join(loadColumns, separator) + quote + "\r\n") {
		return
	}
	for cells := range want {
		if !same(quote + strings.Join(cells, separator) + quote + "\r\n") {
			return
		}
	}
	if _, err := stored.ReadByte(); err == nil {
		c.fault(Contradiction, at, "lists something after line %d that the bags do not list", number)
	}
}
