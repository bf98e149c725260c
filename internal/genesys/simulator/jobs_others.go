package simulator

import "time"

// othersID is the user who created the jobs of AddJobOfOthers.
const othersID = "07e50000-0000-4000-8000-000000000001"

// AddJobOfOthers has somebody else run a bulk job, which is executed at once and FULFILLED after
// a time. It is about nothing that the data set has. AddJobOfOthers returns its id.
func (s *Simulator) AddJobOfOthers(lasts time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	j := &bulkJob{
		id: newUUID(), client: othersID, query: jobQuery{Action: actionExport}, raw: []byte(`{"action":"EXPORT"}`),
		created: now.Add(-s.options.JobDelay), executed: now, lasts: lasts, settled: true,
	}
	s.jobs = append(s.jobs, j)
	return j.id
}
