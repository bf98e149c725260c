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
// The package knows no SDK and sends nothing itself.
package budget

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
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

// Limiter grants requests of one OAuth client, first come, first served. It is
// safe for concurrent use; [Registry] makes it.
type Limiter struct {
	// head is held by the one caller whose turn is next; it queues the others
	// in the order in which they came.
	head *semaphore.Weighted
	// wake tells the caller at the head to look again.
	wake chan struct{}

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
	tally    tally
}

func newLimiter(requestsPerMinute int) *Limiter {
	l := &Limiter{
		head:     semaphore.NewWeighted(1),
		wake:     make(chan struct{}, 1),
		pace:     rate.NewLimiter(0, 1),
		underWay: make(map[*Grant]struct{}),
	}
	l.configure(requestsPerMinute)
	return l
}

// configure sets how many requests a minute we may send at most.
func (l *Limiter) configure(requestsPerMinute int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.configured = requestsPerMinute
	l.repace(time.Now())
	l.lookAgain()
}

// Wait blocks until a request may be sent. Whoever asked first is served
// first. The grant's Done must be called when the request is over. The only
// error is ctx.Err().
func (l *Limiter) Wait(ctx context.Context) (*Grant, error) {
	began := time.Now()
	l.join()
	defer l.leave(began)
	if err := l.head.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer l.head.Release(1)
	for ctx.Err() == nil {
		grant, pause := l.try()
		if grant != nil {
			return grant, nil
		}
		l.pause(ctx, pause)
	}
	return nil, ctx.Err()
}

// pause returns after d, or earlier if ctx ends or there is reason to look again.
func (l *Limiter) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.wake:
	case <-ctx.Done():
	}
}

// try grants a request now or tells how long to wait before looking again.
func (l *Limiter) try() (*Grant, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
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
		return windowLength // its end wakes us earlier
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
}

// perMinute is the most that we send: what is configured, or less if Genesys
// Cloud allows less.
func (l *Limiter) perMinute() int {
	if l.window.allowed > 0 {
		return min(l.configured, l.window.allowed)
	}
	return l.configured
}

// lookAgain wakes the caller at the head; a wake-up that nobody waits for is
// kept, and costs the next one a look.
func (l *Limiter) lookAgain() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
