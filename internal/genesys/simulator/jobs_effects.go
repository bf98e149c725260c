package simulator

import (
	"context"
	"time"
)

// pendingExport is a recording on its way to S3.
type pendingExport struct {
	recording *Recording
	client    string
	due       time.Time
	// delivered tells that its objects are in the bucket.
	delivered bool
}

// Tick lets happen what is due by the clock: EXPORT jobs write their outcome into
// recordings, and recordings arrive, reach S3 or return from the archive. Requests that
// could tell the difference do the same; Tick is for files that are to appear
// though nobody asks.
func (s *Simulator) Tick() {
	s.deliver(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
}

// settle is Tick with s.mu locked.
func (s *Simulator) settle(now time.Time) {
	for _, j := range s.jobs {
		if !j.settled && j.state(now, s.options.JobDelay) == stateFulfilled {
			j.settled = true
			s.apply(j)
		}
	}
	var later []*pendingExport
	for _, e := range s.exports {
		if e.due.After(now) || !s.export(e) {
			later = append(later, e)
		}
	}
	s.exports = later
	s.finishUploads(now)
	s.finishRestores(now)
}

// apply writes the outcome of a job into its recordings. FULFILLED means no
// more than that the date is set: a recording is exported when that has come,
// and never if the integration is broken. Deleting and archiving only set
// dates, which the simulator does not act on.
func (s *Simulator) apply(j *bulkJob) {
	if j.query.Action != actionExport {
		return
	}
	fulfilled := j.executed.Add(s.options.JobDelay)
	for _, r := range j.selected {
		r.ExportDate = j.query.dateFor(r)
		if !r.DeleteDate.IsZero() && r.DeleteDate.Before(r.ExportDate) {
			r.ExportDate = r.DeleteDate
		}
		begins := r.ExportDate
		if fulfilled.After(begins) {
			begins = fulfilled
		}
		if s.works(j.query.IntegrationID) {
			due := begins.Add(s.options.ExportDelay)
			s.exports = append(s.exports, &pendingExport{recording: r, client: j.client, due: due})
		}
	}
}

// export lets a recording arrive in S3. It reports whether it did; what cannot be
// written stays due.
func (s *Simulator) export(e *pendingExport) bool {
	switch {
	case s.options.ExportBucket.exists():
		if !e.delivered {
			return false
		}
	case s.options.ExportDir != "":
		if s.store(s.objectsOf(s.byID[e.recording.ConversationID], e.recording)) != nil {
			return false
		}
	}
	e.recording.ExportedDate = e.due
	s.audits = append(s.audits, exportEvent(*e))
	return true
}
