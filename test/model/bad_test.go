package model

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestBadItems exports while single conversations and recordings are bad, each in a
// way and for a time that rapid chooses, up to all of them. Each recording that is
// not bad forever is exported once; every other one is listed with a reason. Once
// nothing is bad any more, a retry brings the rest.
func TestBadItems(t *testing.T) {
	covered := &tally{}
	t.Cleanup(func() { t.Logf("covered:\n%s", covered) })
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, drawTerms(t, drawShape(t)), covered)
		m.drawBad(t)
		m.live(t)
		m.judgeBad(t)
		m.finish(t)
	})
}

// kind is a way in which conversations or recordings can be bad.
type kind struct {
	name string
	// recording reports whether it is single recordings that are bad in this way.
	recording bool
	// faults are those by which they are: one of them.
	faults []simulator.Fault
	// state, if it is not empty, is the state of their files instead.
	state simulator.FileState
	// most is the most times after which one succeeds after all; 0: it is bad for
	// a time or forever, not so many times.
	most int
	// counted tells that it is not a matter of time, but of how often.
	counted bool
	// final tells that to be told so once is final.
	final bool
	// gaps are the reasons with which they are listed if they are bad forever.
	gaps []string
}

// GoString is the kind as rapid shows it.
func (k kind) GoString() string { return k.name }

// often is how many times something may fail without using up its retry deadline.
const often = 5

// kinds are all of them.
var kinds = []kind{
	{name: "metadata fails", most: often, faults: []simulator.Fault{
		{Status: http.StatusInternalServerError}, {Status: http.StatusServiceUnavailable}, {Status: http.StatusGatewayTimeout}, {Reset: true},
	}},
	{name: "metadata is a proxy's refusal", most: often, faults: []simulator.Fault{
		{Status: http.StatusNotFound, Body: simulator.HTML}, {Status: http.StatusForbidden, Body: simulator.HTML}, {Status: http.StatusNotFound, Code: "not.found"},
	}},
	{name: "metadata has a limit of its own", most: often, faults: []simulator.Fault{
		{Status: http.StatusTooManyRequests, OwnLimit: true, RetryAfter: 2 * time.Second},
		{Status: http.StatusTooManyRequests, OwnLimit: true, RetryAfter: time.Minute},
	}},
	{name: "metadata is forbidden", most: often, faults: []simulator.Fault{{Status: http.StatusForbidden}}},
	{name: "metadata cannot be read", most: often, faults: []simulator.Fault{
		{Body: simulator.HTML}, {Body: simulator.Empty}, {Body: simulator.Null}, {Body: simulator.Truncated},
	}},
	{name: "conversation is unknown", final: true, faults: []simulator.Fault{{Status: http.StatusNotFound}}},
	{name: "request is refused", recording: true, most: often, faults: routed(simulator.RouteBatchSubmit,
		simulator.Fault{Status: http.StatusBadRequest}, simulator.Fault{Status: http.StatusNotFound},
		simulator.Fault{Status: http.StatusForbidden}, simulator.Fault{Status: http.StatusRequestEntityTooLarge})},
	{name: "request fails", recording: true, most: often, faults: routed(simulator.RouteBatchSubmit,
		simulator.Fault{Status: http.StatusInternalServerError}, simulator.Fault{Status: http.StatusGatewayTimeout, Applied: true},
		simulator.Fault{Reset: true}, simulator.Fault{Body: simulator.HTML})},
	{name: "result asks to try again", recording: true, most: often, faults: []simulator.Fault{{ResultError: "temporary failure, try again"}}},
	{name: "result is refused for good", recording: true, final: true, faults: []simulator.Fault{{ResultError: "recording.recording.not.found"}}},
	{name: "result is withheld", recording: true, most: 2, counted: true, faults: []simulator.Fault{{Withhold: true}}},
	{name: "request cannot be followed", recording: true, most: often, faults: routed(simulator.RouteBatch,
		simulator.Fault{Status: http.StatusInternalServerError}, simulator.Fault{Status: http.StatusNotFound},
		simulator.Fault{Status: http.StatusForbidden}, simulator.Fault{Body: simulator.HTML})},
	{name: "download fails", recording: true, most: often, faults: routed(simulator.RouteDownload,
		simulator.Fault{Status: http.StatusInternalServerError}, simulator.Fault{Body: simulator.HTML},
		simulator.Fault{Body: simulator.Empty}, simulator.Fault{Body: simulator.Truncated}, simulator.Fault{Reset: true})},
	{name: "download is denied", recording: true, most: often, faults: routed(simulator.RouteDownload,
		simulator.Fault{Status: http.StatusForbidden}, simulator.Fault{Status: http.StatusNotFound})},
	{name: "file is being uploaded", recording: true, state: simulator.Uploading, gaps: []string{evidence.ReasonNotReady}},
	{name: "file is being restored", recording: true, state: simulator.Restoring, gaps: []string{evidence.ReasonNotReady, evidence.ReasonNotRestored}},
	{name: "file is archived", recording: true, final: true, state: simulator.Archived, gaps: []string{
		evidence.ReasonArchived, evidence.ReasonRestorationQuota, evidence.ReasonNotRestored,
	}},
	{name: "file is deleted", recording: true, final: true, state: simulator.Deleted, gaps: []string{evidence.ReasonDeleted}},
	{name: "file has an error", recording: true, final: true, state: simulator.Errored, gaps: []string{evidence.ReasonFileError}},
}

