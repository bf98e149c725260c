package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Entry is what the journal keeps of one request.
type Entry struct {
	// Sequence numbers requests from 1 in the order of their arrival.
	Sequence int `json:"sequence"`
	// Time is when the request arrived, by the simulator's clock.
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	// Route is the route's pattern, one of the Route constants.
	Route string `json:"route"`
	// Path is as sent, without the query: that contains signatures.
	Path string `json:"path"`
	// Status is that of the answer; 0 if there was none because the connection
	// was reset or the client did not wait.
	Status int `json:"status"`
	// ClientID is the OAuth client, empty if it is not known.
	ClientID string `json:"clientId,omitempty"`
	// ConversationID and RecordingID are those in the path, if any.
	ConversationID string `json:"conversationId,omitempty"`
	RecordingID    string `json:"recordingId,omitempty"`
	// IDs is the number of conversations or recordings that the body names.
	IDs int `json:"ids,omitempty"`
}

// Load is the class of a request for recording metadata, by what weighs on the
// metadata service. The classes do not overlap.
type Load string

// The classes of metadata requests.
const (
	// HeldScreenLoad: conversations under hold that have screen recordings.
	HeldScreenLoad Load = "heldScreen"
	// HeldLoad: all other conversations under hold.
	HeldLoad Load = "held"
	// NotHeldLoad: all others, unknown ones too.
	NotHeldLoad Load = "notHeld"
)

// Journal is the record of all requests but those under /_simulator/. It is
// safe for concurrent use and keeps growing.
type Journal struct {
	limiter *limiter

	mu       sync.Mutex
	sequence int
	entries  []Entry
	counts   map[string]map[int]int
	inFlight map[Load]int
	peaks    map[Load]int
}

func newJournal(l *limiter) *Journal {
	return &Journal{limiter: l, counts: map[string]map[int]int{}, inFlight: map[Load]int{}, peaks: map[Load]int{}}
}

// Entries returns what was answered so far, in order of arrival.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries := slices.Clone(j.entries)
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return entries
}

// Count returns how many requests of a route (one of the Route constants, empty
// for any) were answered with a status (0 for any).
func (j *Journal) Count(route string, status int) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for r, byStatus := range j.counts {
		for s, requests := range byStatus {
			if (route == "" || r == route) && (status == 0 || s == status) {
				n += requests
			}
		}
	}
	return n
}

// Counts returns the number of requests by route and status. Status 0 counts
// those without an answer.
func (j *Journal) Counts() map[string]map[int]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	counts := map[string]map[int]int{}
	for route, byStatus := range j.counts {
		counts[route] = map[int]int{}
		for status, requests := range byStatus {
			counts[route][status] = requests
		}
	}
	return counts
}

// Throttled returns how many requests were answered 429.
func (j *Journal) Throttled() int { return j.Count("", http.StatusTooManyRequests) }

// ServerErrors returns how many requests were answered with a 5xx status.
func (j *Journal) ServerErrors() int {
	n := 0
	for status := 500; status < 600; status++ {
		n += j.Count("", status)
	}
	return n
}

// Peak returns the largest number of metadata requests of a class that were
// under way at the same time.
func (j *Journal) Peak(load Load) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.peaks[load]
}

// Windows returns the use of the rate budget, minute by minute.
func (j *Journal) Windows() []Window { return j.limiter.windows() }

// nextSequence gives a request its number.
func (j *Journal) nextSequence() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sequence++
	return j.sequence
}

// end writes down how a call was answered.
func (j *Journal) end(c *call, answer reply) {
	e := Entry{
		Sequence:       c.sequence,
		Time:           c.began,
		Method:         c.Method,
		Route:          c.route.pattern,
		Path:           c.URL.EscapedPath(),
		Status:         answer.status,
		ConversationID: c.PathValue("conversationId"),
		RecordingID:    c.PathValue("recordingId"),
		IDs:            c.ids(),
	}
	if c.client != nil {
		e.ClientID = c.client.id
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
	if j.counts[e.Route] == nil {
		j.counts[e.Route] = map[int]int{}
	}
	j.counts[e.Route][e.Status]++
}

// enter counts a metadata request as under way and returns how many of its
// class there are now.
func (j *Journal) enter(load Load) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight[load]++
	j.peaks[load] = max(j.peaks[load], j.inFlight[load])
	return j.inFlight[load]
}

// leave is the end of what enter began.
func (j *Journal) leave(c *call) {
	if c.load == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight[c.load]--
}
