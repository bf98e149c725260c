package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is the largest request that the API reads, in bytes.
const maxBody = 512_000

// call is one request on its way to its answer.
type call struct {
	*http.Request
	route       *route
	began       time.Time
	sequence    int
	correlation string
	client      *client
	body        []byte
	oversized   bool
	// conversations and recordings are those that the path or the body names, or
	// that the batch request is about that the path names.
	conversations, recordings []string
	// load is the class of metadata that is requested, and inFlight the number of
	// calls of that class under way, this one included.
	load     Load
	inFlight int
	// header goes out with the answer, whatever it is.
	header http.Header
}

// beginCall takes a request in.
func (s *Simulator) beginCall(rt *route, r *http.Request) *call {
	c := &call{
		Request:     r,
		route:       rt,
		began:       s.now(),
		sequence:    s.journal.nextSequence(),
		correlation: newUUID(),
		header:      http.Header{},
	}
	c.header.Set("ININ-Correlation-Id", c.correlation)
	c.readBody()
	c.readIDs()
	if rt.pattern == RouteBatch {
		s.nameRequested(c)
	}
	return c
}

// nameRequested notes what the requested batch request is about.
func (s *Simulator) nameRequested(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.batches[c.PathValue("jobId")]; b != nil {
		for _, item := range b.items {
			c.name(item.ConversationID, item.RecordingID)
		}
	}
}

func (c *call) readBody() {
	body, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, maxBody))
	var tooLarge *http.MaxBytesError
	c.oversized = errors.As(err, &tooLarge)
	c.body = body
}

// readIDs notes which conversations and recordings are requested, for the
// journal and for faults that are meant for them.
func (c *call) readIDs() {
	c.name(c.PathValue("conversationId"), c.PathValue("recordingId"))
	var named struct {
		ConversationIDs []string       `json:"conversationIds"`
		Batch           []batchRequest `json:"batchDownloadRequestList"`
	}
	if len(c.body) == 0 || json.Unmarshal(c.body, &named) != nil {
		return // what is wrong with the body is for the route to say
	}
	for _, id := range named.ConversationIDs {
		c.name(id, "")
	}
	for _, item := range named.Batch {
		c.name(item.ConversationID, item.RecordingID)
	}
}

func (c *call) name(conversation, recording string) {
	if conversation != "" {
		c.conversations = append(c.conversations, conversation)
	}
	if recording != "" {
		c.recordings = append(c.recordings, recording)
	}
}

// ids is the number of things that the body asks for.
func (c *call) ids() int {
	if c.PathValue("conversationId") != "" || c.route.pattern == RouteBatch {
		return 0
	}
	return max(len(c.conversations), len(c.recordings))
}

// decode reads the body as JSON. The reply is what to answer if it is not JSON.
func (c *call) decode(into any) *reply {
	if kind := c.Header.Get("Content-Type"); kind != "" && !strings.HasPrefix(kind, "application/json") {
		return refuse(http.StatusUnsupportedMediaType, "unsupported.media.type",
			"Unsupported Media Type - Unsupported or incorrect media type, such as an incorrect Content-Type value in the header.")
	}
	if json.Unmarshal(c.body, into) != nil {
		return refuse(http.StatusBadRequest, "bad.request",
			"The request could not be understood by the server due to malformed syntax.")
	}
	return nil
}

// origin is the address that the client reached the simulator at.
func (c *call) origin() string {
	scheme := "http"
	if c.TLS != nil || c.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + c.Host
}

// answer works out the reply: what the gate, a fault or the route says, in this
// order.
func (s *Simulator) answer(c *call, gate func(*Simulator, *call) *reply) reply {
	if refusal := gate(s, c); refusal != nil {
		return refusal.with(c)
	}
	s.classify(c)
	defer s.journal.leave(c)
	f := s.faults.forCall(c)
	if !wait(c.Context(), s.latency(c)+f.delay()) {
		return abandoned()
	}
	if f == nil {
		return c.route.answer(s, c).with(c)
	}
	return f.distort(s, c)
}

// latency is how long the answer takes.
func (s *Simulator) latency(c *call) time.Duration {
	l := s.options.Latency
	switch {
	case c.timesOut(s):
		return l.HeldScreenTimeout
	case c.load == HeldScreenLoad:
		return l.HeldScreenMetadata
	default:
		return l.of(c.route.pace)
	}
}
