package simulator

import (
	"fmt"
	"net/http"
	"strings"
)

// detailsQuery answers a details query at once, page by page. It finds what
// started on the UTC days that the interval touches.
func (s *Simulator) detailsQuery(c *call) reply {
	var q struct {
		conversationQuery
		Paging *paging `json:"paging"`
	}
	if refusal := c.decode(&q); refusal != nil {
		return *refusal
	}
	page := paging{PageSize: 25, PageNumber: 1}
	if q.Paging != nil {
		page = *q.Paging
	}
	if refusal := page.checkBounds(s.options.Limits); refusal != nil {
		return *refusal
	}
	q.StartOfDayIntervalMatching, q.Limit = true, 0
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, refusal := s.search(q.conversationQuery, s.options.Limits.SyncInterval)
	if refusal != nil {
		return *refusal
	}
	return ok(struct {
		// An empty page has no conversations field at all. Unverified.
		Conversations []analyticsConversation `json:"conversations,omitempty"`
		TotalHits     int                     `json:"totalHits"`
	}{describeAll(cut(rows, page.PageSize, page.PageNumber), analyticsConversation.withoutAttributes), len(rows)})
}

// paging is PagingSpec in the Platform API.
type paging struct {
	PageSize   int `json:"pageSize"`
	PageNumber int `json:"pageNumber"`
}

func (p paging) checkBounds(l Limits) *reply {
	switch {
	case p.PageSize < 1 || p.PageSize > l.SyncPageSize:
		return constraint(fmt.Sprintf("paging.pageSize must be between 1 and %d", l.SyncPageSize))
	case p.PageNumber < 1:
		return constraint("paging.pageNumber must be at least 1")
	case p.PageNumber*p.PageSize > l.SyncResults:
		return refuse(http.StatusBadRequest, "bad.request",
			fmt.Sprintf("Pagination may not exceed %d results.", l.SyncResults))
	default:
		return nil
	}
}

// details answers for single conversations. Those that it does not know are
// left out.
func (s *Simulator) details(c *call) reply {
	ids := strings.Split(strings.Join(c.URL.Query()["id"], ","), ",")
	s.mu.Lock()
	defer s.mu.Unlock()
	settled := s.settledAt()
	var rows []row
	for _, id := range ids {
		if conversation := s.known(id, settled); conversation != nil {
			rows = append(rows, rowAt(conversation, settled))
		}
	}
	return ok(struct {
		Conversations []analyticsConversation `json:"conversations"`
	}{describeAll(rows, analyticsConversation.withoutAttributes)})
}

// availability answers up to when analytics knows what happened.
func (s *Simulator) availability(*call) reply {
	return ok(struct {
		DataAvailabilityDate string `json:"dataAvailabilityDate"`
	}{date(s.settledAt())})
}

// describeAll describes rows, each shaped to the route. s.mu is locked.
func describeAll(rows []row, shape func(analyticsConversation) analyticsConversation) []analyticsConversation {
	conversations := make([]analyticsConversation, len(rows))
	for i, r := range rows {
		conversations[i] = shape(describe(r.conversation, r.end))
	}
	return conversations
}

// cut returns one page of a list; pages are numbered from 1.
func cut[T any](list []T, size, number int) []T {
	from := min((number-1)*size, len(list))
	return list[from:min(from+size, len(list))]
}
