package verify

import (
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// checkRecordings derives from the metadata as received, the terms and the log what
// may have become of each recording, and compares that with index.csv.
func (s *bagHistory) checkRecordings(b *bag, t tables) {
	at, lines := b.bagPath(evidence.IndexTable), map[string][]end{}
	queues := map[string]queue{}
	for _, line := range t.index {
		lines[line.key] = append(lines[line.key], line.end())
		c, listed := t.conversations[line.conversation]
		if !listed {
			continue // reported with the tables
		}
		if c.disposition == evidence.Excluded && c.end != isLeftByHold {
			s.fault(Contradiction, at, "line %d lists a recording of conversation %s, but conversations.csv states that the conversation is in another bag", line.line, cut(line.conversation))
			continue
		}
		waiting, there := queues[line.conversation]
		if !there {
			waiting = s.queue(b.info["Lane"], c, t.received[line.conversation])
			queues[line.conversation] = waiting
		}
		s.checkRecording(at, line, c, t, waiting)
	}
	s.checkTold(lines)
}

// queue is what is expected of the recordings of a conversation.
type queue struct {
	// waiting are those that no line was about yet, by their ids as tables show them, and
	// shown the ids of all that its metadata names.
	waiting map[string][]expected
	shown   map[string]bool
}

func (s *bagHistory) queue(lane string, c conversationLine, known []received) queue {
	q := queue{s.terms.expect(lane, c.Get("held_at_survey") == "true", known), map[string]bool{}}
	for _, r := range known {
		q.shown[r.shownID()] = true
	}
	return q
}

// checkRecording judges a line of index.csv. all is what is expected of the recordings of
// its conversation, without those that lines before were about.
func (s *bagHistory) checkRecording(at string, line indexLine, c conversationLine, t tables, all queue) {
	var of expected
	next := all.waiting[line.recording]
	_, read := t.received[line.conversation]
	switch {
	case len(next) > 0:
		of, all.waiting[line.recording] = next[0], next[1:]
		if medium := of.medium; s.terms.told && string(medium) != line.medium {
			s.fault(Contradiction, at, "line %d states medium %q for recording %s, but by its metadata it is %q", line.line, cut(line.medium), cut(line.key), medium)
		}
	case read && all.shown[line.recording]:
		s.fault(Contradiction, at, "line %d is about recording %s, which does not belong in this lane, or is listed more often than in its metadata", line.line, cut(line.key))
		return
	default:
		of.ends = s.lostEnds(line, c, read)
	}
	if c.end == isLeftByHold {
		of.ends = []end{isLeftByHold}
	}
	is := line.end()
	if s.terms.told && !slices.Contains(of.ends, is) {
		s.fault(Contradiction, at, "line %d states that recording %s is %s, but by its metadata (%s) and the spec its possible dispositions are: %s",
			line.line, cut(line.key), cut(is.String()), cut(of.said()), oneOf(of.ends))
		return
	}
	s.checkDetail(at, line, of)
	s.checkReason(at, line, of)
}

// said is the state of the recording's file in Genesys Cloud's words.
func (e expected) said() string {
	if e.ID == "" {
		return "which does not list it"
	}
	return "fileState " + string(e.state)
}

// lostEnds are what may become of a recording that was requested and that Genesys
// Cloud does not list.
func (s *bagHistory) lostEnds(line indexLine, c conversationLine, read bool) []end {
	switch {
	case read && line.lane == isolatedLane:
		return []end{isUnknown}
	case read:
		return nil
	case s.learned[line.conversation].kind == "ConversationIsolated":
		return []end{hasLeft}
	default:
		return []end{c.end}
	}
}

// checkDetail compares the detail of a line that repeats the state of the file.
func (s *bagHistory) checkDetail(at string, line indexLine, of expected) {
	is := line.end()
	if is != isFileError && is != isNotReady || of.ID == "" {
		return
	}
	if want := shown(evidence.Printable(string(of.state), 80)); line.detail != want {
		s.fault(Contradiction, at, "line %d states %q for recording %s, but its metadata has fileState %q", line.line, cut(line.detail), cut(line.key), cut(want))
	}
}

// checkReason checks that the log tells what a line's disposition rests on.
func (s *bagHistory) checkReason(at string, line indexLine, of expected) {
	is := line.end()
	says := func(what string) {
		s.fault(Contradiction, s.log, "does not report %s, though line %d of %s states that recording %s is %s", what, line.line, at, cut(line.key), cut(is.String()))
	}
	isThere := of.state == genesys.FileAvailable || of.state == genesys.FileRestored
	if wasRequested := slices.Contains(transferred, is); s.checked.Type == "" && (wasRequested || is == hasLeft && isThere) {
		says("a query for legal holds before transfer (HoldChecked)")
	}
	switch is {
	case hasLeft:
		if !s.isolated[line.key] {
			says("that it was isolated (RecordingIsolated)")
		}
	case isRefused, isNotDelivered:
		if len(s.requests) == 0 && !s.refused[line.key] {
			says("a request for it (RecordingsRequested, RecordingRefused)")
		}
	}
	if of.restored {
		s.checkReturn(line, is, says)
	}
}

// checkReturn checks that the log tells how the restoration of a recording ended.
func (s *bagHistory) checkReturn(line indexLine, is end, says func(string)) {
	switch {
	case slices.Contains(transferred, is) && !s.back[line.key]:
		says("that it was restored from the archive (RecordingRestored)")
	case (is == isNotRestored || is == isOverQuota) && s.lost[line.key] != is.reason:
		says("why it was not restored from the archive (RecordingNotRestored)")
	}
}

// checkTold checks that what the log says about recordings is what became of them.
func (s *bagHistory) checkTold(lines map[string][]end) {
	is := func(key string, ends ...end) bool {
		return slices.ContainsFunc(lines[key], func(e end) bool { return slices.Contains(ends, e) })
	}
	tells := func(key, what string) {
		s.fault(Contradiction, s.log, "reports that recording %s %s, but index.csv differs", cut(key), what)
	}
	for key := range s.isolated {
		if !is(key, hasLeft) {
			tells(key, "was isolated")
		}
	}
	for key := range s.refused {
		if !is(key, isRefused, isExported) {
			tells(key, "was refused")
		}
	}
	for key := range s.denied {
		if lines[key] == nil {
			s.fault(Contradiction, s.log, "reports that the restoration of recording %s was refused, but index.csv does not list it", cut(key))
		}
	}
	for key := range s.back {
		if !is(key, append(slices.Clone(transferred), isLeftByHold)...) {
			tells(key, "was restored from the archive")
		}
	}
	for key, reason := range s.lost {
		if !is(key, end{evidence.Unavailable, reason}, isLeftByHold) {
			tells(key, "was not restored from the archive: "+reason)
		}
	}
	for key, asked := range s.asked {
		switch ended, told := s.ended[key]; {
		case !told:
			s.fault(Contradiction, s.log, "reports a request to restore recording %s, but not its outcome", cut(key))
		case before(ended, asked):
			s.fault(Contradiction, s.log, "reports that the restoration of recording %s ended at %s, before it was requested at %s", cut(key), stamp(ended), stamp(asked))
		}
	}
}

// checkStored compares what the log says about each file with files.csv.
func (s *bagHistory) checkStored(t tables) {
	came := map[string]map[string]bool{}
	for name, file := range t.files {
		e, told := s.stored[name]
		if !told {
			continue // reported with the files
		}
		request := e.Details["request"]
		if e.Details["bytes"] != decimal(file.size) || request != file.request {
			s.fault(Contradiction, s.log, "line %d reports that %s was stored with %q bytes of request %q, but files.csv states %d of %q",
				e.Sequence, cut(name), cut(e.Details["bytes"]), cut(request), file.size, cut(file.request))
		}
		if at, err := time.Parse(time.RFC3339Nano, file.receivedAt); err != nil || !at.Equal(e.Time) {
			s.fault(Contradiction, s.log, "line %d reports that %s was stored at %s, but files.csv states %q", e.Sequence, cut(name), e.Time.UTC().Format(time.RFC3339Nano), cut(file.receivedAt))
		}
		asked, requested := s.requests[request]
		switch {
		case !requested && (request != "" || e.Details["adopted"] != "true"):
			s.fault(Contradiction, s.log, "line %d reports that %s came from request %q, but no line reports this request", e.Sequence, cut(name), cut(request))
		case requested && before(e.Time, asked.at):
			s.fault(Contradiction, s.log, "line %d reports that %s was stored at %s, before it was requested", e.Sequence, cut(name), stamp(e.Time))
		}
		if came[request] == nil {
			came[request] = map[string]bool{}
		}
		came[request][file.key] = true
	}
	for id, asked := range s.requests {
		if n := len(came[id]); n > asked.recordings {
			s.fault(Contradiction, s.log, "reports request %s for %d recordings, but files of %d came from it", cut(id), asked.recordings, n)
		}
	}
}

// checkHolds compares the answers about legal holds before transfer with the log.
func (s *bagHistory) checkHolds(b *bag, t tables) {
	at, asked := b.bagPath(evidence.ConversationsTable), s.checked.Type != ""
	var held, unknown int
	for id, c := range t.conversations {
		later, when := c.Get("held_before_transfer"), c.Get("held_before_transfer_time")
		if later == "true" {
			held++
		}
		if later == "" {
			unknown++
		}
		switch moment, err := time.Parse(time.RFC3339Nano, when); {
		case later == "" && when == "":
		case later != "true" && later != "false":
			s.fault(Malformed, at, "line %d states %q for the legal hold of conversation %s before transfer", c.Line, cut(later), cut(id))
		case !asked:
			s.fault(Contradiction, at, "line %d states that the legal hold of conversation %s was queried before transfer, but %s does not report this", c.Line, cut(id), s.log)
		case err != nil || !moment.Equal(s.checked.Time):
			s.fault(Contradiction, at, "line %d states that the legal hold of conversation %s was answered at %q before transfer, but %s reports %s", c.Line, cut(id), cut(when), s.log, s.checked.Time.UTC().Format(time.RFC3339Nano))
		}
		s.checkDrift(at, c)
	}
	if asked {
		s.checkAnswers("held", held)
		s.checkAnswers("unknown", unknown)
	}
	for id := range s.drifted {
		if c, listed := t.conversations[id]; !listed || !c.drifted() {
			s.fault(Contradiction, s.log, "reports that the legal hold of conversation %s changed, but conversations.csv differs", cut(id))
		}
	}
}

// checkAnswers compares how many answers of a kind there were, which may be about
// another half of the batch, too, with those in conversations.csv.
func (s *bagHistory) checkAnswers(kind string, have int) {
	if told, err := strconv.Atoi(s.checked.Details[kind]); err != nil || told < have {
		s.fault(Contradiction, s.log, "line %d reports %q conversations as %s, but conversations.csv lists %d", s.checked.Sequence, cut(s.checked.Details[kind]), kind, have)
	}
}

// drifted reports whether the legal hold was another before transfer than at the survey.
func (c conversationLine) drifted() bool {
	later := c.Get("held_before_transfer")
	return later != "" && later != c.Get("held_at_survey")
}

// checkDrift checks that the log reports a legal hold that changed.
func (s *bagHistory) checkDrift(at string, c conversationLine) {
	if !c.drifted() {
		return
	}
	id := c.Get("conversation_id")
	e, told := s.drifted[id]
	moved := strconv.FormatBool(c.end == hasMovedToHold || c.end == hasMovedFrom)
	if !told || e.Details["held"] != c.Get("held_before_transfer") || e.Details["moved"] != moved {
		s.fault(Contradiction, s.log, "does not report that the legal hold of conversation %s changed and whether it moved, but line %d of %s states this", cut(id), c.Line, at)
	}
}
