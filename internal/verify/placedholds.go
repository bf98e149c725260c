package verify

import (
	"maps"
	"slices"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// heldRows counts conversations of a bag that are under legal hold by the last answer:
// those of which the tables show it, and those of which only the operator may have had a
// later answer, because another seal accounts for them.
type heldRows struct{ shown, possible int64 }

// checkPlaced compares the events about stored files that were put under legal hold
// (LegalHoldPlaced) with the answers about legal holds. Where a destination can put
// files under legal hold, all bags of the lanes Standard and Isolated that need it are told
// of; which destination can do so is nowhere in an archive.
func (c *census) checkPlaced(s *seal) {
	h := s.history
	if len(h.placed) == 0 {
		return
	}
	held, again := c.heldIn(s)
	told := map[string]bool{}
	for _, e := range h.placed {
		name := e.Details["bag"]
		b := c.verifier.bags[name]
		files, err := strconv.ParseInt(e.Details["files"], 10, 64)
		switch {
		case b == nil:
			c.fault(Contradiction, h.log, "line %d reports that files of bag %s were put under legal hold, but there is no such bag", e.Sequence, cut(name))
			continue
		case told[name]:
			c.fault(Contradiction, h.log, "line %d reports a second time that files of bag %s were put under legal hold", e.Sequence, cut(name))
		case err != nil || files < 1 || files > b.all:
			c.fault(Contradiction, h.log, "line %d reports that %q files of bag %s were put under legal hold, but it contains %d", e.Sequence, cut(e.Details["files"]), cut(name), b.all)
		}
		told[name] = true
		want, isNew := held[name]
		if !isNew && c.isEarlier(s, name) {
			want = heldRows{min(again, 1), again}
		}
		if n, err := strconv.ParseInt(e.Details["conversations"], 10, 64); err != nil || n < max(want.shown, 1) || n > want.shown+want.possible {
			c.fault(Contradiction, h.log, "line %d reports that files of %q conversations of bag %s were put under legal hold, but by the tables %d were", e.Sequence, cut(e.Details["conversations"]), cut(name), want.shown)
		}
	}
	c.checkPlacedAll(s, held, told)
}

// checkPlacedAll checks that the log reports all bags with conversations under legal hold.
func (c *census) checkPlacedAll(s *seal, held map[string]heldRows, told map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(held)) {
		if held[name].shown > 0 && !told[name] {
			c.fault(Contradiction, s.history.log, "does not report that files of bag %s were put under legal hold (LegalHoldPlaced), but does so for other bags", name)
		}
	}
}

// isEarlier reports whether a bag is in a seal before, and its lane contains conversations
// whether or not they are under legal hold.
func (c *census) isEarlier(s *seal, name string) bool {
	b := c.verifier.bags[name]
	_, mine := s.order[name]
	return b.seals > 0 && isMixed(b.info["Lane"]) && !mine
}

// isMixed reports whether a lane contains conversations whether or not they are under legal
// hold.
func isMixed(lane string) bool { return lane == string(slicing.Standard) || lane == isolatedLane }

// heldIn counts, by bag, the conversations of a seal that are under legal hold and stay
// in a bag whose lane is not for such ones alone. again is how many of them may be in
// bags of seals before, too.
func (c *census) heldIn(s *seal) (held map[string]heldRows, again int64) {
	held = map[string]heldRows{}
	for l := range c.lines(s, evidence.ConversationsTable, conversationColumns) {
		if !isMixed(l.lane) || l.Row.Get("disposition") == string(evidence.Excluded) {
			continue
		}
		id := l.Row.Get("conversation_id")
		answer, shown := c.page.sealing[id]
		if !shown {
			answer = lastHeld(l.Row) == "true"
		}
		rows := held[l.bag]
		switch mayDiffer := !shown && s.history.reviewed(startDay(l.Row.Get("start")), l.Row); {
		case mayDiffer:
			rows.possible++
		case answer:
			rows.shown++
		default:
			continue
		}
		held[l.bag] = rows
		if l.Row.Get("retried") == "true" || l.Row.Get("home") != "true" {
			again++
		}
	}
	return held, again
}
