package recordingexportbatch

import (
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// ledger keeps account of what became of each wanted recording, a line each, in
// the inventory's order.
type ledger []*line

// newLedger recalls what was noted down.
func newLedger(wanted []genesys.RecordingRef, files []artifacts.StoredFile, answers []artifacts.Answer, aside []artifacts.SetAside) ledger {
	l, lines := make(ledger, len(wanted)), make(map[genesys.RecordingRef]*line, len(wanted))
	for i, ref := range wanted {
		l[i] = &line{RecordingRef: ref}
		lines[ref] = l[i]
	}
	for _, f := range files {
		if of := lines[refOf(f)]; of != nil {
			of.files = append(of.files, noted(f))
		}
	}
	for _, answer := range answers {
		for _, a := range answer.Recordings {
			if of := lines[a.RecordingRef]; of != nil {
				of.recall(a)
				of.cut = answer.Lost && len(answer.Recordings) > 1
				if answer.Lost || a.Expired && a.Results > 0 {
					of.most = (len(answer.Recordings) + 1) / 2
				}
			}
		}
	}
	for _, a := range aside {
		if of := lines[a.RecordingRef]; of != nil {
			of.aside, of.asideDetail = a.Reason, a.Detail
		}
	}
	return l
}

// outcomes tells what became of each recording.
func (l ledger) outcomes() map[genesys.RecordingRef]evidence.Outcome {
	all := make(map[genesys.RecordingRef]evidence.Outcome, len(l))
	for _, line := range l {
		all[line.RecordingRef] = line.outcome()
	}
	return all
}

// outstanding lists the recordings that are worth being requested again.
func (l ledger) outstanding() ledger {
	return slices.DeleteFunc(slices.Clone(l), func(of *line) bool { return !of.outstanding() })
}

// refSet is a set of recordings.
type refSet map[genesys.RecordingRef]bool

func (s refSet) add(refs []genesys.RecordingRef) {
	for _, ref := range refs {
		s[ref] = true
	}
}

// without leaves out the lines of some recordings.
func (l ledger) without(refs refSet) ledger {
	return slices.DeleteFunc(slices.Clone(l), func(of *line) bool { return refs[of.RecordingRef] })
}

// asked are the recordings as they are requested next.
func (l ledger) asked() []asked {
	all := make([]asked, len(l))
	for i, line := range l {
		all[i] = asked{line.RecordingRef, line.most}
	}
	return all
}

// stored counts files.
func (l ledger) stored() int {
	n := 0
	for _, line := range l {
		n += len(line.files)
	}
	return n
}

// open counts the lines that more is to be waited for.
func (l ledger) open() int {
	n := 0
	for _, line := range l {
		if line.open() {
			n++
		}
	}
	return n
}

// expired tells whether something is wrong, and all of it for no other reason
// than that addresses expired.
func (l ledger) expired() bool {
	any := false
	for _, line := range l {
		if line.outstanding() && !line.expired {
			return false
		}
		any = any || line.expired
	}
	return any
}

// last returns why one of the recordings did not arrive, nil if none failed.
func (l ledger) last() error {
	for _, line := range slices.Backward(l) {
		if why := line.trouble(); why != nil {
			return why
		}
	}
	return nil
}

// pending is a request that has not yet given all that it will give, with the
// recordings that no later request names.
type pending struct {
	artifacts.Request
	lines ledger
	// lost tells that the request as a whole cannot be read.
	lost bool
}

// pending returns, in order, the requests that are to be followed.
func (l ledger) pending(requests []artifacts.Request, answers []artifacts.Answer) []pending {
	last := map[genesys.RecordingRef]int{}
	for i, request := range requests {
		for _, ref := range request.Refs {
			last[ref] = i
		}
	}
	ended := map[string]bool{}
	for _, answer := range answers {
		ended[answer.RequestID] = true
	}
	lines := make([]ledger, len(requests))
	for _, line := range l {
		if i, requested := last[line.RecordingRef]; requested && !ended[requests[i].Ticket.ID] {
			lines[i] = append(lines[i], line)
		}
	}
	var out []pending
	for i, of := range lines {
		if len(of) > 0 {
			out = append(out, pending{Request: requests[i], lines: of})
		}
	}
	return out
}

// find returns the line that a result is of, nil if it was not asked for. Ids are
// UUIDs, which are the same in capitals.
func (p pending) find(ref genesys.RecordingRef) *line {
	i := slices.IndexFunc(p.lines, func(l *line) bool {
		return strings.EqualFold(l.RecordingID, ref.RecordingID) && strings.EqualFold(l.ConversationID, ref.ConversationID)
	})
	if i < 0 {
		return nil
	}
	return p.lines[i]
}
