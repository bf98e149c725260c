package world

import (
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// Clock is the machine's own, set forward now and then: its timers run as they
// do, so that nothing has to be driven, but days can pass at once.
type Clock struct {
	clock.RealClock
	ahead atomic.Int64
}

// Now is the time.
func (c *Clock) Now() time.Time { return c.RealClock.Now().Add(time.Duration(c.ahead.Load())) }

// Since is how long ago an instant was.
func (c *Clock) Since(at time.Time) time.Duration { return c.Now().Sub(at) }

// Advance sets the clock forward.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }
