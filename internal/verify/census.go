package verify

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// census follows, from seal to seal and bag to bag, what became of every
// conversation and recording, and counts again what the accounts say.
type census struct {
	*verifier
	conversations map[string]conversationState
	// recordings by digest: of an id of 72 letters, 16 bytes are kept.
	recordings map[recordingKey]recordingState
	isolation
	// page is what the seal in hand lists, holds is when legal holds were queried.
	page  page
	holds holdTimes
	// plan is what the logs say about the plan of the export.
	plan planned
	// hopeless counts lines about what no retry can export: it has no valid id, or its
	// medium is not known.
	hopeless int64
	// lost counts conversations that the scope names and Genesys Cloud does not know.
	lost int64
	// otherTexts is how many seals contain texts of another version of the program.
	otherTexts int
	groups     []group
	counts     map[group]*tally
	lanes      map[string]*laneTally
	// known counts the conversations that lines account for.
	known evidence.ConversationAccount
	// strange are conversations with invalid ids, by what became of them.
	strange tally
	listed  int64
	files   int64
	bytes   int64
	bags    int64
	// referenced is what is outside the archive, by bucket.
	referenced map[string]referencedTally
}

// conversationState is what became of a conversation so far.
type conversationState struct {
	// known tells that a line accounts for it; without it is only mentioned, by
	// the lane that it left or another of its lanes, in bag mentioned.
	known     bool
	mentioned string
	// stays tells that a bag of another lane than Isolated lists it without saying
	// that it left.
	stays bool
	// lane of the bag that accounts for it, empty if it is in none.
	lane        string
	disposition evidence.Disposition
	// listed is how many recordings Genesys Cloud listed, found of how many there are lines.
	listed, found int64
}

// isOpen reports whether the conversation is accounted for as one that had not ended: a
// retry may have found its end, and then another line accounts for it.
func (s conversationState) isOpen() bool {
	return s.known && s.lane == "" && s.disposition == evidence.Unavailable
}

// group is what recordings are counted by.
type group struct{ lane, medium string }

type laneTally struct{ bags, files, bytes, gaps int64 }

func newCensus(v *verifier) *census {
	return &census{
		verifier: v, conversations: map[string]conversationState{}, recordings: map[recordingKey]recordingState{},
		isolation: newIsolation(), referenced: map[string]referencedTally{}, counts: map[group]*tally{}, lanes: map[string]*laneTally{}, plan: newPlanned(),
	}
}

// takeSeal adds a seal: its tables against its bags, its bags' lines into the
// numbers, and the numbers against its account.
func (c *census) takeSeal(s *seal) {
	c.beginPage(s)
	for _, line := range s.bags {
		c.takeBag(s, line)
	}
	c.compareConversations(s)
	c.compareRecordings(s)
	c.compareRetention(s)
	c.checkExportHistory(s)
	c.checkRepeats(s)
	c.checkCoverageParts(s)
	c.checkTexts(s)
	if s.told {
		c.checkAccount(s)
		c.checkSums(s)
	}
}

// takeBag compares a line of bags.csv with the bag.
func (c *census) takeBag(s *seal, line Row) {
	at, name := s.sealPath(bagTable), line.Get("bag")
	b, there := c.verifier.bags[name]
	if !there {
		c.reportMissing(evidence.BagFolder(name), "is missing, though seal %d contains this bag", s.number)
		return
	}
	if b.seals++; b.seals > 1 {
		c.fault(Contradiction, at, "line %d lists bag %s, which an earlier line or seal already lists", line.Line, name)
	}
	if sealed := line.Get("tagmanifest_sha256"); b.digest != "" && b.digest != sealed {
		c.fault(Altered, b.bagPath(tagManifest), "was changed after seal %d was made: it was sealed with SHA-256 %s, but has %s", s.number, cut(sealed), b.digest)
	}
	for _, n := range []struct {
		column string
		have   int64
	}{
		{"exported", b.counts.exported}, {"excluded", b.counts.excluded}, {"unavailable", b.counts.unavailable},
		{"files", b.files}, {"bytes", b.bytes},
	} {
		if line.Get(n.column) != decimal(n.have) {
			c.fault(Contradiction, at, "line %d states %s %s for bag %s, but it has %d", line.Line, cut(line.Get(n.column)), n.column, name, n.have)
		}
	}
	if lane := b.info["Lane"]; lane != "" && lane != line.Get("lane") {
		c.fault(Contradiction, at, "line %d states lane %s for bag %s, but its bag-info.txt states %s", line.Line, cut(line.Get("lane")), name, lane)
	}
	if from, until := formatTime(b.from), formatTime(b.until); line.Get("start") != from || line.Get("end") != until {
		c.fault(Contradiction, at, "line %d states that bag %s covers the window from %s to %s, but its bag-info.txt states %s/%s", line.Line, name, cut(line.Get("start")), cut(line.Get("end")), from, until)
	}
	lane := c.lane(line.Get("lane"))
	lane.bags++
	lane.files += b.files
	lane.bytes += b.bytes
	c.bags++
	c.files += b.files
	c.bytes += b.bytes
	c.addReferenced(b)
}

