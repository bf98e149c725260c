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
// reads the tables of all seals up to its own. Of the others the figures are compared.
const mostReports = 12

// checkTexts makes the texts of a seal again, and compares them byte for byte. Of those
// in the words of another version only the figures can be compared: they are counted.
func (c *census) checkTexts(s *seal) {
	if !s.told {
		return
	}
	if !c.knowsTexts(s) {
		c.otherTexts++
		c.checkCertified(s)
		c.checkFigures(s)
		return
	}
	c.checkText(s, certification, evidence.Certification, compacted(s.account), s.account)
	if _, there := s.found[reportPage]; !there {
		return
	}
	if s.number <= len(c.seals)-mostReports || c.isBroken(s) {
		c.checkFigures(s)
		return
	}
	c.checkText(s, reportPage, func(a evidence.Account) ([]byte, error) {
		var page bytes.Buffer
		err := report.Seal(&page, regularFS{c.verifier}, evidence.Reported{Account: a, Timestamped: a.Timestamped})
		return page.Bytes(), err
	}, s.account)
}

// knowsTexts reports whether the texts of a seal are in the words of this program. An account
// that names a version that there is not, or another one though the same program made it, is
// a finding: it would keep the texts from being compared.
func (c *census) knowsTexts(s *seal) bool {
	at, is := s.sealPath(evidence.AccountFile), s.account.Texts
	switch {
	case is == evidence.TextsVersion:
		return true
	case is < 1:
		c.fault(Malformed, at, "does not state the version of the words of report.html and certification.txt (texts)")
	case s.account.Tool.Version == c.options.Version:
		c.fault(Contradiction, at, "states that report.html and certification.txt have the words of version %d, but version %s of the exporter uses the words of version %d", is, cut(s.account.Tool.Version), evidence.TextsVersion)
	}
	return false
}

// isBroken reports whether seals or bags could not be read, of which a report is made.
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
		c.reportMissing(s.sealPath(name), "is missing")
		return
	}
	content, ok := c.read(s.sealPath(name))
	if !ok {
		return
	}
	for _, account := range forms {
		if text, err := made(account); err == nil && bytes.Equal(text, content) {
			return
		}
	}
	c.fault(Contradiction, s.sealPath(name), "differs from the text that the account and the tables of the seals lead to")
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
