package verify

import (
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// orphanTable of a seal lists recordings that are attached to no conversation.
const orphanTable = "orphans.csv"

var orphanColumns = []string{"orphan_id", "created", "medium", "media_type", "size", "file_state", "orphan_status", "conversation_id"}

// orphans is what a seal lists of recordings that are attached to no conversation.
type orphans struct {
	*verifier
	*seal
	at string
	// before is what the former seal says of them, nil if it says nothing.
	before *evidence.OrphanAccount
	// from and until are the part of the window in which they were created.
	from, until time.Time
	there       bool
	listed      int64
	undated     int64
}

// checkOrphans compares what a seal lists of recordings that are attached to no
// conversation with its account, its log and the former seal.
func (v *verifier) checkOrphans(s *seal) {
	if n := len(v.seals); !s.told || n > 0 && !v.seals[n-1].told {
		return
	}
	o := &orphans{verifier: v, seal: s, at: s.sealPath(orphanTable), from: v.newFrom(s), until: s.account.Until}
	if n := len(v.seals); n > 0 {
		o.before = v.seals[n-1].account.Orphans
	}
	if o.before != nil && o.before.NotListed != nil {
		o.from = o.before.NotListed.From
	}
	if _, o.there = s.found[orphanTable]; o.there {
		o.readOrphanTable()
	}
	switch {
	case s.account.Orphans != nil:
		o.checkOrphanAccount(*s.account.Orphans)
	case o.before != nil:
		v.fault(Contradiction, s.sealPath(evidence.AccountFile), "does not count recordings attached to no conversation, but the previous seal does")
	case o.there || s.orphansTold.Type != "":
		v.fault(Contradiction, s.sealPath(evidence.AccountFile), "does not count recordings attached to no conversation, though the seal lists them, or its log reports them")
	}
}

// readOrphanTable reads the table.
func (o *orphans) readOrphanTable() {
	seen := map[string]int{}
	for row := range o.rows(o.at, orphanColumns...) {
		id := row.Get("orphan_id")
		if line, twice := seen[id]; twice {
			o.fault(Contradiction, o.at, "line %d lists recording %s a second time, after line %d", row.Line, cut(id), line)
		}
		seen[id] = row.Line
		o.listed++
		created := row.Get("created")
		if created == "" {
			o.undated++
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, created)
		switch {
		case err != nil:
			o.fault(Malformed, o.at, "line %d states %q as the time of creation of recording %s: this is not a time", row.Line, cut(created), cut(id))
		case at.Before(o.from) || !at.Before(o.until):
			o.fault(Coverage, o.at, "line %d lists recording %s, which was created at %s, but this seal lists those from %s until %s", row.Line, cut(id), cut(created), stamp(o.from), stamp(o.until))
		}
	}
}

// checkOrphanAccount compares the account with the table and the log.
func (o *orphans) checkOrphanAccount(told evidence.OrphanAccount) {
	at, before := o.sealPath(evidence.AccountFile), evidence.OrphanAccount{}
	if o.before != nil {
		before = *o.before
	}
	for _, n := range []struct {
		what             string
		told, before, is int64
	}{
		{"recordings attached to no conversation", told.Listed, before.Listed, o.listed},
		{"undated recordings attached to no conversation", told.Undated, before.Undated, o.undated},
	} {
		if n.told != n.before+n.is {
			o.fault(Account, at, "states %d %s, but orphans.csv of the seals so far lists %d", n.told, n.what, n.before+n.is)
		}
	}
	isNew := o.from.Before(o.until)
	switch missing := told.NotListed; {
	case missing != nil && o.there:
		o.fault(Contradiction, o.at, "lists recordings attached to no conversation, but account.json states that they are not listed")
	case missing != nil && (!missing.From.Equal(o.from) || !missing.Until.Equal(o.until) || missing.Why == ""):
		o.fault(Coverage, at, "does not state for the whole time, from %s until %s, why recordings attached to no conversation are not listed", stamp(o.from), stamp(o.until))
	case missing == nil && isNew && !o.there:
		o.reportMissing(o.at, "is missing, though account.json states that recordings attached to no conversation are listed")
	}
	if isNew {
		o.judgeLog(told)
	}
}

// tellOrphans sums up what the last account says.
func (r *Report) tellOrphans(told *evidence.OrphanAccount) {
	if told == nil {
		return
	}
	r.Orphans = told.Listed
	if told.NotListed != nil {
		r.OrphansNotListed = cut(told.NotListed.Why)
	}
}

// judgeLog compares the log with the account and the table.
func (o *orphans) judgeLog(told evidence.OrphanAccount) {
	log, e := o.sealPath(sealLog), o.orphansTold
	if told.NotListed != nil {
		if e.Type != "OrphansNotListed" || e.Details["why"] != told.NotListed.Why {
			o.fault(Contradiction, log, "does not report why recordings attached to no conversation are not listed, but account.json states it")
		}
		return
	}
	switch {
	case e.Type != "OrphansListed":
		o.fault(Contradiction, log, "does not report that recordings attached to no conversation were listed, but account.json states it")
	case e.Details["listed"] != strconv.FormatInt(o.listed, 10) || e.Details["undated"] != strconv.FormatInt(o.undated, 10):
		o.fault(Contradiction, log, "line %d reports %s recordings attached to no conversation, %s undated, but orphans.csv lists %d, %d undated", e.Sequence, cut(e.Details["listed"]), cut(e.Details["undated"]), o.listed, o.undated)
	case o.there && !o.seal.found[orphanTable].unread && e.Details["sha256"] != o.seal.found[orphanTable].sha256:
		o.fault(Altered, o.at, "was changed: line %d of %s reports it with SHA-256 %s, but it has %s", e.Sequence, log, cut(e.Details["sha256"]), o.seal.found[orphanTable].sha256)
	}
}
