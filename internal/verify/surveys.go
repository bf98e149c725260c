package verify

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// page is what the tables of one seal list, as far as its log has to report it.
type page struct {
	// fresh counts the conversations that are accounted for the first time, or that
	// were open before, by the day on which they started.
	fresh map[string]int64
	// open and refused count those that are in no bag, because they had not ended or
	// have no valid id.
	open    map[string]int64
	refused int64
	// outOfScope counts those that are not in the scope of the export, by day.
	outOfScope map[string]int64
	// notFound and outsideWindow count those that the scope names and that are in no day: Genesys
	// Cloud does not know them, or they did not start in the window.
	notFound, outsideWindow int64
	// retried are the bags with lines that replace those of an earlier bag, each with the
	// table that does.
	retried map[string]string
	// drifted are the conversations whose legal hold was another at sealing.
	drifted map[string]bool
	// sealing are the answers about legal holds at sealing, if files were put under legal
	// hold for the seal.
	sealing map[string]bool
}

// holdTimes is when legal holds were queried, as far as the logs tell.
type holdTimes struct {
	// surveys, by day and time, as tables show them; reviews are those of the seal in
	// hand.
	surveys, reviews map[string]bool
	// checks are those before transfer, of all bags.
	checks map[string]bool
}

// beginPage gets ready for the lines of a seal.
func (c *census) beginPage(s *seal) {
	c.page = page{fresh: map[string]int64{}, open: map[string]int64{}, outOfScope: map[string]int64{}, drifted: map[string]bool{}, sealing: map[string]bool{}, retried: map[string]string{}}
	if c.holds.surveys == nil {
		c.holds.surveys, c.holds.checks = map[string]bool{}, map[string]bool{}
		for _, b := range c.verifier.bags {
			c.holds.checks[formatTime(b.checkedAt)] = true
		}
	}
	c.holds.reviews = map[string]bool{}
	for _, survey := range s.history.surveys {
		key := survey.day + " " + survey.heldAt
		c.holds.surveys[key] = true
		if survey.purpose == reviewSurvey {
			c.holds.reviews[key] = true
		}
	}
}

// formatTime is a time as tables show it.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// startDay is the UTC day of a time in a table, empty if it is not a time.
func startDay(start string) string {
	at, err := time.Parse(time.RFC3339Nano, start)
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}

// takeBagLine adds a line of a bag's conversations.csv for the log of its seal.
func (c *census) takeBagLine(b *bag, at string, row Row, lane string) {
	id, start := row.Get("conversation_id"), row.Get("start")
	retried, home := row.Get("retried") == "true", row.Get("home") == "true"
	if retried {
		c.page.retried[b.name] = at
	}
	if home && !retried {
		c.page.fresh[startDay(start)]++
	}
	if moment, err := time.Parse(time.RFC3339Nano, start); err != nil || outsideOf(b, moment) {
		c.fault(Contradiction, at, "line %d lists conversation %s, which began at %q, but the bag covers another part of the window", row.Line, cut(id), cut(start))
	}
	c.checkAsked(at, row, lane)
}

// checkAsked checks that the logs tell when the legal hold of a conversation was
// asked for, and that one whose hold had changed before transfer has moved.
func (c *census) checkAsked(at string, row Row, lane string) {
	id, asked := row.Get("conversation_id"), row.Get("held_at_survey_time")
	isNew := row.Get("home") == "true" && row.Get("retried") != "true" && lane != isolatedLane
	surveyed := c.holds.surveys[startDay(row.Get("start"))+" "+asked]
	switch {
	case asked == "" && isNew:
		c.fault(Contradiction, at, "line %d does not state when the survey queried the legal hold of conversation %s", row.Line, cut(id))
	case asked != "" && !surveyed && !c.holds.checks[asked]:
		c.fault(Contradiction, at, "line %d states that the survey queried the legal hold of conversation %s at %s, but no log reports this", row.Line, cut(id), cut(asked))
	}
	later := row.Get("held_before_transfer")
	drifted := later != "" && later != row.Get("held_at_survey")
	mayStay := c.holds.checks[asked] || lane == isolatedLane || row.Get("disposition") == string(evidence.Excluded)
	if drifted && surveyed && !mayStay {
		c.fault(Contradiction, at, "line %d keeps conversation %s in lane %s, though its legal hold had changed before transfer: it must move to another lane", row.Line, cut(id), cut(lane))
	}
}