// holdUnknown is the one that is not a reason for a gap: nobody knows whether a
// conversation is under legal hold.
var holdUnknown = kind{name: "legal hold is unknown", most: often, faults: routed(simulator.RouteProtectionQuery,
	simulator.Fault{Status: http.StatusBadRequest}, simulator.Fault{Status: http.StatusInternalServerError},
	simulator.Fault{Status: http.StatusGatewayTimeout}, simulator.Fault{Body: simulator.HTML}, simulator.Fault{Status: http.StatusForbidden})}

func routed(route string, faults ...simulator.Fault) []simulator.Fault {
	for i := range faults {
		faults[i].Route = route
	}
	return faults
}

// reasons are those with which what is bad forever may be listed. Where a file is
// in a state, that may come before or after its recording was requested.
func (k kind) reasons() []string {
	if k.recording {
		return append([]string{evidence.ReasonRefused, evidence.ReasonNotDelivered}, k.gaps...)
	}
	return []string{evidence.ReasonMetadataUnreadable, evidence.ReasonConversationNotFound, evidence.ReasonNotRestored}
}

// bad is a conversation or a recording, and how it is bad.
type bad struct {
	kind
	fault        simulator.Fault
	conversation string
	// id is the recording's, empty if it is about the conversation.
	id string
	// from is the round in which it begins, until the time when it ends if it has one.
	from  int
	lasts time.Duration
	until time.Time
	begun bool
	// over tells that it has come to its end.
	over bool
}

// forEver reports whether nothing is to be expected of it.
func (b *bad) forEver() bool {
	return b.begun && !b.over && b.name != holdUnknown.name && (b.final || b.lasts == 0 && b.fault.Count == 0)
}

// String describes it, for whoever reads of a failure.
func (b *bad) String() string {
	return fmt.Sprintf("bad: %s: conversation %s, recording %q, HTTP %d, %d times, for %v, from round %d, until %v, begun %t, over %t",
		b.name, b.conversation, b.id, b.fault.Status, b.fault.Count, b.lasts, b.from, b.until, b.begun, b.over)
}

// drawTerms draws what is requested besides a shape, and how Genesys Cloud keeps media.
func drawTerms(t *rapid.T, s shape) shape {
	s.scope = rapid.SampledFrom(scopes).Draw(t, "scope")
	s.restores = rapid.Bool().Draw(t, "restores")
	s.quota = rapid.SampledFrom([]int{100, 1, 2}).Draw(t, "restorations")
	s.restoring = rapid.SampledFrom([]time.Duration{0, 10 * time.Minute, 3 * time.Hour}).Draw(t, "a restoration takes")
	s.deadline = rapid.SampledFrom([]time.Duration{time.Hour, 3 * time.Hour, 8 * time.Hour}).Draw(t, "deadline")
	s.addressLife = time.Hour
	s.download = rapid.SampledFrom([]time.Duration{0, 5 * time.Second, time.Minute}).Draw(t, "a download takes")
	return s
}

