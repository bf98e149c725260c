package simulator

import (
	"context"
	"time"
)

// longestDelivery is how long a request may wait for objects that are due: those that are not
// written by then wait for another request.
const longestDelivery = 2 * time.Second

// deliver writes the objects that are due into the bucket, until ctx ends. What cannot be written
// stays due. One delivery runs at a time; others do not wait for it. s.mu is not locked while an
// object is written.
func (s *Simulator) deliver(ctx context.Context) {
	if !s.options.ExportBucket.exists() || !s.delivery.TryLock() {
		return
	}
	defer s.delivery.Unlock()
	for {
		due, objects := s.nextDelivery()
		if due == nil {
			return
		}
		for _, o := range objects {
			if s.options.ExportBucket.put(ctx, o.key, o.content) != nil {
				return
			}
		}
		s.mu.Lock()
		due.delivered = true
		s.mu.Unlock()
	}
}

// nextDelivery returns a recording that is due and its objects, nil if there is none.
func (s *Simulator) nextDelivery() (*pendingExport, []exportedObject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	for _, e := range s.exports {
		if !e.due.After(now) && !e.delivered {
			return e, s.objectsOf(s.byID[e.recording.ConversationID], e.recording)
		}
	}
	return nil, nil
}
