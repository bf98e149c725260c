package budget

import "time"

// Stats is a snapshot of a limiter.
type Stats struct {
	// Granted is how many requests were allowed to go since the start.
	Granted uint64
	// Throttled is how many of them were refused with 429.
	Throttled uint64
	// Waited is how long all callers together have waited, those that still
	// wait not counted.
	Waited time.Duration
	// Waiting is how many callers wait now.
	Waiting int
	// Delay is how long one who came now would wait, as far as is known, if all
	// were served in their order.
	Delay time.Duration
	// UnderWay is how many granted requests are not over.
	UnderWay int
	// Allowed is how many requests a minute we may send: what is configured, or
	// less if Genesys Cloud allows less.
	Allowed int
	// Remaining is how many more requests Genesys Cloud's present window takes.
	// Without a word of Genesys Cloud it is Allowed.
	Remaining int
	// Reset is when the present window is over, zero if Genesys Cloud has not said.
	Reset time.Time
	// StoppedUntil is when requests may go again after a 429, zero or past if they may.
	StoppedUntil time.Time
	// Stopped is whether requests have to wait for that.
	Stopped bool
}

// tally is what a limiter counts of its own doings.
type tally struct {
	granted, throttled uint64
	waited             time.Duration
}

// Stats returns a snapshot.
func (l *Limiter) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	s := Stats{
		Granted:      l.tally.granted,
		Throttled:    l.tally.throttled,
		Waited:       l.tally.waited,
		Waiting:      l.queue.all(),
		UnderWay:     len(l.underWay),
		Allowed:      l.perMinute(),
		Remaining:    l.perMinute(),
		StoppedUntil: l.stopped,
		Stopped:      now.Before(l.stopped),
		Delay:        l.delay(now),
	}
	if l.window.told && now.Before(l.window.end) {
		s.Remaining = max(l.window.room(now), 0)
		s.Reset = l.window.end
	}
	return s
}

// delay estimates how long one who came now would wait, who is not spare.
func (l *Limiter) delay(now time.Time) time.Duration {
	missing := float64(l.queue.waiting) + 1 - l.pace.TokensAt(now)
	paced := time.Duration(max(missing, 0) / float64(l.pace.Limit()) * float64(time.Second))
	if !now.Before(l.window.end) || l.window.room(now) > l.queue.waiting || l.window.allowed == 0 {
		return max(paced, l.barred(now))
	}
	return max(paced, l.barred(now), l.window.end.Sub(now))
}
