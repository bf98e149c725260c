package verify

import (
	"regexp"
	"strconv"
	"strings"
)

// planStep is an event of an entry of the export's plan. The operator numbers the entries
// from 0, each seal includes some of them, and the entries that close a part of the plan
// for a seal have no event.
type planStep struct {
	kind string
	// about is what the event is about: a batch, a group of batches, the purpose of a
	// survey or the token of a retry.
	about string
	line  int
	// entry is the number of the entry, and batches how many batches it led to.
	entry, batches int64
	// seals and days are those of a retry: how many seals there were, and how many days
	// were to be surveyed again.
	seals, days int64
}

// tellStep adds an event of an entry of the plan.
func (h *exportHistory) tellStep(e event, about string) {
	st := planStep{kind: e.Type, about: about, line: e.Sequence}
	numbers := []struct {
		name string
		into *int64
	}{{"entry", &st.entry}, {"batches", &st.batches}, {"seals", &st.seals}, {"days", &st.days}}
	if e.Type != "RetryRequested" {
		numbers = numbers[:2]
	}
	for _, n := range numbers {
		count, err := strconv.ParseInt(e.Details[n.name], 10, 64)
		if err != nil || count < 0 || strconv.FormatInt(count, 10) != e.Details[n.name] {
			h.fault(Malformed, h.log, "line %d reports %s with %s: %q", e.Sequence, e.Type, n.name, cut(e.Details[n.name]))
			return
		}
		*n.into = count
	}
	h.steps = append(h.steps, st)
}

// batchPlace is the name of a batch behind that of its export: the lane, when the part
// of the window begins, the piece of it from 2 on, and the entry of the plan that led to
// it, if that is not the first survey of its day (package slicing makes these names).
var batchPlace = regexp.MustCompile(`^(standard|legalhold|legalholdscreen|isolated)-(\d{8}t\d{6}z)(-[1-9]\d*)?(?:-d([1-9]\d*))?$`)

// batchName is what the name of a batch says.
type batchName struct {
	lane, start string
	// rest is the name behind the lane.
	rest string
	// entry is the entry of the plan that led to it, 0 if a first survey did.
	entry int64
}

// nameOf reads the name of a batch.
func (v *verifier) nameOf(batch string) (n batchName, ok bool) {
	place, mine := strings.CutPrefix(batch, v.record.Name+"-")
	parts := batchPlace.FindStringSubmatch(place)
	if !mine || parts == nil {
		return n, false
	}
	n = batchName{lane: parts[1], start: parts[2], rest: strings.TrimPrefix(place, parts[1]+"-")}
	if parts[4] == "" {
		return n, true
	}
	var err error
	n.entry, err = strconv.ParseInt(parts[4], 10, 64)
	return n, err == nil
}
