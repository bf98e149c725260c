package verify

import (
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// checkAccount compares the account of a seal with what was counted up to it.
func (c *census) checkAccount(s *seal) {
	at, a := s.sealPath(evidence.AccountFile), s.account
	conversations := c.known
	conversations.Excluded += c.strange.excluded
	conversations.Unavailable += c.strange.unavailable
	gaps := conversations.Unavailable
	for _, lane := range c.lanes {
		gaps += lane.gaps
	}
	surveyed := conversations.Batched + conversations.Excluded + conversations.Unavailable
	for _, n := range []struct {
		what       string
		told, have int64
	}{
		{"conversations surveyed", a.Conversations.Surveyed, surveyed},
		{"conversations in bags", a.Conversations.Batched, conversations.Batched},
		{"conversations excluded", a.Conversations.Excluded, conversations.Excluded},
		{"conversations unavailable", a.Conversations.Unavailable, conversations.Unavailable},
		{"recordings listed by Genesys Cloud", a.Listed, c.listed},
		{"bags", a.Bags, c.bags}, {"files", a.Files, c.files}, {"bytes", a.Bytes, c.bytes}, {"gaps", a.Gaps, gaps},
	} {
		c.checkNumber(at, n.what, n.told, n.have)
	}
	c.judgeRecordings(at, a)
	c.judgeLanes(at, a)
	c.judgeReferenced(at, a)
	for _, check := range a.Checks {
		if !check.IsEqual || check.Left != check.Right {
			c.fault(Account, at, "does not add up: %s: %d is not %d", cut(check.Says), check.Left, check.Right)
		}
	}
}

func (c *census) checkNumber(at, what string, told, have int64) {
	if told != have {
		c.fault(Account, at, "states %d %s, but the bags and seals contain %d", told, what, have)
	}
}

func (c *census) judgeRecordings(at string, a evidence.Account) {
	told := map[group]tally{}
	for _, r := range a.Recordings {
		g := group{string(r.Lane), string(r.Medium)}
		if _, twice := told[g]; twice {
			c.fault(Account, at, "counts recordings of lane %s and medium %s twice", cut(g.lane), cut(g.medium))
		}
		told[g] = tally{r.Exported, r.Excluded, r.Unavailable}
		if c.counts[g] == nil {
			c.counts[g] = &tally{}
		}
	}
	for g, have := range c.counts {
		of := "recordings of lane " + cut(g.lane) + " and medium " + cut(g.medium) + " "
		c.checkNumber(at, of+"exported", told[g].exported, have.exported)
		c.checkNumber(at, of+"excluded", told[g].excluded, have.excluded)
		c.checkNumber(at, of+"unavailable", told[g].unavailable, have.unavailable)
	}
}

func (c *census) judgeLanes(at string, a evidence.Account) {
	told := map[string]laneTally{}
	for _, l := range a.Lanes {
		told[string(l.Lane)] = laneTally{l.Bags, l.Files, l.Bytes, l.Gaps}
		c.lane(string(l.Lane))
	}
	for name, have := range c.lanes {
		of := " of lane " + cut(name)
		c.checkNumber(at, "bags"+of, told[name].bags, have.bags)
		c.checkNumber(at, "files"+of, told[name].files, have.files)
		c.checkNumber(at, "bytes"+of, told[name].bytes, have.bytes)
		c.checkNumber(at, "gaps"+of, told[name].gaps, have.gaps)
	}
}
