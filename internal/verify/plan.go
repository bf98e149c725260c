package verify

import (
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// planned is what the logs of the seals so far say about the plan.
type planned struct {
	// next is the number of the first entry that the next seal includes, and judged the
	// seal up to which that is known.
	next   int64
	judged int
	// seen are the numbers of entries, each with the log that reports it.
	seen map[int64]string
	// days is how many days retries had surveyed again, and surveys how often logs tell
	// of such a survey.
	days, surveys int64
}

func newPlanned() planned { return planned{seen: map[int64]string{}} }

// part is the part of the plan that a seal includes.
type part struct {
	*census
	seal *seal
	log  string
	// steps by the number of their entries.
	steps map[int64]planStep
	// led is how many batches of each entry there are, those that were cut in two
	// included. Those of first surveys count as 0.
	led map[int64]int64
	// left are the groups whose conversations are in other bags, by what the logs call
	// it, each with a table that says so.
	left map[string]map[string]string
	// told is what the log says about groups and batches, each with the number of its entry.
	told map[string]int64
}

// checkPlan compares what the log of a seal says about the plan with its bags, both ways:
// each bag and each batch that was cut in two is of an entry, each entry led to as many as
// it says, what left a bag has an entry, and what entries report is in the tables.
func (c *census) checkPlan(s *seal) {
	p := part{
		census: c, seal: s, log: s.history.log, steps: map[int64]planStep{}, led: map[int64]int64{}, told: map[string]int64{},
		left: map[string]map[string]string{"ConversationsMoved": {}, "ConversationsIsolated": {}},
	}
	p.addSteps()
	p.place()
	p.checkBatchCounts()
	p.checkLeft()
	p.checkRetry()
	s.hopeless = c.hopeless + c.lost + c.strange.unavailable
}

// addSteps adds the steps, each of which has a number of its own. Of a window with an
// end, a seal includes all entries since the one that closed the part of the plan before.
func (p *part) addSteps() {
	for _, st := range p.seal.history.steps {
		if log, twice := p.plan.seen[st.entry]; twice {
			p.fault(Contradiction, p.log, "line %d reports entry %d of the plan, which %s already reports", st.line, st.entry, log)
		}
		p.plan.seen[st.entry] = p.log
		p.steps[st.entry] = st
		if st.kind == "DaySurveyed" || st.kind == "RetryRequested" {
			continue
		}
		if _, twice := p.told[st.kind+" "+st.about]; twice {
			p.fault(Contradiction, p.log, "line %d reports %s of %s a second time", st.line, st.kind, cut(st.about))
		}
		p.told[st.kind+" "+st.about] = st.entry
	}
	if p.terms.endless || !p.terms.told {
		return
	}
	numbers := sortedKeys(p.steps)
	next := p.plan.next
	if p.plan.judged != p.seal.number-1 && len(numbers) > 0 {
		next = numbers[0] // a seal before is missing, or its account cannot be read
	}
	for _, number := range numbers {
		if number != next {
			p.fault(Contradiction, p.log, "line %d reports entry %d of the plan, but the next one is %d: an event was removed or added", p.steps[number].line, number, next)
			next = number
		}
		next++
	}
	p.plan.next, p.plan.judged = next+1, p.seal.number // the entry in between closes this part
}

func sortedKeys(steps map[int64]planStep) []int64 {
	keys := make([]int64, 0, len(steps))
	for key := range steps {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// place finds the entry of each bag, and of each batch that was cut in two.
func (p *part) place() {
	for _, line := range p.seal.bags {
		name := line.Get("bag")
		says, ok := p.nameOf(name)
		start, err := time.Parse(time.RFC3339Nano, line.Get("start"))
		if !ok || err != nil || says.lane != strings.ToLower(line.Get("lane")) || says.start != strings.ToLower(start.UTC().Format("20060102T150405Z")) {
			p.fault(Contradiction, p.seal.sealPath(bagTable), "line %d lists bag %s of lane %s and the window from %s: such a batch has another name", line.Line, cut(name), cut(line.Get("lane")), cut(line.Get("start")))
			continue
		}
		p.lead(says, name, p.seal.sealPath(bagTable))
		p.depart(name)
	}
	for _, st := range p.seal.history.steps {
		if st.kind != "BatchSplit" {
			continue
		}
		says, ok := p.nameOf(st.about)
		switch {
		case p.verifier.bags[st.about] != nil:
			p.fault(Contradiction, p.log, "line %d reports that batch %s was cut in two, but there is a bag of it", st.line, cut(st.about))
		case !ok || says.entry >= st.entry:
			p.fault(Contradiction, p.log, "line %d reports that batch %s was cut in two, but this is not a name of a batch", st.line, cut(st.about))
		default:
			p.lead(says, st.about, p.log)
		}
	}
}

// leads are the kinds of events that lead to batches of the lane Isolated, and of the
// other lanes.
var leads = map[bool][]string{
	true:  {"ConversationsIsolated", "RecordingsIsolated", "RetryRequested", "BatchSplit"},
	false: {"DaySurveyed", "ConversationsMoved", "RetryRequested", "BatchSplit"},
}

// lead counts a batch with the entry that led to it. at is where the batch is named.
func (p *part) lead(name batchName, batch, at string) {
	st, told := p.steps[name.entry]
	isIsolated := name.lane == strings.ToLower(isolatedLane)
	switch {
	case name.entry == 0 && isIsolated:
		p.fault(Contradiction, at, "names batch %s, which does not follow from any survey", cut(batch))
	case name.entry == 0:
	case !told, !slices.Contains(leads[isIsolated], st.kind), st.kind == "DaySurveyed" && st.about == firstSurvey:
		p.fault(Contradiction, at, "names batch %s, which by its name follows from entry %d of the plan, but the seal's log reports no such entry", cut(batch), name.entry)
	case st.kind == "BatchSplit":
		if whole, ok := p.nameOf(st.about); !ok || whole.lane != name.lane || whole.start != name.start {
			p.fault(Contradiction, at, "names batch %s as a half of batch %s, but that is of another lane or part of the window", cut(batch), cut(st.about))
		}
	}
	p.led[name.entry]++
	if table := p.page.retried[batch]; table != "" && (!told || st.kind == "DaySurveyed" || st.kind == "ConversationsMoved" || p.seal.history.counts["RetryRequested"] == 0) {
		p.fault(Contradiction, table, "has lines that replace lines of an earlier bag, but no log reports a retry (RetryRequested)")
	}
}

// depart adds what left a bag.
func (p *part) depart(name string) {
	b := p.verifier.bags[name]
	if b == nil {
		return // reported as missing
	}
	log, led := p.told["RecordingsIsolated "+name]
	if b.led.recordings && !led {
		p.fault(Contradiction, b.bagPath(evidence.IndexTable), "states that recordings are isolated, but no seal's log reports this (RecordingsIsolated)")
	}
	if !b.led.recordings && led {
		p.fault(Contradiction, p.log, "line %d reports that recordings of batch %s were isolated, but its index.csv differs", p.steps[log].line, cut(name))
	}
	if b.led.moved {
		p.left["ConversationsMoved"][p.groupOf(name)] = b.bagPath(evidence.ConversationsTable)
	}
	if b.led.conversations {
		p.left["ConversationsIsolated"][p.groupOf(name)] = b.bagPath(evidence.ConversationsTable)
	}
}

// mostHalvings bounds how often a batch can be cut in two: it contains at most 10,000
// conversations.
const mostHalvings = 14

// groupOf is the group of a batch, which shares hold answers and metadata: a half is of
// the group of the whole.
func (p *part) groupOf(batch string) string {
	for range mostHalvings {
		name, ok := p.nameOf(batch)
		if !ok {
			return ""
		}
		st, told := p.steps[name.entry]
		switch {
		case told && name.entry > 0 && st.kind == "BatchSplit":
			batch = st.about
			continue
		case told && name.entry > 0 && st.kind == "RetryRequested", name.lane == "standard", name.lane == "isolated":
			return name.lane + "-" + name.rest
		default:
			return "held-" + name.rest
		}
	}
	return ""
}

// checkBatchCounts compares how many batches each entry led to with those that there are.
func (p *part) checkBatchCounts() {
	var first int64
	for _, number := range sortedKeys(p.steps) {
		st := p.steps[number]
		if st.kind == "DaySurveyed" && st.about == firstSurvey {
			first += st.batches
			continue
		}
		if st.batches != p.led[number] || number == 0 {
			p.fault(Contradiction, p.log, "line %d reports that %s (entry %d of the plan) led to %d batches, but the seal names %d", st.line, st.kind, number, st.batches, p.led[number])
		}
		if needs := needed(st.kind); st.batches < needs {
			p.fault(Contradiction, p.log, "line %d reports that %s led to %d batches, but it leads to at least %d", st.line, st.kind, st.batches, needs)
		}
	}
	if first != p.led[0] {
		p.fault(Contradiction, p.log, "reports that the first surveys led to %d batches, but the seal names %d", first, p.led[0])
	}
}

// needed is how many batches an event of a kind leads to at least.
func needed(kind string) int64 {
	switch kind {
	case "BatchSplit":
		return 2
	case "ConversationsIsolated", "RecordingsIsolated":
		return 1
	default:
		return 0
	}
}

// checkLeft compares, both ways, the groups whose conversations are in other bags with
// what the log tells.
func (p *part) checkLeft() {
	for kind, groups := range p.left {
		for group, at := range groups {
			if _, told := p.told[kind+" "+group]; !told {
				p.fault(Contradiction, at, "states that conversations are in another bag, but no seal's log reports this (%s)", kind)
			}
		}
	}
	isWhole := p.isWhole()
	for _, st := range p.seal.history.steps {
		groups, isLeaving := p.left[st.kind]
		if _, left := groups[st.about]; isLeaving && !left && isWhole {
			p.fault(Contradiction, p.log, "line %d reports %s of group %s, but no bag of that group states this", st.line, st.kind, cut(st.about))
		}
		if st.kind == "RecordingsIsolated" && !p.lists(st.about) {
			p.fault(Contradiction, p.log, "line %d reports that recordings of batch %s were isolated, but there is no bag of it", st.line, cut(st.about))
		}
	}
}

// lists reports whether the seal lists a bag.
func (p *part) lists(bag string) bool {
	_, listed := p.seal.order[bag]
	return listed
}

// isWhole reports whether all bags of the seal are there.
func (p *part) isWhole() bool {
	return !slices.ContainsFunc(p.seal.bags, func(line Row) bool { return p.verifier.bags[line.Get("bag")] == nil })
}

// checkRetry checks that a retry had something to retry, and led to something: a seal
// before has gaps, and where a retry can fill some of them it led to batches, or to
// surveys of days with conversations that had not ended.
func (p *part) checkRetry() {
	var days, surveys, retries int64
	for _, st := range p.seal.history.steps {
		switch {
		case st.kind == "DaySurveyed" && st.about == retrySurvey:
			surveys++
		case st.kind != "RetryRequested":
		default:
			retries++
			days += st.days
			p.checkRequest(st)
		}
	}
	if retries > 1 {
		p.fault(Contradiction, p.log, "reports %d times RetryRequested, but a retry begins only after the previous one is sealed", retries)
	}
	if days != surveys && !p.terms.endless && p.terms.told {
		p.fault(Contradiction, p.log, "reports %d surveys for retries (Retry), but the retries need %d", surveys, days)
	}
	p.plan.days += days
	p.plan.surveys += surveys
}

// checkRequest checks that a retry followed from a seal before.
func (p *part) checkRequest(st planStep) {
	if st.seals < 1 || st.seals >= int64(p.seal.number) {
		p.fault(Contradiction, p.log, "line %d reports a retry after %d seals, but this is seal %d", st.line, st.seals, p.seal.number)
		return
	}
	former := p.sealOf(int(st.seals))
	if former == nil || !former.told {
		return // reported as missing, or as what cannot be read
	}
	switch gaps := former.account.Gaps; {
	case gaps == 0:
		p.fault(Contradiction, p.log, "line %d reports a retry, but seal %d has no gap", st.line, st.seals)
	case gaps > former.hopeless && st.batches == 0 && st.days == 0:
		p.fault(Contradiction, p.log, "line %d reports a retry without batches, but seal %d has gaps that a retry can fill", st.line, st.seals)
	}
}

// closePlan checks that retries of a window without an end, whose surveys may be in
// a later seal, account for all surveys that logs report.
func (c *census) closePlan() {
	if c.plan.surveys > c.plan.days {
		c.fault(Contradiction, "seals", "report %d surveys for retries (Retry), but the retries need %d", c.plan.surveys, c.plan.days)
	}
}
