package budget

import "time"

// Grant is the permission to send one request.
type Grant struct {
	limiter *Limiter
	sent    time.Time
}

// Observe records what the request's answer says about the budget. An answer without such
// headers also has an effect: a server that never sends them gets requests at the configured
// rate.
func (g *Grant) Observe(h Headers) {
	l := g.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.answered = true
	delete(l.underWay, g)
	switch {
	case !h.told():
	case now.Sub(g.sent) > slowAnswer:
		l.window.allowed = h.Allowed
	default:
		l.window.observe(h, g.sent, now)
	}
	l.repace(now)
	l.serve(now)
}

// Throttle records that the request was refused with 429: nobody sends for
// retryAfter. If Genesys Cloud did not say how long (0 or less), nobody sends
// until its window is over.
func (g *Grant) Throttle(retryAfter time.Duration) {
	l := g.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	until := now.Add(retryAfter)
	if retryAfter <= 0 {
		until = l.window.end
	}
	if until.After(l.stopped) {
		l.stopped = until
	}
	l.tally.throttled++
	l.serve(now)
}

// Done tells that the request has ended, whatever its result. Only the first call has an
// effect.
func (g *Grant) Done() {
	l := g.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.underWay, g)
	l.serve(time.Now())
}