// drawBad draws what is bad: few, many or all, in one way or in many.
func (m *model) drawBad(t *rapid.T) {
	percent := rapid.SampledFrom([]int{10, 30, 60, 100}).Draw(t, "bad, percent")
	alike := rapid.SampledFrom(append([]kind{{}, {}, {}, {}}, kinds...)).Draw(t, "all are bad in this way")
	for _, c := range m.sim.Dataset().Conversations {
		if k := drawKind(t, alike, false); k.name != "" && rapid.IntRange(0, 99).Draw(t, "conversation") < percent {
			m.addBad(t, k, c.ID, "")
		}
		for _, r := range c.Recordings {
			if k := drawKind(t, alike, true); k.name != "" && rapid.IntRange(0, 99).Draw(t, "recording") < percent {
				m.addBad(t, k, c.ID, r.ID)
			}
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "legal holds") == 0 {
		for _, c := range m.sim.Dataset().Conversations {
			if rapid.IntRange(0, 99).Draw(t, "legal hold") < percent {
				m.addBad(t, holdUnknown, c.ID, "")
			}
		}
	}
}

// drawKind draws a kind of conversations or of recordings: none at times, so that the
// recordings of a conversation can be bad and its metadata be good.
func drawKind(t *rapid.T, alike kind, recording bool) kind {
	if alike.name != "" {
		if alike.recording != recording {
			return kind{}
		}
		return alike
	}
	var choice []kind
	for _, k := range kinds {
		if k.recording == recording {
			choice = append(choice, k)
		}
	}
	if !recording {
		choice = append(choice, make([]kind, 2*len(choice))...)
	}
	return rapid.SampledFrom(choice).Draw(t, "kind")
}

// addBad draws when something begins to be bad, and for how long it is.
func (m *model) addBad(t *rapid.T, k kind, conversation, recording string) {
	b := &bad{kind: k, conversation: conversation, id: recording}
	if len(k.faults) > 0 {
		b.fault = k.faults[rapid.IntRange(0, len(k.faults)-1).Draw(t, "fault")]
	}
	if rapid.IntRange(0, 2).Draw(t, "from the start") == 0 {
		b.from = rapid.IntRange(1, eventful).Draw(t, "from round")
	}
	switch long := rapid.SampledFrom([]string{"forever", "for a time", "so many times"}).Draw(t, "bad"); {
	case k.final, long == "forever":
	case k.counted, long == "so many times" && k.most > 0:
		b.fault.Count = rapid.IntRange(1, k.most).Draw(t, "times")
	default:
		b.lasts = m.deadline / time.Duration(rapid.IntRange(2, 4).Draw(t, "part of the deadline"))
	}
	m.bads = append(m.bads, b)
}

// worsen begins what is to begin in a round, and ends what has lasted long enough.
func (m *model) worsen(round int) {
	for _, b := range m.bads {
		switch {
		case !b.begun && b.from <= round:
			m.begin(b)
		case b.begun && !b.over && !b.until.IsZero() && !m.clock.Now().Before(b.until):
			m.recover(b)
		}
	}
}

func (m *model) begin(b *bad) {
	b.begun = true
	long := "forever"
	if b.lasts > 0 {
		b.until, long = m.clock.Now().Add(b.lasts), "for a time"
	} else if b.fault.Count > 0 {
		long = "some times"
	}
	m.covered.add("bad " + long + ": " + b.name)
	switch b.state {
	case "":
		fault := b.fault
		fault.ConversationID, fault.RecordingID, fault.Lasts = b.conversation, b.id, b.lasts
		if !b.recording && fault.Route == "" {
			fault.Route = simulator.RouteMetadata
		}
		m.sim.InjectFault(fault)
	case simulator.Uploading:
		_ = m.sim.SetUploading(b.conversation, b.id, b.lasts)
	default:
		_ = m.sim.SetFileState(b.conversation, b.id, b.state)
	}
}

// recover makes a bad item good again. Faults end by themselves, or with all faults.
func (m *model) recover(b *bad) {
	b.over = true
	if b.state != "" {
		_ = m.sim.SetFileState(b.conversation, b.id, simulator.Available)
	}
}

// recoverAll lets nothing be bad any more.
func (m *model) recoverAll() {
	m.sim.ClearFaults()
	for _, b := range m.bads {
		if b.begun && !b.over {
			m.recover(b)
		}
		b.begun, b.over = true, true // what has not begun never does
	}
}
