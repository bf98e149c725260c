package verify

import (
	"crypto/sha256"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// secondTable of a seal lists in what its account and a second source differ.
const secondTable = "second-source.csv"

// checkSecond compares what an account says of a second source with the terms, the
// log, the table and the lines of the bags so far.
func (c *census) checkSecond(s *seal) {
	at, h, told := s.sealPath(evidence.AccountFile), s.history, s.account.SecondSource
	_, there := s.found[secondTable]
	if n := h.counts["SecondSourceCompared"]; told == nil {
		switch {
		case c.terms.compares:
			c.fault(Contradiction, at, "does not contain a comparison with a second source, but export.json requests one")
		case n > 0 || there:
			c.fault(Contradiction, at, "does not contain a comparison with a second source, though the seal contains one")
		}
		return
	} else if n != 1 || !there {
		c.fault(Contradiction, at, "contains a comparison with a second source, but the log reports %d of them, and %s exists: %t", n, secondTable, there)
		return
	}
	var before evidence.SecondSource
	if former := c.sealOf(s.number - 1); former != nil && former.account.SecondSource != nil {
		before = *former.account.SecondSource
	}
	missing, others := c.readSecond(s)
	for _, n := range []struct {
		what, detail string
		told, have   int64
	}{
		{"recordings that the second source lists and the account does not", "notInAccount", told.NotInAccount - before.NotInAccount, missing},
		{"recordings that the second source does not list", "notInSecondSource", told.NotInSecondSource - before.NotInSecondSource, others},
		{"recordings of the second source", "listed", told.Listed - before.Listed, told.Matched - before.Matched + missing},
		{"recordings of the second source that match", "matched", told.Matched - before.Matched, told.Matched - before.Matched},
		{"recordings that the second source enumerates", "enumerated", told.Enumerated, told.Enumerated},
	} {
		if n.told != n.have {
			c.fault(Account, at, "counts %d %s for this seal, but its tables list %d", n.told, n.what, n.have)
		}
		if got := h.compared.Details[n.detail]; got != strconv.FormatInt(n.told, 10) {
			c.fault(Contradiction, h.log, "line %d reports %q as %s, but the account states %d", h.compared.Sequence, cut(got), n.detail, n.told)
		}
	}
}

// readSecond counts the differences that a seal lists, and compares them with the lines
// of the bags so far.
func (c *census) readSecond(s *seal) (missing, others int64) {
	at := s.sealPath(secondTable)
	for row := range c.rows(at, "conversation_id", "recording_id", "difference", "reason") {
		name := row.Get("conversation_id") + "/" + row.Get("recording_id")
		digest := sha256.Sum256([]byte(name))
		known, listed := c.recordings[recordingKey(digest[:16])]
		switch kind := row.Get("difference"); evidence.Difference(kind) {
		case evidence.NotInAccount:
			if missing++; listed {
				c.fault(Contradiction, at, "line %d states that recording %s is not in the account, but a bag lists it", row.Line, cut(name))
			}
		case evidence.NotInSecondSource:
			if others++; !listed || known.unavailable {
				c.fault(Contradiction, at, "line %d states that recording %s was exported, but no bag states this", row.Line, cut(name))
			}
		default:
			c.fault(Malformed, at, "line %d has an unknown difference for recording %s: %q", row.Line, cut(name), cut(kind))
		}
	}
	return missing, others
}
