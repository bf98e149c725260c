// Package budget keeps requests to Genesys Cloud within what an OAuth client
// may send in a minute.
//
// Genesys Cloud counts a client's requests in fixed windows of 60 seconds. Each
// answer tells how many it has counted, how many it allows and when the window
// ends; what exceeds the window is refused with 429. A [Limiter] stays below
// that by two rules that do not depend on each other, and obeys a third:
//
//   - Pace: in no 60 seconds are more requests sent than a window allows, so
//     wherever a window begins, we alone cannot overflow it.
//   - Account: what Genesys Cloud has counted and what is still under way never
//     exceed the window. This is the rule that sees what others send with the
//     same client.
//   - Stop: after a 429 nobody sends until the time that it names.
//
// Those that wait share what there is by weight, so that no lane and no export
// can starve another; what somebody does not use goes to the others. Spare callers
// get a small part while others have work, and all of it when nobody else has.
//
// The package knows no SDK and sends nothing itself.
package budget

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// DefaultRequestsPerMinute is what Genesys Cloud allows an OAuth client
	// that has no other agreement.
	DefaultRequestsPerMinute = 300

	// pacePercent of the budget is sent evenly; the rest may go in one burst.
	// Together they make up the whole budget in 60 seconds and never more.
	pacePercent = 97

	// leastPace is how many requests a second we send beside others as long as
	// the window has room: enough to see when they send less.
	leastPace = 1 / 10.0
)

// Limiter grants requests of one OAuth client, shared fairly among those that
// wait (see [genesys.Share]) and used up by whoever does. It is safe for
// concurrent use; [Registry] makes those of clients that have logged in.
type Limiter struct {
	mu         sync.Mutex
	configured int
	pace       *rate.Limiter
	window     window
	// answered is whether any request was answered: until then only one may be
	// under way, because after a restart the window may be nearly full.
	answered bool
	// stopped is when a 429 allows requests again.
	stopped  time.Time
	underWay map[*Grant]struct{}
	queue    queue
	// spare is the share of spare callers, busy when another was last served.
	spare *rate.Limiter
	busy  time.Time
	// again looks whether those who wait may go; nil until somebody had to wait.
	again *time.Timer
	tally tally
}

// NewLimiter makes a limiter that nobody else shares, for an OAuth client that
// has not logged in yet.
func NewLimiter(requestsPerMinute int) *Limiter {
	l := &Limiter{pace: rate.NewLimiter(0, 1), spare: rate.NewLimiter(0, 1), underWay: make(map[*Grant]struct{})}
	l.configure(requestsPerMinute)
	return l
}

// configure sets how many requests a minute we may send at most.
func (l *Limiter) configure(requestsPerMinute int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.configured = requestsPerMinute
	l.repace(now)
	l.serve(now)
}

// idle reports whether the limiter knows nothing that a new one would not: nobody
// waits, nothing is in flight, and the window and any stop are over.
func (l *Limiter) idle(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queue.all() == 0 && len(l.underWay) == 0 && !now.Before(l.window.end) && !now.Before(l.stopped)
}

// Wait blocks until a request may be sent, and it is its turn. The grant's Done
// must be called when the request is over. The only error is ctx.Err().
func (l *Limiter) Wait(ctx context.Context, share genesys.Share) (*Grant, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := newCaller(share)
	l.join(c)
	select {
	case grant := <-c.leave:
		return grant, nil
	case <-ctx.Done():
	}
	if l.withdraw(c) {
		return nil, ctx.Err()
	}
	return <-c.leave, nil // it came in the meantime, and is counted
}

func (l *Limiter) join(c *caller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	c.since = now
	l.queue.join(c)
	l.serve(now)
}

func (l *Limiter) withdraw(c *caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.queue.withdraw(c) {
		return false
	}
	l.tally.waited += time.Since(c.since)
	return true
}

// serve gives leave to those whose turn it is, as far as there is any to give,
// and makes sure that somebody looks again in time. The caller has the lock.
func (l *Limiter) serve(now time.Time) {
	for l.queue.all() > 0 {
		spare, anybody := l.turn(now)
		if !anybody {
			l.serveAfter(l.untilSpare(now))
			return
		}
		grant, pause := l.try(now)
		if grant == nil {
			l.serveAfter(pause)
			return
		}
		l.admit(spare, grant, now)
	}
}

// serveAfter has the limiter look again after d, and not earlier.
func (l *Limiter) serveAfter(d time.Duration) {
	if l.again != nil {
		l.again.Reset(d)
		return
	}
	l.again = time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.serve(time.Now())
	})
}

// try grants a request now or tells how long to wait before looking again.
func (l *Limiter) try(now time.Time) (*Grant, time.Duration) {
	if l.window.roll(now) {
		l.repace(now)
	}
	if pause := l.barred(now); pause > 0 {
		return nil, pause
	}
	if !l.pace.AllowN(now, 1) {
		return nil, min(l.untilPaced(now), l.window.end.Sub(now))
	}
	grant := &Grant{limiter: l, sent: now}
	l.underWay[grant] = struct{}{}
	l.window.send(now)
	l.tally.granted++
	return grant, 0
}

// barred tells how long no request may be sent whatever the pace, 0 if one may.
func (l *Limiter) barred(now time.Time) time.Duration {
	switch {
	case now.Before(l.stopped):
		return l.stopped.Sub(now)
	case !l.answered && len(l.underWay) > 0:
		return windowLength // its end lets us look earlier
	case l.window.room(now) <= 0:
		return l.window.end.Sub(now)
	default:
		return 0
	}
}

// untilPaced is when the pace has a request to give, rounded up so that it
// certainly has.
func (l *Limiter) untilPaced(now time.Time) time.Duration {
	missing := 1 - l.pace.TokensAt(now)
	seconds := missing / float64(l.pace.Limit())
	return time.Duration(seconds*float64(time.Second)) + time.Microsecond
}

// repace sets the pace from what is configured, what Genesys Cloud allows and,
// if others send with the same client, what they leave over: so several of us
// share it evenly, without 429.
func (l *Limiter) repace(now time.Time) {
	perMinute := l.perMinute()
	pace := float64(perMinute) * pacePercent / 100 / windowLength.Seconds()
	if l.window.shared() {
		pace = min(pace, max(leastPace, l.window.share(now)))
	}
	l.pace.SetLimitAt(now, rate.Limit(pace))
	l.pace.SetBurstAt(now, max(1, perMinute*(100-pacePercent)/100))
	l.spare.SetLimitAt(now, spareRate(perMinute))
}

// perMinute is the most that we send: what is configured, or less if Genesys
// Cloud allows less.
func (l *Limiter) perMinute() int {
	if l.window.allowed > 0 {
		return min(l.configured, l.window.allowed)
	}
	return l.configured
}
