package verify

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// figure is a number of the report that has an id, in any version of its words.
var figure = regexp.MustCompile(`\bid="([A-Za-z-]+)"[^<>]*><data value="(-?\d+)">`)

// figuresOf are the figures of an account that a report has to show, by their ids.
func figuresOf(a evidence.Account) map[string]int64 {
	totals, n := a.Totals(), a.Conversations
	return map[string]int64{
		"gaps": a.Gaps, "files": a.Files, "bytes": a.Bytes, "bags": a.Bags,
		"recordings-exported": totals.Exported, "recordings-excluded": totals.Excluded, "recordings-unavailable": totals.Unavailable,
		"conversations-batched": n.Batched, "conversations-excluded": n.Excluded, "conversations-unavailable": n.Unavailable,
		"conversations-surveyed": n.Surveyed, "conversations-deferred": n.Deferred,
	}
}

// keyFigures are those that the report shows a second time, at its top.
var keyFigures = map[string]string{
	"key-exported": "recordings-exported", "key-gaps": "gaps", "key-excluded": "recordings-excluded", "key-conversations": "conversations-surveyed",
}

// checkFigures compares the figures of the report of a seal with its account, where the
// report cannot be made again: its words are those of another version, say.
func (c *census) checkFigures(s *seal) {
	at := s.sealPath(reportPage)
	if _, there := s.found[reportPage]; !there {
		return
	}
	page, ok := c.read(at)
	if !ok {
		return
	}
	want, seen := figuresOf(s.account), map[string]bool{}
	for name, of := range keyFigures {
		want[name] = want[of]
	}
	for _, match := range figure.FindAllSubmatch(page, -1) {
		name, shown := string(match[1]), string(match[2])
		n, known := want[name]
		if known && shown != decimal(n) {
			c.fault(Contradiction, at, "shows %s as %s, but the account counts %d", cut(shown), name, n)
		}
		seen[name] = true
	}
	for name := range figuresOf(s.account) {
		if !seen[name] {
			c.fault(Contradiction, at, "does not show the figure %s of the account", name)
		}
	}
}

// number of a line of the certification.
var number = regexp.MustCompile(`\d+`)

// checkCertified compares the lines of the certification that contain figures.
func (c *census) checkCertified(s *seal) {
	at := s.sealPath(certification)
	if _, there := s.found[certification]; !there {
		c.reportMissing(at, "is missing")
		return
	}
	content, ok := c.read(at)
	if !ok {
		return
	}
	totals, n := s.account.Totals(), s.account.Conversations
	for start, want := range map[string][]int64{
		"   Conversations: ": {n.Surveyed, n.Batched, n.Excluded, n.Unavailable},
		"   Recordings: ":    {totals.Exported, totals.Excluded, totals.Unavailable, s.account.Files, s.account.Bytes, s.account.Bags},
	} {
		var lines []string
		for line := range strings.Lines(string(content)) {
			if strings.HasPrefix(line, start) {
				lines = append(lines, number.FindAllString(line, -1)...)
			}
		}
		if !slices.EqualFunc(lines, want, func(shown string, n int64) bool { return shown == decimal(n) }) {
			c.fault(Contradiction, at, "certifies %q of its %s, but the account counts %d", cut(strings.Join(lines, " ")), strings.ToLower(strings.Trim(start, " :")), want)
		}
	}
}
