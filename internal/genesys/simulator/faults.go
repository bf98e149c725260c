package simulator

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Fault makes answers go wrong: those that match its first fields, in the way
// that the others say. Its zero value matches every request and changes
// nothing.
type Fault struct {
	// Route is one of the Route constants. Empty: any but those of /_simulator/.
	Route string `json:"route,omitempty"`
	// ConversationID and RecordingID must be named by the path or the body of the
	// request, or by that of the batch request that is asked about. Empty: any.
	ConversationID string `json:"conversationId,omitempty"`
	RecordingID    string `json:"recordingId,omitempty"`
	// Path is that of the request, without its query, such as one file's of a
	// recording: /media/<conversation>/<recording>/1.wav. Empty: any.
	Path string `json:"path,omitempty"`
	// ClientID is the OAuth client that asks. Empty: any.
	ClientID string `json:"clientId,omitempty"`

	// Nth is the first matching request that goes wrong, from 1. Zero: the first.
	Nth int `json:"nth,omitempty"`
	// Count is how many go wrong. Zero: all from then on.
	Count int `json:"count,omitempty"`
	// Lasts is for how long after its injection requests go wrong, by Options.Now.
	// Zero: without end.
	Lasts time.Duration `json:"lasts,omitempty"`
	// Probability, 0 to 1, is that of each to go wrong; what happens depends on
	// Options.Seed and the order of requests. Zero: certain.
	Probability float64 `json:"probability,omitempty"`

	// Delay comes before the answer, on top of the latency.
	Delay time.Duration `json:"delay,omitempty"`
	// Status is that of an error to answer with. Zero: what would have been said.
	Status int `json:"status,omitempty"`
	// Code and Message are the error's. Empty: those that fit the route and the
	// status.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// RetryAfter sets the header of that name, in whole seconds. Zero: no header,
	// except for a 429: 1 s.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// OwnLimit is about a 429: it is a limit of what is requested, such as one
	// conversation, so that the inin-ratelimit headers say what they would say
	// without it. Otherwise they say that the OAuth client has used up its allowance.
	OwnLimit bool `json:"ownLimit,omitempty"`
	// Body spoils the body of the answer. Empty: it stays.
	Body Spoilt `json:"body,omitempty"`
	// Results changes how the results of a batch request are listed. Empty: not at all.
	Results Mislisted `json:"results,omitempty"`
	// Pages changes which page a listing names as the next one. Empty: not at all.
	Pages Mispaged `json:"pages,omitempty"`
	// State is the state that a job is said to be in, such as PENDING forever.
	// Empty: its own.
	State string `json:"state,omitempty"`
	// Redirect answers with a redirect to this address instead (302). Empty: none.
	Redirect string `json:"redirect,omitempty"`
	// ResultBase is the scheme and host of the addresses that the results of a batch
	// request name, such as http://169.254.169.254; of RecordingID alone if that is
	// set. Empty: the simulator's own.
	ResultBase string `json:"resultBase,omitempty"`
	// Reset breaks the connection instead of answering.
	Reset bool `json:"reset,omitempty"`
	// Applied lets the request take effect although its answer is an error or is
	// lost: the client cannot know whether its job exists.
	Applied bool `json:"applied,omitempty"`
	// BadDates writes dates with +0000 in place of Z, as Genesys Cloud does in
	// files that it exports.
	BadDates bool `json:"badDates,omitempty"`
	// UnknownFields adds fields that no documentation names to each object,
	// UnknownValues puts values that are in no enumeration in the place of media,
	// file states and states.
	UnknownFields bool `json:"unknownFields,omitempty"`
	UnknownValues bool `json:"unknownValues,omitempty"`

	// ResultError and Withhold are about results of batch requests rather than
	// about requests: a matching recording yields this error, or nothing at all,
	// while Route and ClientID do not matter. All other fields but those that
	// count are then ignored.
	ResultError string `json:"resultError,omitempty"`
	Withhold    bool   `json:"withhold,omitempty"`
}

// Spoilt is a way to spoil the body of an answer.
type Spoilt string

// The ways to spoil a body.
const (
	// HTML: the error page of some proxy.
	HTML Spoilt = "html"
	// Empty: a body of no bytes.
	Empty Spoilt = "empty"
	// Null: the JSON value null.
	Null Spoilt = "null"
	// Truncated: half of it, then the connection breaks.
	Truncated Spoilt = "truncated"
	// Standing: half of it, then nothing, until the client goes away.
	Standing Spoilt = "standing"
	// Page: an error page that says it were what was requested.
	Page Spoilt = "page"
	// Bomb: a few kilobytes of gzip that contain many megabytes of empty objects.
	Bomb Spoilt = "bomb"
	// Deep: arrays inside of each other, a hundred thousand deep.
	Deep Spoilt = "deep"
	// Flood: the body again and again, in chunks, until the client goes away.
	Flood Spoilt = "flood"
)

