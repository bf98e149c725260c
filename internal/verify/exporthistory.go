package verify

import (
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// exportHistory is what a seal's log tells, by what it is about.
type exportHistory struct {
	*verifier
	log    string
	counts map[string]int
	// opened is the first event that reports a beginning, first, last and sealed when
	// anything happened, and when the export was sealed.
	opened              event
	first, last, sealed time.Time
	surveys             []survey
	// days are what the surveys of each day tell together.
	days map[string]surveyedDay
	// drifted are the conversations whose legal hold was another at sealing, with the
	// answer then.
	drifted map[string]event
	// steps are the events of entries of the plan: surveys, and what they and batches led to.
	steps    []planStep
	compared event
	// placed are those that files were put under legal hold, keyChanges those that the key
	// that signs changed.
	placed, keyChanges []event
}

// survey is what a log says about a survey of a day.
type survey struct {
	line                                                 int
	at                                                   time.Time
	day, purpose, heldAt                                 string
	conversations, deferred, open, refused, holdsUnknown int64
	// outOfScope is how many are not in the scope of the export.
	outOfScope int64
	// notFound and outsideWindow are how many the scope names that are in no day.
	notFound, outsideWindow int64
}

// surveyedDay is what the surveys of a day tell together.
type surveyedDay struct {
	// first is how many first surveys there are, and reviewed reports a review.
	first    int
	reviewed bool
	// answered is when the last review asked that knows the legal holds of all
	// conversations, and open when the last survey was made that found one open; zero if none.
	answered, open time.Time
}

// sealEvents are the types of the events of a seal's log.
var sealEvents = []string{
	"ArchiveBegun", "FormerSeal", evidence.ArchiveTakenOver, evidence.SigningKeyChanged, evidence.ArtifactKeyReplaced, "DaySurveyed", "ConversationsMoved", "BatchSplit", "RecordingsIsolated",
	"ConversationsIsolated", "RetryRequested", "SecondSourceCompared", "OrphansListed", "OrphansNotListed", "LegalHoldPlaced", "HoldChanged",
	"ExportSealed",
}

// purposes of a survey.
const firstSurvey, reviewSurvey, retrySurvey = "First", "Review", "Retry"

var purposes = []string{firstSurvey, "Deferred", reviewSurvey, retrySurvey}

func newExportHistory(v *verifier, log string) *exportHistory {
	return &exportHistory{verifier: v, log: log, counts: map[string]int{}, drifted: map[string]event{}, days: map[string]surveyedDay{}}
}

// takeSealEvent adds an event.
func (h *exportHistory) takeSealEvent(e event) {
	if !slices.Contains(sealEvents, e.Type) {
		h.fault(Malformed, h.log, "line %d reports %q, which is not an event of an export", e.Sequence, cut(e.Type))
		return
	}
	h.counts[e.Type]++
	if h.first.IsZero() {
		h.first = e.Time
	}
	h.last = e.Time
	switch e.Type {
	case "ArchiveBegun", "FormerSeal":
		h.opened = e
	case "ExportSealed":
		h.sealed = e.Time
	case "DaySurveyed":
		h.tellSurvey(e)
		h.tellStep(e, e.Details["purpose"])
	case "HoldChanged":
		id := e.Details["conversation"]
		if _, twice := h.drifted[id]; twice {
			h.fault(Contradiction, h.log, "line %d reports a second time that the legal hold of conversation %s changed", e.Sequence, cut(id))
		}
		h.drifted[id] = e
	case "BatchSplit", "RecordingsIsolated":
		h.tellStep(e, e.Details["batch"])
	case "ConversationsMoved", "ConversationsIsolated":
		h.tellStep(e, e.Details["group"])
	case "RetryRequested":
		h.tellStep(e, e.Details["token"])
	case "SecondSourceCompared":
		h.compared = e
	case evidence.SigningKeyChanged:
		h.keyChanges = append(h.keyChanges, e)
	case "LegalHoldPlaced":
		h.placed = append(h.placed, e)
	}
}

// scopeCounts are the names of numbers that only surveys of a limited export tell.
var scopeCounts = [...]string{"outOfScope", "notFound", "outsideWindow"}

// tellSurvey adds a survey.
func (h *exportHistory) tellSurvey(e event) {
	s := survey{line: e.Sequence, at: e.Time, day: e.Details["day"], purpose: e.Details["purpose"], heldAt: e.Details["holdsAskedAt"]}
	for _, n := range []struct {
		name string
		into *int64
	}{
		{"conversations", &s.conversations}, {"deferred", &s.deferred}, {"open", &s.open}, {"refused", &s.refused}, {"holdsUnknown", &s.holdsUnknown},
		{scopeCounts[0], &s.outOfScope}, {scopeCounts[1], &s.notFound}, {scopeCounts[2], &s.outsideWindow},
	} {
		text, told := e.Details[n.name]
		if !told && slices.Contains(scopeCounts[:], n.name) {
			continue // none
		}
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil || count < 0 {
			h.fault(Malformed, h.log, "line %d reports a survey with %s: %q", e.Sequence, n.name, cut(e.Details[n.name]))
		}
		*n.into = count
	}
	if !slices.Contains(purposes, s.purpose) {
		h.fault(Malformed, h.log, "line %d reports a survey for an unknown purpose: %q", e.Sequence, cut(s.purpose))
	}
	held, err := time.Parse(time.RFC3339Nano, s.heldAt)
	if err != nil {
		h.fault(Malformed, h.log, "line %d reports %q as the time of the query for legal holds: this is not a time", e.Sequence, cut(s.heldAt))
	} else if before(held, s.at) {
		h.fault(Contradiction, h.log, "line %d reports a query for legal holds at %s, before the survey at %s", e.Sequence, stamp(held), stamp(s.at))
	}
	h.surveys = append(h.surveys, s)
	h.addDay(s, held)
}

// addDay adds a survey to what is known about its day. held is when it asked for legal holds.
func (h *exportHistory) addDay(s survey, held time.Time) {
	d := h.days[s.day]
	switch s.purpose {
	case firstSurvey:
		d.first++
	case reviewSurvey:
		d.reviewed = true
		if s.holdsUnknown == 0 && held.After(d.answered) {
			d.answered = held
		}
	}
	if s.open > 0 && s.at.After(d.open) {
		d.open = s.at
	}
	h.days[s.day] = d
}

// checkExportHistory compares a seal's log with the seals before and with its bags.
func (c *census) checkExportHistory(s *seal) {
	if !s.told {
		return
	}
	c.checkOpening(s)
	c.checkSealTimes(s)
	c.checkSurveys(s)
	c.checkPage(s)
	c.checkPlan(s)
	c.checkPlaced(s)
	c.checkSecond(s)
}

// checkOpening checks that a seal's log begins where the seal before ended, and
// ends with the seal.
func (c *census) checkOpening(s *seal) {
	h, want, kind, other := s.history, c.verifier.record.CreatedAt, "ArchiveBegun", "FormerSeal"
	if s.number > 1 {
		want, kind, other = time.Time{}, other, kind
		if former := c.sealOf(s.number - 1); former != nil && former.told {
			want = former.account.SealedAt
		}
	}
	switch {
	case h.counts[kind] != 1 || h.counts[other] > 0:
		c.fault(Contradiction, h.log, "reports %d times %s and %d times %s: the log of seal %d must begin with one %s", h.counts[kind], kind, h.counts[other], other, s.number, kind)
	case !want.IsZero() && !h.opened.Time.Equal(want):
		c.fault(Contradiction, h.log, "line %d reports %s at %s, but it was at %s", h.opened.Sequence, kind, stamp(h.opened.Time), stamp(want))
	}
	if n := h.counts["ExportSealed"]; n != 1 {
		c.fault(Contradiction, h.log, "reports %d times ExportSealed, which happens once", n)
	}
}

// checkSealTimes checks that nothing in a seal is reported before the export began
// or after the seal was made, and that the bags were sealed before.
func (c *census) checkSealTimes(s *seal) {
	h, begun, at := s.history, c.verifier.record.CreatedAt, s.sealPath(evidence.AccountFile)
	drawn := s.account.SealedAt
	if before(drawn, begun) {
		c.fault(Contradiction, at, "was made at %s, before the export began at %s", stamp(drawn), stamp(begun))
	}
	if before(h.first, begun) {
		c.fault(Contradiction, h.log, "reports something at %s, before the export began at %s", stamp(h.first), stamp(begun))
	}
	if before(h.sealed, h.last) {
		c.fault(Contradiction, h.log, "reports something at %s, after the export was sealed at %s", stamp(h.last), stamp(h.sealed))
	}
	if before(drawn, h.sealed) {
		c.fault(Contradiction, at, "was made at %s, but %s reports that the export was sealed at %s", stamp(drawn), h.log, stamp(h.sealed))
	}
	for _, line := range s.bags {
		if b := c.verifier.bags[line.Get("bag")]; b != nil && before(h.sealed, b.sealedAt) {
			c.fault(Contradiction, h.log, "reports that the export was sealed at %s, before bag %s, which was sealed at %s", stamp(h.sealed), b.name, stamp(b.sealedAt))
		}
	}
}
