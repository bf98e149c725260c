package model

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// frozen is a clock that moves only when it is set forward. Whoever waits
// sets it forward, and continues at once.
type frozen struct {
	clock.RealClock
	mu  sync.Mutex
	now time.Time
}

func (c *frozen) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *frozen) Since(at time.Time) time.Duration { return c.Now().Sub(at) }

// Pass sets the clock forward.
func (c *frozen) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// NewTimer is a wait that is over.
func (c *frozen) NewTimer(d time.Duration) clock.Timer {
	c.Pass(d)
	over := make(chan time.Time, 1)
	over <- c.Now()
	return timer{over}
}

type timer struct{ over chan time.Time }

func (t timer) C() <-chan time.Time    { return t.over }
func (timer) Stop() bool               { return false }
func (timer) Reset(time.Duration) bool { return false }

// turn lets one goroutine run at a time: the work of pools waits at its
// effects while an evaluation is running.
type turn struct {
	mu      sync.Mutex
	free    *sync.Cond
	looking int
	// standing are the processes one of whose works pauses at an effect.
	standing map[*process]int
}

func newTurn() *turn {
	t := &turn{standing: map[*process]int{}}
	t.free = sync.NewCond(&t.mu)
	return t
}

func (t *turn) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looking++
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looking--
	t.free.Broadcast()
}

// stand says that one more, or one less, of a process's works pauses.
func (t *turn) stand(p *process, more int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.standing[p] += more
	t.free.Broadcast()
}

// await waits until no evaluation is running, and none of the process's works pauses.
func (t *turn) await(p *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.looking > 0 || t.standing[p] > 0 {
		t.free.Wait()
	}
}