// outsideOf reports whether a conversation that began at a moment is of another part of
// the window than a bag.
func outsideOf(b *bag, at time.Time) bool {
	return !b.from.IsZero() && (at.Before(b.from) || !at.Before(b.until))
}

// takeSealLine adds a line of a seal's conversations.csv.
func (c *census) takeSealLine(s *seal, at string, row Row) {
	id, day := row.Get("conversation_id"), startDay(row.Get("start"))
	now, when := row.Get("held_at_sealing"), row.Get("held_at_sealing_time")
	inBag := row.Get("bag") != ""
	switch {
	case now == "" && when == "":
		if s.history.reviewed(day, row) {
			c.fault(Contradiction, at, "line %d does not state the answer of the review of %s about the legal hold of conversation %s", row.Line, day, cut(id))
		}
	case now != "true" && now != "false":
		c.fault(Malformed, at, "line %d states %q for the legal hold of conversation %s at sealing", row.Line, cut(now), cut(id))
	case !c.holds.reviews[day+" "+when]:
		c.fault(Contradiction, at, "line %d states that the legal hold of conversation %s was queried at %q for the seal, but its log does not report this", row.Line, cut(id), cut(when))
	}
	if now != "" && len(s.history.placed) > 0 {
		c.page.sealing[id] = now == "true"
	}
	if now == "" || !inBag || now == lastHeld(row) {
		return
	}
	c.page.drifted[id] = true
	if e, told := s.history.drifted[id]; !told || e.Details["held"] != now || e.Details["bag"] != row.Get("bag") {
		c.fault(Contradiction, s.history.log, "does not report that the legal hold of conversation %s changed, but line %d of %s states this", cut(id), row.Line, at)
	}
}

// lastHeld is the last answer about the legal hold of a conversation before sealing.
func lastHeld(row Row) string {
	return cmp.Or(row.Get("held_before_transfer"), row.Get("held_at_survey"))
}

// reviewed reports whether a review before a seal had to answer about the legal hold of a
// conversation that was surveyed before.
func (h *exportHistory) reviewed(day string, row Row) bool {
	asked := row.Get("held_at_survey_time")
	known, err := time.Parse(time.RFC3339Nano, asked)
	answered := h.days[day].answered
	return err == nil && !answered.IsZero() && !answered.Before(known)
}

// takeUnbatched adds a line of a seal about a conversation that is in no bag.
func (c *census) takeUnbatched(s *seal, at string, row Row) {
	id, start := row.Get("conversation_id"), row.Get("start")
	is, day := end{evidence.Disposition(row.Get("disposition")), row.Get("reason")}, startDay(start)
	if c.takeNamed(is, at, row) {
		return
	}
	var ends []end
	switch held := row.Get("held_at_survey") == "true"; {
	case !genesys.ValidID(id):
		c.page.refused++
		ends = []end{isInvalidID}
	default:
		c.page.fresh[day]++
		ends = append(ends, isOpen)
		if c.terms.leavesOut(held) {
			ends = append(ends, isLeftByHold)
		}
		if c.terms.limited {
			ends = append(ends, isOutOfScope)
		}
	}
	if c.terms.told && !slices.Contains(ends, is) {
		c.fault(Contradiction, at, "line %d states that conversation %s, which is in no bag, is %s, but its possible dispositions are: %s", row.Line, cut(id), cut(is.String()), oneOf(ends))
	}
	switch asked := row.Get("held_at_survey_time"); is {
	case isOpen:
		c.page.open[day]++
		c.checkOpen(s, at, row)
	case isOutOfScope:
		c.page.outOfScope[day]++
	case isLeftByHold:
		if !c.holds.surveys[day+" "+asked] {
			c.fault(Contradiction, at, "line %d states that the survey queried the legal hold of conversation %s at %q, but no log reports this", row.Line, cut(id), cut(asked))
		}
	}
}

// checkOpen checks that a conversation that had not ended was waited for as long
// as the terms say.
func (c *census) checkOpen(s *seal, at string, row Row) {
	start, err := time.Parse(time.RFC3339Nano, row.Get("start"))
	late := start.Add(c.terms.openDeadline)
	if open := s.history.days[startDay(row.Get("start"))].open; err != nil || open.IsZero() || before(open, late) {
		c.fault(Contradiction, at, "line %d states that conversation %s is open, but no survey after the deadline %s reports this", row.Line, cut(row.Get("conversation_id")), stamp(late))
	}
}

