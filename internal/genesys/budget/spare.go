package budget

import (
	"time"

	"golang.org/x/time/rate"
)

const (
	// sparePercent of the budget is what spare callers (see [genesys.Share]) may use
	// while others have work.
	sparePercent = 5
	// calm is how long after the last request of the others the whole budget is
	// theirs: others that wait for an answer before they ask again are not done.
	calm = 10 * time.Second
)

// spareRate is how many spare requests a second are granted while others have
// work. With one at once (its burst) that makes sparePercent of the budget in any
// minute, rounded up: even of a budget of one a minute there is something.
func spareRate(perMinute int) rate.Limit {
	return rate.Limit(float64(perMinute) * sparePercent / 100 / windowLength.Seconds())
}

// turn reports whether the next to be served is a spare caller, and whether anybody
// is to be served at all.
func (l *Limiter) turn(now time.Time) (spare, anybody bool) {
	spare = l.queue.sparing > 0 && l.untilSpare(now) <= 0
	return spare, spare || l.queue.waiting > 0
}

// untilSpare is when a spare caller may be served: as soon as there is something
// of its share, then even before others that wait, so that it does not starve; or
// once the others are calm.
func (l *Limiter) untilSpare(now time.Time) time.Duration {
	missing := 1 - l.spare.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	wait := time.Duration(missing/float64(l.spare.Limit())*float64(time.Second)) + time.Microsecond
	if l.queue.waiting == 0 {
		wait = min(wait, l.busy.Add(calm).Sub(now))
	}
	return wait
}

// admit gives leave to the one whose turn it is. What spare callers use while
// others are calm counts towards their share, too, but cannot exceed it.
func (l *Limiter) admit(spare bool, grant *Grant, now time.Time) {
	var served *caller
	if spare {
		served = l.queue.nextSpare()
		l.spare.AllowN(now, 1)
	} else {
		served = l.queue.next()
		l.busy = now
	}
	l.tally.waited += now.Sub(served.since)
	served.leave <- grant
}