// Mislisted is a way to list the results of a batch request otherwise.
type Mislisted string

// The ways to list results otherwise.
const (
	// Reversed: the last one first.
	Reversed Mislisted = "reversed"
	// Capitals: ids in capitals.
	Capitals Mislisted = "capitals"
	// Stray: one more, of a recording that was not asked for.
	Stray Mislisted = "stray"
	// Retyped: of another content type.
	Retyped Mislisted = "retyped"
	// Resigned: each with an address that was not there before.
	Resigned Mislisted = "resigned"
)

// aboutResults reports whether the fault is about batch results.
func (f Fault) aboutResults() bool { return f.ResultError != "" || f.Withhold }

// fault is an injected Fault and how often it was met.
type fault struct {
	Fault
	Matched int `json:"matched"`
	Fired   int `json:"fired"`
	// until is when it ends, zero if it does not.
	until time.Time
}

// delay is how much longer the answer takes; f may be nil.
func (f *fault) delay() time.Duration {
	if f == nil {
		return 0
	}
	return f.Delay
}

// faultList contains the faults, in the order in which they were injected.
type faultList struct {
	now    func() time.Time
	mu     sync.Mutex
	random *rand.Rand
	faults []*fault
}

func newFaultList(seed uint64, now func() time.Time) *faultList {
	return &faultList{now: now, random: dice(derive(seed, forFaults))}
}

// InjectFault makes answers go wrong from now on. Of several faults that match
// a request, the one injected first that is due decides alone.
func (s *Simulator) InjectFault(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	injected := &fault{Fault: f}
	if f.Lasts > 0 {
		injected.until = s.faults.now().Add(f.Lasts)
	}
	s.faults.faults = append(s.faults.faults, injected)
}

// ClearFaults makes all answers right again.
func (s *Simulator) ClearFaults() { s.EndFaults(func(Fault) bool { return true }) }

// EndFaults ends those of the faults in force that match.
func (s *Simulator) EndFaults(match func(Fault) bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = slices.DeleteFunc(s.faults.faults, func(f *fault) bool { return match(f.Fault) })
}

// list returns the faults and how often they were met.
func (b *faultList) list() []fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	faults := make([]fault, len(b.faults))
	for i, f := range b.faults {
		faults[i] = *f
	}
	return faults
}

// Fired is how often those of the faults in force that match have made an answer
// go wrong, or are about to.
func (s *Simulator) Fired(match func(Fault) bool) int {
	n := 0
	for _, f := range s.faults.list() {
		if match(f.Fault) {
			n += f.Fired
		}
	}
	return n
}

// forCall returns the fault that a call meets, nil if it meets none.
func (b *faultList) forCall(c *call) *fault {
	return b.first(func(f *fault) bool {
		return !f.aboutResults() &&
			(f.Route == "" || f.Route == c.route.pattern) &&
			(f.Path == "" || f.Path == c.URL.Path) &&
			(f.ClientID == "" || c.client != nil && f.ClientID == c.client.id) &&
			(f.ConversationID == "" || slices.Contains(c.conversations, f.ConversationID)) &&
			(f.RecordingID == "" || slices.Contains(c.recordings, f.RecordingID))
	})
}

// forResult returns the fault that a recording in a batch request meets.
func (b *faultList) forResult(r *Recording) *fault {
	return b.first(func(f *fault) bool {
		return f.aboutResults() &&
			(f.ConversationID == "" || f.ConversationID == r.ConversationID) &&
			(f.RecordingID == "" || f.RecordingID == r.ID)
	})
}

// first returns the first fault that matches and is due.
func (b *faultList) first(matches func(*fault) bool) *fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		if matches(f) && b.due(f) {
			return f
		}
	}
	return nil
}

// due counts a match and reports whether it goes wrong.
func (b *faultList) due(f *fault) bool {
	f.Matched++
	switch {
	case f.Matched < f.Nth,
		!f.until.IsZero() && !b.now().Before(f.until),
		f.Count > 0 && f.Fired >= f.Count,
		f.Probability > 0 && b.random.Float64() >= f.Probability:
		return false
	}
	f.Fired++
	return true
}
