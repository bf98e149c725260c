package recordingexportbatch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// ledger keeps account of what became of each wanted recording, a line each, in
// the inventory's order.
type ledger []*line

// line is what is known of one recording. One goroutine at a time is at work on it.
type line struct {
	genesys.RecordingRef
	// files are those of it that are stored and noted down.
	files []file
	// found are files of it in the bag that nobody noted down.
	found []file
	// results is the most results with an address that any listing had of it, 0 if
	// none had any; listed counts those that Genesys Cloud will not give with them.
	results, listed int
	// refused is what Genesys Cloud said of a result that it will not give.
	refused string
	// failed is why a result did not arrive; expired tells whether its address
	// was of no use any more, so that a new one may cure it.
	failed  error
	expired bool
	// passes counts the requests that ended without all that is due of it.
	passes int
	// seen are the addresses that gave a file, by its number, gone those that
	// will never give one; both of the request that is being followed.
	seen map[genesys.SignedURL]int
	gone map[genesys.SignedURL]error
}

// file is one stored file of a recording. Its content is what identifies it.
type file struct {
	number int
	path   string
	sha256 string
	size   int64
	// request that gave it.
	request string
}

// newLedger recalls what was noted down.
func newLedger(wanted []genesys.RecordingRef, files []artifacts.StoredFile, answers []artifacts.Answer) ledger {
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
			}
		}
	}
	return l
}

func refOf(f artifacts.StoredFile) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}
}

func noted(f artifacts.StoredFile) file {
	return file{number: f.Number, path: f.Path, sha256: f.SHA256, size: f.Size, request: f.RequestID}
}

// recall takes in how a request answered for the recording.
func (l *line) recall(a artifacts.Answered) {
	l.results, l.listed = max(l.results, a.Results), max(l.listed, a.Listed)
	l.refused, l.failed, l.expired = a.Refused, nil, a.Expired
	if a.Failed != "" {
		l.failed = errors.New(a.Failed)
	}
	if a.Passed {
		l.passes++
	}
}

// answered is the reverse of recall.
func (l *line) answered() artifacts.Answered {
	a := artifacts.Answered{
		RecordingRef: l.RecordingRef, Results: l.results, Listed: l.listed, Refused: l.refused, Expired: l.expired, Passed: l.open(),
	}
	if l.failed != nil {
		a.Failed = l.failed.Error()
	}
	return a
}

// begin gets the line ready for another request.
func (l *line) begin() {
	l.refused, l.failed, l.expired = "", nil, false
	l.seen, l.gone = map[genesys.SignedURL]int{}, map[genesys.SignedURL]error{}
}

// fail notes that a result did not arrive.
func (l *line) fail(err error, expired bool) {
	// One result that only patience can cure outweighs those whose address expired.
	l.expired = expired && (l.failed == nil || l.expired)
	l.failed = err
}

// open tells whether more is to be waited for: neither was it refused, nor did it
// fail, nor are as many files stored as there are results.
func (l *line) open() bool {
	return l.refused == "" && l.failed == nil && (l.results == 0 || len(l.files) < l.results)
}

// whole tells whether as many different files are stored as any listing had
// results: then it does not matter what a later request refused, or failed to
// give, of the same.
func (l *line) whole() bool {
	different := map[string]bool{}
	for _, f := range l.files {
		different[f.sha256] = true
	}
	return l.listed > 0 && len(different) >= l.listed
}

// outstanding tells whether it is worth being requested again. What failed is,
// until the deadline; what is merely passed over, maxTries times.
func (l *line) outstanding() bool {
	return l.failed != nil && !l.whole() || l.open() && l.passes < maxTries
}

// outcome tells what became of the recording if nothing more comes of it.
func (l *line) outcome() evidence.Outcome {
	out := evidence.Outcome{Files: len(l.files)}
	switch {
	case l.whole():
	case l.failed != nil:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, l.failed.Error()
	case l.refused != "":
		out.Reason, out.Detail = evidence.ReasonRefused, l.refused
	case l.open() && l.results == 0:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, "it came neither as a result nor as an error"
	case l.open():
		out.Reason, out.Detail = evidence.ReasonNotDelivered, fmt.Sprintf("%d of %d results came", len(l.files), l.results)
	}
	return out
}

// taken tells whether a number stands for a file already.
func (l *line) taken(number int) bool {
	is := func(f file) bool { return f.number == number }
	return slices.ContainsFunc(l.files, is) || slices.ContainsFunc(l.found, is)
}

// number returns the number for a new file: its place in the listing, or, if
// that is taken, the first that is free.
func (l *line) number(place int) int {
	if !l.taken(place) {
		return place
	}
	n := 1
	for l.taken(n) {
		n++
	}
	return n
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

func (l ledger) refs() []genesys.RecordingRef {
	refs := make([]genesys.RecordingRef, len(l))
	for i, line := range l {
		refs[i] = line.RecordingRef
	}
	return refs
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
		if line.failed != nil {
			return line.failed
		}
	}
	return nil
}

// pending is a request that has not yet given all that it will give, with the
// recordings that no later request names.
type pending struct {
	artifacts.Request
	lines ledger
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
			out = append(out, pending{requests[i], of})
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
