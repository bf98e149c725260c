package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// The actions of audit events that the simulator writes.
const (
	auditProtect = "ApplyProtection"
	auditRelease = "RevokeProtection"
	auditExport  = "Export"
)

// auditEvent is something that happened to a conversation's recordings.
type auditEvent struct {
	id           string
	at           time.Time
	action       string
	client       string
	conversation string
	recording    string
	screen       bool
}

func protectionEvent(c *Conversation, on bool, client string, at time.Time) auditEvent {
	e := auditEvent{
		id: uuidOf(derive(c.key, forAudit, uint64(at.UnixMilli()))), at: at, action: auditRelease,
		client: client, conversation: c.ID, recording: c.Recordings[0].ID,
	}
	if on {
		e.action = auditProtect
	}
	return e
}

func exportEvent(p pendingExport) auditEvent {
	r := p.recording
	return auditEvent{
		id: uuidOf(derive(r.key, forAudit, uint64(p.due.UnixMilli()))), at: p.due, action: auditExport,
		client: p.client, conversation: r.ConversationID, recording: r.ID, screen: r.Medium == Screen,
	}
}

// auditFilter is QualityAuditQueryFilter in the Platform API.
type auditFilter struct {
	Property string `json:"property"`
	Value    string `json:"value"`
}

// auditBody is QMAuditQueryRequest in the Platform API.
type auditBody struct {
	Interval string        `json:"interval"`
	Filters  []auditFilter `json:"filters"`
	Sort     []struct {
		Name      string `json:"name"`
		SortOrder string `json:"sortOrder"`
	} `json:"sort"`
}

// auditQuery is an audit query under way.
type auditQuery struct {
	id        string
	submitted time.Time
	body      auditBody
	events    []auditEvent
}

// submitAudit takes an audit query in. Unverified: any filter is accepted on its
// own, of those that the Platform API names.
func (s *Simulator) submitAudit(c *call) reply {
	var body auditBody
	if refusal := c.decode(&body); refusal != nil {
		return *refusal
	}
	from, to, refusal := parseInterval(body.Interval, longestJob)
	if refusal == nil && len(body.Filters) == 0 {
		refusal = constraint("filters must not be empty")
	}
	if refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	q := &auditQuery{id: newUUID(), submitted: now, body: body}
	for _, e := range s.audits {
		if !e.at.Before(from) && e.at.Before(to) && !e.at.After(now) && e.passes(body.Filters) {
			q.events = append(q.events, e)
		}
	}
	q.sortEvents()
	s.auditQueries[q.id] = q
	return respond(http.StatusAccepted, q.status(now, s.options.AuditDelay))
}

// sortEvents puts events into the order asked for, the oldest first by default.
func (q *auditQuery) sortEvents() {
	slices.SortStableFunc(q.events, func(a, b auditEvent) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.conversation, b.conversation))
	})
	if len(q.body.Sort) > 0 && q.body.Sort[0].SortOrder == "descending" {
		slices.Reverse(q.events)
	}
}

// passes reports whether an event satisfies all filters.
func (e auditEvent) passes(filters []auditFilter) bool {
	values := map[string]string{
		"Action": e.action, "EntityType": e.entityType(), "EntityId": e.recording,
		"ConversationId": e.conversation, "ClientId": e.client, "ServiceName": "RecordingService",
	}
	for _, f := range filters {
		if values[f.Property] != f.Value {
			return false
		}
	}
	return true
}

func (e auditEvent) entityType() string {
	if e.screen {
		return "ScreenRecording"
	}
	return "Recording"
}

// auditStatus is QualityAuditQueryExecutionStatusResponse in the Platform API.
type auditStatus struct {
	ID        string        `json:"id"`
	State     string        `json:"state"`
	DateStart string        `json:"dateStart"`
	Interval  string        `json:"interval"`
	Filters   []auditFilter `json:"filters"`
}

func (q *auditQuery) status(now time.Time, delay time.Duration) auditStatus {
	state := "Succeeded"
	switch passed := now.Sub(q.submitted); {
	case passed < delay/2:
		state = "Queued"
	case passed < delay:
		state = "Running"
	}
	return auditStatus{q.id, state, date(q.submitted), q.body.Interval, q.body.Filters}
}
