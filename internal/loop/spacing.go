package loop

import "time"

// statusInterval is how far apart two reconciles of an object are that progress causes,
// and two writes of its status that are not turning points.
const statusInterval = time.Second

// spacing keeps what is done for each of many objects at least statusInterval apart. It
// decides, and does nothing itself. The zero value is ready for use; its user locks it.
type spacing[K comparable] struct {
	// last is when it is done last for each object, which may be in the future.
	last map[K]time.Time
	// swept is when entries were removed last that no longer matter.
	swept time.Time
}

// wait is how long it is from an instant until it may be done for an object, 0 if it may
// be done then.
func (s *spacing[K]) wait(of K, now time.Time) time.Duration {
	last, known := s.last[of]
	if !known {
		return 0
	}
	return min(max(0, last.Add(statusInterval).Sub(now)), statusInterval)
}

// record records when it is done for an object.
func (s *spacing[K]) record(of K, at, now time.Time) {
	if s.last == nil {
		s.last = map[K]time.Time{}
	}
	if now.Sub(s.swept).Abs() > statusInterval {
		for other, last := range s.last {
			if now.Sub(last).Abs() > statusInterval {
				delete(s.last, other)
			}
		}
		s.swept = now
	}
	s.last[of] = at
}

// schedule records that it is done for an object as soon as it may be, and returns how
// long that is from now. What was scheduled before and is still to come stays where it is.
func (s *spacing[K]) schedule(of K, now time.Time) time.Duration {
	if last, known := s.last[of]; known && last.After(now) && last.Sub(now) <= statusInterval {
		return last.Sub(now)
	}
	wait := s.wait(of, now)
	s.record(of, now.Add(wait), now)
	return wait
}
