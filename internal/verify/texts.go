package verify

import (
	"bytes"
	"encoding/json"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/report"
)

// The texts of a seal that follow from its account and tables.
const (
	certification = "certification.txt"
	reportPage    = "report.html"
)

// mostReports bounds how many reports are made again, those of the last seals: each
// reads the tables of all seals up to its own.
const mostReports = 12

// checkTexts makes the texts of a seal again, and compares them byte for byte. Those
// that another version of the program made may be in other words: they are counted as
// not compared.
func (c *census) checkTexts(s *seal) {
	if !s.told {
		return
	}
	if s.account.Tool.Version != c.options.Version {
		c.otherTexts++
		return
	}
	c.checkText(s, certification, evidence.Certification, compacted(s.account), s.account)
	if _, there := s.found[reportPage]; !there || s.number <= len(c.seals)-mostReports || c.isBroken(s) {
		return
	}
	c.checkText(s, reportPage, func(a evidence.Account) ([]byte, error) {
		var page bytes.Buffer
		err := report.Seal(&page, plain{c.verifier}, evidence.Reported{Account: a, Timestamped: a.Timestamped})
		return page.Bytes(), err
	}, s.account)
}

// isBroken tells whether seals or bags could not be read, of which a report is made.
func (c *census) isBroken(s *seal) bool {
	for number := 1; number <= s.number; number++ {
		if number > len(c.seals) || c.seals[number-1].number != number || !c.seals[number-1].told {
			return true
		}
	}
	return false
}

// checkText compares a text of a seal with what follows from its account, in any form
// that the account can have had when it was made.
func (c *census) checkText(s *seal, name string, made func(evidence.Account) ([]byte, error), forms ...evidence.Account) {
	if _, there := s.found[name]; !there {
		c.missed(s.at(name), "is missing")
		return
	}
	content, ok := c.read(s.at(name))
	if !ok {
		return
	}
	for _, account := range forms {
		if text, err := made(account); err == nil && bytes.Equal(text, content) {
			return
		}
	}
	c.fault(Contradiction, s.at(name), "says something else than the account and the tables of the seals: it is not what follows from them")
}

// compacted is an account whose terms stand in it without blanks between their parts,
// as they do before it is stored.
func compacted(account evidence.Account) evidence.Account {
	var out bytes.Buffer
	if json.Compact(&out, account.Export.Spec) == nil {
		account.Export.Spec = out.Bytes()
	}
	return account
}