func (c *census) lane(name string) *laneTally {
	if c.lanes[name] == nil {
		c.lanes[name] = &laneTally{}
	}
	return c.lanes[name]
}

// inBag adds a line of a bag's conversations.csv.
func (c *census) inBag(at string, row Row, lane string) {
	id, home := row.Get("conversation_id"), row.Get("home") == "true"
	now := c.conversations[id]
	if !home {
		if now.mentioned == "" {
			now.mentioned = at
		}
		now.stays = now.stays || c.addMoved(at, row, lane)
		c.conversations[id] = now
		return
	}
	gone := now.known && now.lane != "" && now.disposition == evidence.Unavailable
	c.checkHome(at, row, lane, now)
	if gone {
		c.lane(now.lane).gaps--
	}
	c.countKnown(now, -1)
	now.known, now.lane, now.disposition = true, lane, evidence.Disposition(row.Get("disposition"))
	now.listed += row.number("recordings")
	c.listed += row.number("recordings")
	if now.disposition == evidence.Unavailable {
		c.lane(lane).gaps++
	}
	c.countKnown(now, 1)
	c.conversations[id] = now
}

// checkHome checks that a line of a bag may account for a conversation, of which
// before is known.
func (c *census) checkHome(at string, row Row, lane string, before conversationState) {
	id, retried := row.Get("conversation_id"), row.Get("retried") == "true"
	gone := before.known && before.lane != "" && before.disposition == evidence.Unavailable
	switch {
	case retried && !gone:
		c.fault(Contradiction, at, "line %d replaces the line of an earlier bag about conversation %s, but no bag states that it was unavailable", row.Line, cut(id))
	case !retried && before.known && !before.isOpen():
		c.fault(Contradiction, at, "line %d accounts for conversation %s, which another line already accounts for", row.Line, cut(id))
	case retried:
		c.staysInLane(at, row, "conversation "+id, before.lane, lane)
	case lane == isolatedLane:
		c.homes[id] = place{at, row.Line}
	}
}

// inNoBag adds a line of a seal about a conversation that is in no bag.
func (c *census) inNoBag(at string, row Row) {
	id := row.Get("conversation_id")
	if !genesys.ValidID(id) {
		c.strange.add(row.Get("disposition"), 1)
		return
	}
	now := c.conversations[id]
	// One that had not ended may be outside of the export's scope once it has.
	if now.known && !now.isOpen() {
		c.fault(Contradiction, at, "line %d accounts for conversation %s, which another line already accounts for", row.Line, id)
	}
	c.countKnown(now, -1)
	now.known, now.lane, now.disposition = true, "", evidence.Disposition(row.Get("disposition"))
	c.countKnown(now, 1)
	c.conversations[id] = now
}

// countKnown counts what accounts for a conversation, if anything does, or no longer.
func (c *census) countKnown(state conversationState, n int64) {
	switch {
	case !state.known:
	case state.lane != "":
		c.known.Batched += n
	case state.disposition == evidence.Excluded:
		c.known.Excluded += n
	default:
		c.known.Unavailable += n
	}
}

// group is the number of a group.
func (c *census) group(g group) uint16 {
	i := slices.Index(c.groups, g)
	if i < 0 {
		i = len(c.groups)
		c.groups = append(c.groups, g)
	}
	return uint16(i) //nolint:gosec // four lanes and six media; a forged archive only miscounts
}

func (c *census) countRecordings(g group, disposition string, n int64) {
	if c.counts[g] == nil {
		c.counts[g] = &tally{}
	}
	c.counts[g].add(disposition, n)
	if disposition == string(evidence.Unavailable) {
		c.lane(g.lane).gaps += n
	}
}

func (c *census) total() tally {
	var sum tally
	for _, t := range c.counts {
		sum.exported += t.exported
		sum.excluded += t.excluded
		sum.unavailable += t.unavailable
	}
	return sum
}

// checkComplete checks that nothing is left over once all seals are added.
func (c *census) checkComplete() {
	for id, state := range c.conversations {
		switch {
		case !state.known:
			c.fault(Coverage, state.mentioned, "states that conversation %s is in another bag, but no bag accounts for it", cut(id))
		case state.listed != state.found:
			c.fault(Coverage, "seals", "account for %d recordings of conversation %s, but Genesys Cloud listed %d", state.found, cut(id), state.listed)
		}
	}
	c.closeIsolation()
	c.closePlan()
	c.checkNamed()
	for name, b := range c.verifier.bags {
		if b.seals == 0 && !c.options.Running && c.knowsBags() {
			c.fault(Unsealed, b.folder, "is in no seal: nothing shows that bag %s belongs in this archive", name)
		}
	}
}

// knowsBags reports whether everything could be read that says which bags are sealed.
func (c *census) knowsBags() bool {
	if c.isUnlisted("seals") {
		return false
	}
	for _, s := range c.seals {
		if !c.wasRead(s.sealPath(bagTable)) || c.isUnlisted(s.folder) {
			return false
		}
	}
	return true
}

// outside reports whether a conversation began outside of what a seal covers.
func outside(s *seal, start string) bool {
	at, err := time.Parse(time.RFC3339Nano, start)
	return err == nil && s.told && (at.Before(s.account.From) || !at.Before(s.account.Until))
}