// checkSurveys checks that each day that is new in a seal was surveyed when it had
// settled, and again before it was sealed, and that the surveys found what is listed.
func (c *census) checkSurveys(s *seal) {
	h := s.history
	var found, open, outOfScope = map[string]int64{}, map[string]int64{}, map[string]int64{}
	var refused int64
	for _, survey := range h.surveys {
		found[survey.day] += survey.conversations + survey.open + survey.outOfScope
		open[survey.day] += survey.open
		outOfScope[survey.day] += survey.outOfScope
		refused += survey.refused
		day, err := time.Parse(time.DateOnly, survey.day)
		if err != nil || day.Before(s.account.From.UTC().Truncate(24*time.Hour)) || !day.Before(s.account.Until) {
			c.fault(Contradiction, h.log, "line %d reports a survey of %q, but the seals do not cover it", survey.line, cut(survey.day))
			continue
		}
		if survey.purpose == firstSurvey {
			c.checkSettled(s, survey, day)
		}
	}
	since := s.account.From
	if s.number > 1 {
		since = c.coveredBefore(s)
	}
	c.checkNewDays(s, since)
	c.compareFound(s, found, open, refused)
	c.compareScope(s, outOfScope)
	c.compareNamed(s)
}

// checkNewDays checks that each day since a time was surveyed for the first time once,
// and reviewed.
func (c *census) checkNewDays(s *seal, since time.Time) {
	h := s.history
	for name, day := range h.days { // those that no log reports are reported with the coverage
		d, err := time.Parse(time.DateOnly, name)
		begins := since.UTC().Truncate(24 * time.Hour)
		if err != nil || d.Before(begins) || !d.Before(s.account.Until) || !since.Before(s.account.Until) || d.Before(since) && s.number > 1 {
			continue
		}
		if day.first != 1 {
			c.fault(Contradiction, h.log, "reports %d first surveys of %s, but each day has one", day.first, name)
		}
		if !day.reviewed {
			c.fault(Contradiction, h.log, "does not report a review of %s before it was sealed (Review)", name)
		}
	}
}

// coveredBefore is up to when the seal before covers the window.
func (c *census) coveredBefore(s *seal) time.Time {
	if former := c.sealOf(s.number - 1); former != nil && former.told {
		return former.account.Until
	}
	return s.account.Until
}

// checkSettled checks that a day was surveyed when it had settled.
func (c *census) checkSettled(s *seal, survey survey, day time.Time) {
	end := day.Add(24 * time.Hour)
	if s.account.Until.Before(end) {
		end = s.account.Until
	}
	if settled := end.Add(c.terms.settleAfter); before(survey.at, settled) {
		c.fault(Contradiction, s.history.log, "line %d reports a survey of %s at %s, before the day had settled at %s", survey.line, survey.day, stamp(survey.at), stamp(settled))
	}
}

// compareFound compares how many conversations the surveys found with the lines.
func (c *census) compareFound(s *seal, found, open map[string]int64, refused int64) {
	days := map[string]bool{}
	for _, counted := range []map[string]int64{found, open, c.page.fresh, c.page.open} {
		for day := range counted {
			days[day] = true
		}
	}
	for day := range days {
		if found[day] != c.page.fresh[day] {
			c.fault(Contradiction, s.history.log, "reports that the surveys of %q found %d conversations, but the seal and its bags list %d", cut(day), found[day], c.page.fresh[day])
		}
		if open[day] != c.page.open[day] {
			c.fault(Contradiction, s.history.log, "reports that %d conversations of %q had not ended, but conversations.csv lists %d", open[day], cut(day), c.page.open[day])
		}
	}
	if refused != c.page.refused {
		c.fault(Contradiction, s.history.log, "reports %d conversations with invalid ids, but conversations.csv lists %d", refused, c.page.refused)
	}
}

// compareScope compares how many conversations the surveys left out with the lines.
func (c *census) compareScope(s *seal, told map[string]int64) {
	days := maps.Clone(told)
	maps.Copy(days, c.page.outOfScope)
	for day := range days {
		if told[day] != c.page.outOfScope[day] {
			c.fault(Contradiction, s.history.log, "reports that %d conversations of %q are not in scope, but conversations.csv lists %d", told[day], cut(day), c.page.outOfScope[day])
		}
	}
}

// checkPage compares what else the lines of a seal show with its log.
func (c *census) checkPage(s *seal) {
	h := s.history
	for id, e := range h.drifted {
		if !c.page.drifted[id] {
			c.fault(Contradiction, h.log, "line %d reports that the legal hold of conversation %s changed, but conversations.csv differs", e.Sequence, cut(id))
		}
	}
}
