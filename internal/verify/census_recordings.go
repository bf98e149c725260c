package verify

import (
	"crypto/sha256"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

type recordingKey [16]byte

// recordingState is what became of a recording so far, and in which group.
type recordingState struct {
	unavailable bool
	group       uint16
}

// indexed is a line of a bag's index.csv, with what it says.
type indexed struct {
	Row
	at, lane string
	// name is the recording's, with its conversation's, and key stands for it.
	conversation, name string
	key                recordingKey
	// gone tells that the recording is isolated, isValid that its id is one.
	retried, gone, isValid bool
	// parts are the numbers of its files in the bag, if it is isolated.
	parts []string
}

// plain reports whether the line is the only one of its bag about the recording.
func (l indexed) plain() bool { return l.isValid && l.Get("reason") != evidence.ReasonDuplicateID }

// record adds a line of a bag's index.csv.
func (c *census) record(b *bag, row Row, lane string) {
	conversation, id := row.Get("conversation_id"), row.Get("recording_id")
	l := indexed{
		Row: row, at: b.bagPath(evidence.IndexTable), lane: lane, conversation: conversation, name: conversation + "/" + id,
		retried: row.Get("retried") == "true", gone: isIsolated(row), isValid: genesys.ValidID(id),
	}
	l.parts = b.parts[l.name]
	if l.retried {
		c.page.retried[b.name] = l.at
	}
	digest := sha256.Sum256([]byte(l.name))
	l.key = recordingKey(digest[:16])
	g, state := group{lane, row.Get("medium")}, c.conversations[conversation]
	before, twice := c.recordings[l.key]
	c.checkRecord(l, before, twice)
	replaces := l.retried && before.unavailable
	if replaces {
		c.countRecordings(c.groups[before.group], string(evidence.Unavailable), -1)
	}
	delete(c.left, l.key)
	if l.gone {
		c.addLeft(l)
	} else {
		c.countRecordings(g, row.Get("disposition"), 1)
	}
	if row.Get("disposition") == string(evidence.Unavailable) && slices.Contains(hopelessReasons, row.Get("reason")) {
		c.hopeless++
	}
	switch {
	case !l.gone && !l.retried:
		state.found++
	case l.gone && replaces: // the line of its isolated bag replaces none
		state.found--
	}
	if l.plain() {
		c.recordings[l.key] = recordingState{unavailable: row.Get("disposition") == string(evidence.Unavailable), group: c.group(g)}
	}
	c.conversations[conversation] = state
}

// hopelessReasons are reasons of recordings that no retry can export.
var hopelessReasons = []string{evidence.ReasonInvalidID, evidence.ReasonUnknownMedium}

// checkRecord checks that a line may account for a recording, of which before is
// known if it is not the first one about it.
func (c *census) checkRecord(l indexed, before recordingState, twice bool) {
	from, left := c.left[l.key]
	c.checkFound(l, from)
	switch {
	case l.retried && !before.unavailable:
		c.fault(Contradiction, l.at, "line %d replaces the line of an earlier bag about recording %s, but no bag states that it was unavailable", l.Line, cut(l.name))
	case l.retried:
		c.staysInLane(l.at, l.Row, "recording "+l.name, c.groups[before.group].lane, l.lane)
	case left:
		c.addArrival(l, from)
	case twice && l.plain():
		c.fault(Contradiction, l.at, "line %d accounts for recording %s, which another line already accounts for", l.Line, cut(l.name))
	case l.lane == isolatedLane && c.conversations[l.conversation].lane != isolatedLane:
		c.fault(Contradiction, l.at, "line %d accounts for recording %s in lane %s, but no earlier bag states that it was isolated", l.Line, cut(l.name), isolatedLane)
	}
}
