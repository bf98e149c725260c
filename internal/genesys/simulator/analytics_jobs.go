package simulator

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

// The states of an analytics job.
const (
	stateQueued    = "QUEUED"
	statePending   = "PENDING"
	stateFulfilled = "FULFILLED"
	stateCancelled = "CANCELLED"
	stateExpired   = "EXPIRED"
)

// analyticsJob is a details job: what it found when it was submitted, which it
// tells when its time has come.
type analyticsJob struct {
	submitted time.Time
	settled   time.Time
	cancelled bool
	rows      []row
}

// analyticsState is that of the job at a moment.
func (j *analyticsJob) analyticsState(now time.Time, o Options) string {
	passed := now.Sub(j.submitted)
	switch {
	case j.cancelled:
		return stateCancelled
	case passed >= o.AnalyticsDelay+o.Limits.AnalyticsTTL:
		return stateExpired
	case passed >= o.AnalyticsDelay:
		return stateFulfilled
	case passed >= o.AnalyticsDelay/3:
		return statePending
	default:
		return stateQueued
	}
}

// submitDetails takes a details job in. It finds what overlaps the interval,
// or, with startOfDayIntervalMatching, what started on its days.
func (s *Simulator) submitDetails(c *call) reply {
	var q conversationQuery
	if refusal := c.decode(&q); refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, refusal := s.search(q, s.options.Limits.AsyncInterval)
	if refusal != nil {
		return *refusal
	}
	id := newUUID()
	s.analytics[id] = &analyticsJob{submitted: s.now(), settled: s.settledAt(), rows: rows}
	return respond(http.StatusAccepted, struct {
		JobID string `json:"jobId"`
	}{id})
}

// detailsJob answers the state of a details job; with 202 while it is queued.
func (s *Simulator) detailsJob(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.analytics[c.PathValue("jobId")]
	if j == nil {
		return notFound()
	}
	status := struct {
		State          string `json:"state"`
		ExpirationDate string `json:"expirationDate,omitempty"`
		SubmissionDate string `json:"submissionDate"`
		CompletionDate string `json:"completionDate,omitempty"`
	}{State: j.analyticsState(s.now(), s.options), SubmissionDate: date(j.submitted)}
	if status.State == stateFulfilled {
		completed := j.submitted.Add(s.options.AnalyticsDelay)
		status.CompletionDate = date(completed)
		status.ExpirationDate = date(completed.Add(s.options.Limits.AnalyticsTTL))
	}
	if status.State == stateQueued {
		return respond(http.StatusAccepted, status)
	}
	return ok(status)
}

// detailsResults answers a page of what a details job found. Unverified: before
// the job is FULFILLED there is nothing to be found, nor after it has expired.
func (s *Simulator) detailsResults(c *call) reply {
	limits := s.options.Limits
	size, refusal := c.wholeNumber("pageSize", limits.AsyncPageSize)
	if refusal == nil && limits.RefuseLargePages {
		refusal = pageWithin(size, limits.AsyncPageSize)
	}
	if refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.analytics[c.PathValue("jobId")]
	if j == nil || j.analyticsState(s.now(), s.options) != stateFulfilled {
		return notFound()
	}
	from, refusal := c.cursor(len(j.rows))
	if refusal != nil {
		return *refusal
	}
	to := min(from+min(size, limits.AsyncPageSize), len(j.rows))
	page := struct {
		Conversations        []analyticsConversation `json:"conversations"`
		Cursor               string                  `json:"cursor,omitempty"`
		DataAvailabilityDate string                  `json:"dataAvailabilityDate"`
	}{Conversations: describeAll(j.rows[from:to], asIs), DataAvailabilityDate: date(j.settled)}
	if to < len(j.rows) {
		page.Cursor = cursorAt(to)
	}
	return ok(page)
}

func asIs(a analyticsConversation) analyticsConversation { return a }

// deleteDetails gives a details job up. Unverified: it is CANCELLED from then on.
func (s *Simulator) deleteDetails(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.analytics[c.PathValue("jobId")]
	if j == nil {
		return notFound()
	}
	j.cancelled = true
	return empty(http.StatusNoContent)
}

// cursorAt is the cursor of the page that begins at an index. Clients must not
// look inside, and cannot easily.
func cursorAt(i int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "at:%d", i))
}

// cursor reads the cursor of the query; none means the beginning.
func (c *call) cursor(length int) (int, *reply) {
	text := c.URL.Query().Get("cursor")
	if text == "" {
		return 0, nil
	}
	var i int
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		_, err = fmt.Sscanf(string(plain), "at:%d", &i)
	}
	if err != nil || i < 0 || i > length {
		return 0, badValue(text, "cursor", "those of earlier pages")
	}
	return i, nil
}
