package verify

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// bagHistory is what a bag's custody log tells, by what it is about.
type bagHistory struct {
	*verifier
	log string
	// times are those of the first and the last event of each type.
	times map[string]span
	// counts counts the events by type.
	counts map[string]int
	// learned is what the log says about the metadata of each conversation.
	learned map[string]toldMetadata
	// assigned is how many conversations the bag was to contain, empty if that is not told.
	assigned string
	// checked is the answer about legal holds; its type is empty if there was none.
	checked event
	// drifted are the conversations whose hold had changed by then.
	drifted map[string]event
	// requests are the batch requests and the bulk jobs by their ids.
	requests map[string]request
	// ordered are the requests to execute bulk jobs, and done the ends of these jobs, by their ids.
	ordered, done map[string]event
	// stored are the files by their paths.
	stored map[string]event
	// isolated are the recordings that left, refused those that were not requested any
	// more, denied those whose restoration was refused at once, asked, back and lost those
	// whose restoration was requested and how it ended.
	isolated, refused, denied map[string]bool
	asked, ended              map[string]time.Time
	back                      map[string]bool
	lost                      map[string]string
}

// request is when something was requested, and how many recordings. isBulkJob tells whether Genesys
// Cloud was to export them into a bucket.
type request struct {
	at         time.Time
	recordings int
	isBulkJob  bool
}

// toldMetadata is what a log says about the metadata of a conversation.
type toldMetadata struct {
	kind, reason string
	// times is how often it tells so.
	times int
}

// span is a time between two others.
type span struct{ first, last time.Time }

// bagEvents are the types of the events of a bag's custody log, with the detail that
// names what each is about.
var bagEvents = map[string]string{
	"SliceAssigned": "", "WorkBegun": "", "BagSealed": "", "HoldChecked": "",
	"MetadataReceived": "conversation", "MetadataUnreadable": "conversation", "ConversationIsolated": "conversation", "HoldChanged": "conversation",
	"RecordingsRequested": "request", "RecordingStored": "path", "RecordingReferenced": "path", "RecordingIsolated": "recording", "RecordingRefused": "recording",
	"RestorationRequested": "recording", "RestorationRefused": "recording", "RecordingRestored": "recording", "RecordingNotRestored": "recording",
	"RetentionChanged":  "recording",
	"BulkJobNotCreated": "", "BulkJobExecutionRequested": "request", "BulkJobEnded": "request", "BulkObjectRefused": "recording", "ConversationListedAgain": "conversation",
}

func newBagHistory(v *verifier, log string) *bagHistory {
	return &bagHistory{
		verifier: v, log: log, times: map[string]span{}, counts: map[string]int{}, learned: map[string]toldMetadata{}, drifted: map[string]event{},
		requests: map[string]request{}, ordered: map[string]event{}, done: map[string]event{}, stored: map[string]event{}, isolated: map[string]bool{}, refused: map[string]bool{}, denied: map[string]bool{},
		asked: map[string]time.Time{}, ended: map[string]time.Time{}, back: map[string]bool{}, lost: map[string]string{},
	}
}

// takeBagEvent adds an event.
func (s *bagHistory) takeBagEvent(e event) {
	about, known := bagEvents[e.Type]
	if !known {
		s.fault(Malformed, s.log, "line %d reports %q, which is not an event of a bag", e.Sequence, cut(e.Type))
		return
	}
	if about != "" && e.Details[about] == "" {
		s.fault(Malformed, s.log, "line %d reports %s without a %s", e.Sequence, e.Type, about)
	}
	s.counts[e.Type]++
	when, again := s.times[e.Type]
	if !again {
		when.first = e.Time
	}
	when.last = e.Time
	s.times[e.Type] = when
	conversation := e.Details["conversation"]
	key := conversation + "/" + e.Details["recording"]
	switch e.Type {
	case "SliceAssigned":
		s.assigned = e.Details["conversations"]
	case "MetadataReceived", "MetadataUnreadable", "ConversationIsolated":
		s.learned[conversation] = toldMetadata{e.Type, e.Details["reason"], s.learned[conversation].times + 1}
	case "HoldChecked":
		s.checked = e
	case "HoldChanged":
		s.drifted[conversation] = e
	case "RecordingsRequested":
		s.tellRequest(e)
	case "BulkJobExecutionRequested":
		s.ordered[e.Details["request"]] = e
	case "BulkJobEnded":
		s.tellJobEnd(e)
	case "RecordingStored", "RecordingReferenced":
		s.stored[e.Details["path"]] = e
	default:
		s.tellRecording(e, key)
	}
}

