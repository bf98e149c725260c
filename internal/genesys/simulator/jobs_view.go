package simulator

import "time"

// BulkJob is a bulk job of the organisation, as a test sees it.
type BulkJob struct {
	ID string
	// ClientID is who created it.
	ClientID string
	Created  time.Time
	State    string
	// Query is the one that was received.
	Query string
}

// Ended reports whether the job does nothing any more.
func (j BulkJob) Ended() bool {
	return j.State == stateFulfilled || j.State == stateFailed || j.State == stateCancelled
}

// BulkJobs returns all bulk jobs of the organisation, in the order of their creation.
func (s *Simulator) BulkJobs() []BulkJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	all := make([]BulkJob, len(s.jobs))
	for i, j := range s.jobs {
		all[i] = BulkJob{ID: j.id, ClientID: j.client, Created: j.created, State: j.state(now, s.options.JobDelay), Query: string(j.raw)}
	}
	return all
}
