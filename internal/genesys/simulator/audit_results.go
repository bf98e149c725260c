package simulator

import (
	"net/http"
	"net/url"
)

// auditEntity is QualityAuditLogMessage in the Platform API.
type auditEntity struct {
	ID            string            `json:"id"`
	UserHomeOrgID string            `json:"userHomeOrgId"`
	Client        reference         `json:"client"`
	ServiceName   string            `json:"serviceName"`
	Level         string            `json:"level"`
	Status        string            `json:"status"`
	EventDate     string            `json:"eventDate"`
	Action        string            `json:"action"`
	Entity        reference         `json:"entity"`
	EntityType    string            `json:"entityType"`
	Context       map[string]string `json:"context"`
}

// audit answers how far an audit query has come, with 202 before its end.
func (s *Simulator) audit(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.auditQueries[c.PathValue("transactionId")]
	if q == nil {
		return notFound()
	}
	status := q.status(s.now(), s.options.AuditDelay)
	if status.State != "Succeeded" {
		return respond(http.StatusAccepted, status)
	}
	return ok(status)
}

// auditResults answers a page of what an audit query found.
func (s *Simulator) auditResults(c *call) reply {
	size, refusal := c.wholeNumber("pageSize", 25)
	if refusal == nil && size > 500 {
		refusal = badValue(c.URL.Query().Get("pageSize"), "pageSize", "1 to 500")
	}
	if refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.auditQueries[c.PathValue("transactionId")]
	if q == nil || q.status(s.now(), s.options.AuditDelay).State != "Succeeded" {
		return notFound()
	}
	from, refusal := c.cursor(len(q.events))
	if refusal != nil {
		return *refusal
	}
	return s.auditPage(q, from, size)
}

func (s *Simulator) auditPage(q *auditQuery, from, size int) reply {
	to := min(from+size, len(q.events))
	page := struct {
		ID       string        `json:"id"`
		PageSize int           `json:"pageSize"`
		Cursor   string        `json:"cursor,omitempty"`
		Entities []auditEntity `json:"entities"`
	}{ID: q.id, PageSize: size, Entities: []auditEntity{}}
	for _, e := range q.events[from:to] {
		page.Entities = append(page.Entities, s.auditEntity(e))
	}
	if to < len(q.events) {
		page.Cursor = cursorAt(to)
	}
	return ok(page)
}

// auditEntity describes an event. Unverified: the conversation is in the
// context, under this key.
func (s *Simulator) auditEntity(e auditEvent) auditEntity {
	return auditEntity{
		ID:            e.id,
		UserHomeOrgID: s.options.OrganizationID,
		Client:        reference{e.client, "/api/v2/oauth/clients/" + e.client},
		ServiceName:   "RecordingService",
		Level:         "User",
		Status:        "Success",
		EventDate:     date(e.at),
		Action:        e.action,
		Entity:        reference{e.recording, conversationURI(e.conversation) + "/recordings/" + url.PathEscape(e.recording)},
		EntityType:    e.entityType(),
		Context:       map[string]string{"conversationId": e.conversation},
	}
}