// tellRequest adds a request.
func (s *bagHistory) tellRequest(e event) {
	id := e.Details["request"]
	if _, twice := s.requests[id]; twice {
		s.fault(Contradiction, s.log, "line %d reports request %s a second time", e.Sequence, cut(id))
	}
	isBulkJob := e.Details["bulkJobPart"] != ""
	n, err := strconv.Atoi(e.Details["recordings"])
	if err != nil || n < 0 || n == 0 && !isBulkJob {
		s.fault(Malformed, s.log, "line %d reports request %s for %q recordings", e.Sequence, cut(id), cut(e.Details["recordings"]))
	}
	s.requests[id] = request{e.Time, n, isBulkJob}
}

// tellRecording adds an event about a recording.
func (s *bagHistory) tellRecording(e event, key string) {
	switch e.Type {
	case "RecordingIsolated":
		s.isolated[key] = true
	case "RecordingRefused":
		s.refused[key] = true
	case "RestorationRefused":
		s.denied[key] = true
	case "RestorationRequested":
		s.asked[key] = e.Time
	case "RecordingRestored":
		s.back[key], s.ended[key] = true, e.Time
	case "RecordingNotRestored":
		s.lost[key], s.ended[key] = e.Details["reason"], e.Time
	}
}

// checkBagHistory compares what a bag's log tells with its tables, both ways.
func (v *verifier) checkBagHistory(b *bag, t tables) {
	s := b.told
	b.told = nil // it is needed no more
	b.sealedAt, b.checkedAt = s.times["BagSealed"].last, s.checked.Time
	b.from, b.until = v.windowOf(b)
	b.led = leftIn(t)
	s.checkCounts(t)
	s.checkTimes()
	s.checkConversations(b, t)
	s.checkHolds(b, t)
	s.checkRecordings(b, t)
	s.checkStored(t)
	s.checkBulkJobs(t)
}

// checkCounts checks that the log reports what has to happen to every bag, once.
func (s *bagHistory) checkCounts(t tables) {
	for _, kind := range []string{"SliceAssigned", "BagSealed"} {
		if n := s.counts[kind]; n != 1 {
			s.fault(Contradiction, s.log, "reports %d times %s, which happens to each bag once", n, kind)
		}
	}
	if s.counts["WorkBegun"] == 0 {
		s.fault(Contradiction, s.log, "does not report which process worked on the bag (WorkBegun)")
	}
	if n := s.counts["HoldChecked"]; n > 1 {
		s.fault(Contradiction, s.log, "reports %d times HoldChecked, which happens to a bag at most once", n)
	}
	if n := strconv.Itoa(len(t.conversations)); s.counts["SliceAssigned"] == 1 && s.assigned != n {
		s.fault(Contradiction, s.log, "reports that %q conversations were assigned to the bag, but conversations.csv lists %s", cut(s.assigned), n)
	}
}

// checkConversations derives what may have become of each conversation.
func (s *bagHistory) checkConversations(b *bag, t tables) {
	at, lane := b.bagPath(evidence.ConversationsTable), b.info["Lane"]
	unknown, _ := strconv.Atoi(s.checked.Details["unknown"])
	for _, id := range slices.Sorted(maps.Keys(t.conversations)) {
		c, told := t.conversations[id], s.learned[id]
		if told.times != 1 {
			s.fault(Contradiction, s.log, "reports %d outcomes of the query for the recordings of conversation %s", told.times, cut(id))
			continue
		}
		if ends := s.terms.conversationEnds(lane, c, told, unknown > 0); s.terms.told && !slices.Contains(ends, c.end) {
			s.fault(Contradiction, at, "line %d states that conversation %s is %s, but its possible dispositions are: %s", c.Line, cut(id), cut(c.String()), oneOf(ends))
		}
		if there := t.there[id]; !there && told.kind == "MetadataReceived" {
			s.reportMissing(b.bagPath(evidence.MetadataPath(id)), "is missing, though %s reports that it was received", s.log)
		} else if there && told.kind != "MetadataReceived" {
			s.fault(Contradiction, b.bagPath(evidence.MetadataPath(id)), "exists, though %s reports that it could not be read", s.log)
		}
		s.checkLane(at, lane, c)
	}
	for id := range s.learned {
		if _, listed := t.conversations[id]; !listed {
			s.fault(Contradiction, s.log, "reports conversation %s, but conversations.csv does not list it", cut(id))
		}
	}
}

// checkLane checks that a conversation is in a lane that there is for it.
func (s *bagHistory) checkLane(at, lane string, c conversationLine) {
	if held := c.Get("held_at_survey") == "true"; s.terms.told && lane != isolatedLane && !slices.Contains(s.terms.lanes(held), lane) {
		s.fault(Contradiction, at, "line %d lists conversation %s, whose legal hold was %t in the survey: by the spec it does not belong in lane %s", c.Line, cut(c.Get("conversation_id")), held, cut(lane))
	}
}
