package verify

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// day is what is surveyed at once.
const day = 24 * time.Hour

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// checkCoverage checks that the seals cover the window that was requested,
// and that every day of it was surveyed.
func (v *verifier) checkCoverage() {
	if len(v.seals) == 0 {
		return
	}
	last := v.seals[len(v.seals)-1]
	if !last.told {
		return
	}
	at, from, until := last.sealPath(evidence.AccountFile), last.account.From, last.account.Until
	var asked struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	}
	if err := json.Unmarshal(v.record.Spec, &asked); err != nil || asked.Start.IsZero() {
		v.fault(Coverage, evidence.RecordPath, "does not state the requested window")
		return
	}
	switch {
	case !from.Equal(asked.Start):
		v.fault(Coverage, at, "covers the window from %s on, but the requested start is %s", stamp(from), stamp(asked.Start))
	case !asked.End.IsZero() && until.After(asked.End):
		v.fault(Coverage, at, "covers the window until %s, but the requested end is %s", stamp(until), stamp(asked.End))
	case !asked.End.IsZero() && until.Before(asked.End) && !v.options.Running:
		v.fault(Coverage, at, "covers the window only until %s, but the requested end is %s", stamp(until), stamp(asked.End))
	}
	v.checkDays(at, from, until)
}

// mostMissing bounds how many days are named that were not surveyed.
const mostMissing = 100

// checkDays checks that the seals' logs report a survey of every day.
func (v *verifier) checkDays(at string, from, until time.Time) {
	surveyed := map[string]bool{}
	for _, s := range v.seals {
		maps.Copy(surveyed, s.surveyed)
	}
	var missing []string
	for d := from.UTC().Truncate(day); d.Before(until) && len(missing) < mostMissing; d = d.Add(day) {
		if name := d.Format(time.DateOnly); !surveyed[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		v.fault(Coverage, at, "covers %s to %s, but no log reports a survey of %s", stamp(from), stamp(until), cut(strings.Join(missing, ", ")))
	}
}

// coverageTable lists the parts of the window with the bags that contain them.
const coverageTable = "coverage.csv"

// checkCovered checks that the table of coverage, if a seal has one, leaves out
// neither a part of what is new since the former seal nor a bag.
func (v *verifier) checkCovered(s *seal, since time.Time) {
	at, left := s.sealPath(coverageTable), map[string]bool{}
	for _, line := range s.bags {
		left[line.Get("bag")] = true
	}
	known := maps.Clone(left)
	for row := range v.rows(at, "start", "end", "bags") {
		start, err := time.Parse(time.RFC3339Nano, row.Get("start"))
		end, other := time.Parse(time.RFC3339Nano, row.Get("end"))
		if errors.Join(err, other) != nil || !start.Before(end) {
			v.fault(Malformed, at, "line %d is not a part of a window", row.Line)
			continue
		}
		for _, name := range bagsOf(row) {
			if delete(left, name); !known[name] {
				v.fault(Contradiction, at, "line %d names bag %s, which the seal does not contain", row.Line, cut(name))
			}
		}
		if start.Before(since) {
			continue
		}
		if !start.Equal(since) {
			v.fault(Coverage, at, "line %d begins at %s: no line states which bag has the conversations from %s on", row.Line, row.Get("start"), stamp(since))
		}
		since = end
	}
	if s.told && since.Before(s.account.Until) {
		v.fault(Coverage, at, "ends at %s, but the seal covers the window until %s", stamp(since), stamp(s.account.Until))
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		v.fault(Coverage, at, "does not state which part of the window bag %s covers", name)
	}
}

// noConversations stands where no conversation began in a part of the window.
const noConversations = "no conversations"

// bagsOf are the names in a line of the table of coverage; none if it says that
// there were no conversations.
func bagsOf(row Row) []string {
	if text := row.Get("bags"); text != noConversations {
		return strings.Fields(text)
	}
	return nil
}
