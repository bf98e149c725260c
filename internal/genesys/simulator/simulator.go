package simulator

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Simulator answers as an organisation's Platform API would. It is an
// http.Handler, safe for concurrent use.
type Simulator struct {
	options      Options
	mux          *http.ServeMux
	journal      *Journal
	limiter      *limiter
	faults       *faultList
	signing      []byte
	integrations []integration

	// delivery is locked while objects are written into the bucket.
	delivery sync.Mutex

	// mu guards all below. No latency passes while it is locked.
	mu            sync.Mutex
	clients       map[string]*client
	tokens        map[string]*login
	logins        int
	conversations []*Conversation // in order of start
	byID          map[string]*Conversation
	orphans       []Orphan // in order of creation
	analytics     map[string]*analyticsJob
	batches       map[string]*batch
	jobs          []*bulkJob // in order of creation
	exports       []*pendingExport
	uploads       []pendingUpload
	restores      []pendingRestore
	restored      []*Recording // by a client, not in the archive again yet
	restorations  int          // granted so far
	changes       []RetentionChange
	transcoding   map[string]time.Time
	audits        []auditEvent
	auditQueries  map[string]*auditQuery
	urlEpoch      int // grows when all result URLs are made to expire
}

// New returns a simulator with the data set that the options describe. It
// panics with the error of Options.Validate if they make no sense.
func New(o Options) *Simulator {
	if err := o.Validate(); err != nil {
		panic("simulator: " + err.Error())
	}
	o = o.withDefaults()
	s := &Simulator{
		options:      o,
		mux:          http.NewServeMux(),
		limiter:      newLimiter(o.RequestsPerMinute),
		faults:       newFaultList(o.Seed, o.Now),
		signing:      newKey(),
		clients:      newClients(o.Clients),
		tokens:       map[string]*login{},
		byID:         map[string]*Conversation{},
		integrations: newIntegrations(o),
		analytics:    map[string]*analyticsJob{},
		batches:      map[string]*batch{},
		transcoding:  map[string]time.Time{},
		auditQueries: map[string]*auditQuery{},
	}
	s.journal = newJournal(s.limiter)
	s.load(generate(o))
	s.orphans = orphansOf(o)
	s.routes()
	return s
}

// load takes over a data set, and writes down its holds as the audit has them.
func (s *Simulator) load(conversations []Conversation) {
	for i := range conversations {
		c := &conversations[i]
		for j := range c.Recordings {
			if r := &c.Recordings[j]; r.FileState == Uploading {
				s.upload(r, s.options.UploadDelay)
			}
		}
		s.conversations = append(s.conversations, c)
		s.byID[c.ID] = c
		if c.Held {
			s.audits = append(s.audits, protectionEvent(c, true, s.options.Clients[0].ID, c.Start.Add(day)))
		}
	}
}

// ServeHTTP answers a request.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.options.ExportBucket.exists() {
		ctx, cancel := context.WithTimeout(r.Context(), longestDelivery)
		s.deliver(ctx)
		cancel()
	}
	s.mux.ServeHTTP(w, r)
}

// Options returns the options with their defaults filled in.
func (s *Simulator) Options() Options { return s.options }

// Journal returns the record of every request, which keeps growing.
func (s *Simulator) Journal() *Journal { return s.journal }

// Dataset returns the truth about all conversations at this moment. The copy
// belongs to the caller.
func (s *Simulator) Dataset() Dataset {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	d := Dataset{Conversations: make([]Conversation, len(s.conversations)), Orphans: append([]Orphan(nil), s.orphans...)}
	for i, c := range s.conversations {
		d.Conversations[i] = *c
		d.Conversations[i].Recordings = append([]Recording(nil), c.Recordings...)
	}
	return d
}

// now is the time by the simulator's clock.
func (s *Simulator) now() time.Time { return s.options.Now().UTC() }

// known returns a conversation that the recording service knows by now.
func (s *Simulator) known(id string, now time.Time) *Conversation {
	c := s.byID[id]
	if c == nil || c.Start.After(now) {
		return nil
	}
	return c
}

// listed returns the recordings of a conversation that can be requested by now.
func (s *Simulator) listed(c *Conversation, now time.Time) []*Recording {
	if c.End.IsZero() || c.End.Add(s.options.RecordingLag).After(now) {
		return nil
	}
	recordings := make([]*Recording, 0, len(c.Recordings))
	for i := range c.Recordings {
		if !c.Recordings[i].unlisted {
			recordings = append(recordings, &c.Recordings[i])
		}
	}
	return recordings
}

// find returns a listed recording of a conversation, nil if there is none.
func (s *Simulator) find(c *Conversation, id string, now time.Time) *Recording {
	for _, r := range s.listed(c, now) {
		if r.ID == id {
			return r
		}
	}
	return nil
}
