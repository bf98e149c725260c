// Package transfer does the work that takes long: in pools outside the reconcilers,
// bounded for each namespace so that none takes the room of another, behind gates that limit what is in flight, streaming from Genesys
// Cloud to the archive.
//
// A pool knows nothing of what it does. Work leaves artifacts; whoever asked for
// it looks for those, never at what the pool says of it.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Work is done by a pool. It must stop soon after ctx ends, at any point, and
// find its way when it is begun again.
type Work func(ctx context.Context, try Try) error

// Try is one attempt at a piece of work.
type Try struct {
	// Failures is how many attempts before it failed and counted, from 0, since the
	// work was first begun or was cancelled.
	Failures int
	// Last tells that the patience with the work is used up: what fails now is not
	// retried.
	Last bool
	// place is the work's in the pool.
	place *place
	// progress calls [Job].Progress of everybody who asked for the work.
	progress func()
}

// Progress tells everybody who asked for the work that there is something new to
// look at. Work may call it as often as it likes.
func (t Try) Progress() {
	if t.progress != nil {
		t.progress()
	}
}

// Keep has work wait while it is the turn of others, see [Room]. Work that may take
// longer than a turn calls it again and again. Before a wait it calls pausing, unless
// that is nil: what cannot be held for so long is given back there. The error is ctx's.
func (t Try) Keep(ctx context.Context, pausing func()) error {
	if t.place == nil {
		return ctx.Err()
	}
	return t.place.keep(ctx, pausing)
}

// WaitLimit is how long a piece of work is retried.
//
// Only the waits between failed attempts use it up, and of those only the ones
// after failures of what is asked for (see [Pause]). Time in which nothing could
// be asked, because the work was suspended, stalled, queued or throttled, or the
// manager was stopped, does not count. And whatever was used up before, work that
// is begun again is tried a few times before its last attempt.
type WaitLimit struct {
	// Total is how long the work is retried; 0 is without end.
	Total time.Duration
	// Used is how much of it another process has used.
	Used time.Duration
}

// leastFailures is how often work fails, since it was begun, before its last attempt.
const leastFailures = 2

// State is how a piece of work stands.
type State struct {
	// Running tells whether it is at work or waiting for room in the pool.
	Running bool
	// Err is how the last attempt failed.
	Err error
	// After is how long to wait before it can be begun again, 0 if it is running, and
	// Next when that is.
	After time.Duration
	Next  time.Time
	// Failures is how many attempts have failed and counted.
	Failures int
	// Used is how much of its patience is used up, Exhausted whether its last attempt
	// has failed.
	Used      time.Duration
	Exhausted bool
}

// Pause is the wait after a failed attempt.
type Pause struct {
	Wait time.Duration
	// Counts tells whether the attempt counts as a failure.
	Counts bool
	// UsesDeadline tells whether the wait uses up patience.
	UsesDeadline bool
}

// Backoff says how to pause after an attempt that failed with err. attempt counts
// the failures before, from 0.
type Backoff func(err error, attempt int) Pause

// Pool does pieces of work, each known by a key, a bounded number at a time: those
// of a tenant in the order in which they were asked for, those of several in turn.
type Pool struct {
	clock   clock.Clock
	backoff Backoff
	queue   queue
	running sync.WaitGroup

	mu      sync.Mutex
	entries map[string]*entry
	stopped bool
}

// caller is what one owner is told of the work that it asked for.
type caller struct{ wake, progress func() }

type entry struct {
	running bool
	cancel  context.CancelFunc
	// callers are those who asked for the work, by owner.
	callers   map[string]caller
	waitLimit WaitLimit
	attempts  int
	err       error
	// pendingWait is how much patience the wait until notUntil uses up, exhausted tells
	// whether the last attempt that it allows has failed.
	pendingWait time.Duration
	exhausted   bool
	notUntil    time.Time
	// interruptWait is closed to end a wait in the midst of the work; nil if it does not wait.
	interruptWait chan struct{}
}

// NewPool makes a pool that does as many pieces of work at a time as it has room for.
func NewPool(room Capacity, clk clock.Clock, backoff Backoff) *Pool {
	return &Pool{
		clock: clk, backoff: backoff,
		queue: queue{Capacity: room}, entries: map[string]*entry{},
	}
}

// Stats returns how much work of each tenant the pool has, in the order of their names.
func (p *Pool) Stats() []TenantStats { return p.queue.stats() }

// Start lets work begin, and returns once ctx has ended and all work with it.
func (p *Pool) Start(ctx context.Context) error {
	p.queue.begin()
	<-ctx.Done()
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.Cancel("")
	p.running.Wait()
	return nil
}

// Job is a piece of work to be done for somebody.
type Job struct {
	// Key tells the work from all other work of the pool.
	Key string
	// Tenant is whose room it takes.
	Tenant string
	// Owner and Wake are who is told when it ends, well or badly; of several callers
	// with one owner the last one's Wake counts.
	Owner string
	Wake  func()
	// Progress is called when the work reports progress ([Try.Progress]), which may be many
	// times in a second; nil if the owner is not interested.
	Progress func()
	Work     Work
	// WaitLimit with the work.
	WaitLimit WaitLimit
}

// Do sees to it that a job is done, and says how it stands. It is begun if it is
// not running and, after a failure, its time has come.
func (p *Pool) Do(job Job) State {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[job.Key]
	if e == nil {
		e = &entry{callers: map[string]caller{}}
		p.entries[job.Key] = e
	}
	e.callers[job.Owner] = caller{wake: job.Wake, progress: job.Progress}
	e.waitLimit = WaitLimit{Total: job.WaitLimit.Total, Used: max(e.waitLimit.Used, job.WaitLimit.Used)}
	state := State{Err: e.err, Failures: e.attempts, Used: e.waitLimit.Used, Exhausted: e.exhausted}
	if wait := e.notUntil.Sub(p.clock.Now()); !e.running && wait > 0 {
		state.After, state.Next = wait, e.notUntil
		return state
	}
	if !e.running && !p.stopped {
		p.begin(job, e)
	}
	state.Running, state.Used = true, e.waitLimit.Used
	return state
}

// begin starts work in the background. The caller holds the lock.
func (p *Pool) begin(job Job, e *entry) {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // its life is the pool's, see Start
	e.running, e.cancel = true, cancel
	try, place := e.next(), p.queue.join(job.Tenant)
	try.place, try.progress = place, func() { p.progressed(e) }
	p.running.Go(func() {
		defer cancel()
		err := place.await(ctx)
		if err == nil {
			err = safely(ctx, try, job.Work)
		}
		place.leave()
		p.end(job.Key, e, err)
	})
}

// next is the attempt that follows the wait. The caller holds the lock.
func (e *entry) next() Try {
	e.waitLimit.Used += e.pendingWait
	e.pendingWait = 0
	return Try{Failures: e.attempts, Last: e.last()}
}

// last tells whether the patience is used up. The caller holds the lock.
func (e *entry) last() bool {
	return e.waitLimit.Total > 0 && e.waitLimit.Used >= e.waitLimit.Total && e.attempts >= leastFailures
}

// pause begins the wait after a failed attempt. A wait that spends patience is
// never longer than what is left of it.
func (e *entry) pause(pause Pause, now time.Time) {
	e.exhausted = pause.UsesDeadline && e.last()
	if left := e.waitLimit.Total - e.waitLimit.Used; pause.UsesDeadline && left > 0 {
		pause.Wait = min(pause.Wait, left)
	}
	if pause.UsesDeadline {
		e.pendingWait = pause.Wait
	}
	if pause.Counts {
		e.attempts++
	}
	e.notUntil = now.Add(pause.Wait)
}

// safely turns a panic into an error: one piece of work must not end the others.
func safely(ctx context.Context, try Try, work Work) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("panic: %v", caught)
		}
	}()
	return work(ctx, try)
}

// end records how work ended and wakes whoever asked for it.
func (p *Pool) end(key string, e *entry, err error) {
	p.mu.Lock()
	e.running, e.cancel, e.err = false, nil, err
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		if p.entries[key] == e {
			delete(p.entries, key)
		}
	default:
		e.pause(p.backoff(err, e.attempts), p.clock.Now())
	}
	callers := e.callers
	e.callers = map[string]caller{}
	p.mu.Unlock()
	for _, caller := range callers {
		caller.wake()
	}
}

// progressed tells everybody who asked for a piece of work that it reported progress.
func (p *Pool) progressed(e *entry) {
	p.mu.Lock()
	callers := slices.Collect(maps.Values(e.callers))
	p.mu.Unlock()
	for _, caller := range callers {
		if caller.progress != nil {
			caller.progress()
		}
	}
}

// Cancel stops all work whose key begins with prefix and forgets its failures.
// It does not wait for the work to stop.
func (p *Pool) Cancel(prefix string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, e := range p.entries {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if e.cancel != nil {
			e.cancel()
			continue
		}
		delete(p.entries, key)
	}
}

// Retry forgets the failures of all work whose key begins with prefix, and wakes
// whoever waits for it to be tried again. What is running goes on, without waiting
// any longer if it does.
func (p *Pool) Retry(prefix string) {
	p.mu.Lock()
	var wakes []func()
	for key, e := range p.entries {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if e.running {
			e.endRest()
			continue
		}
		delete(p.entries, key)
		for _, caller := range e.callers {
			wakes = append(wakes, caller.wake)
		}
	}
	p.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

// endRest ends the wait that the work is in, if it is in one.
func (e *entry) endRest() {
	if e.interruptWait != nil {
		close(e.interruptWait)
		e.interruptWait = nil
	}
}

// Busy tells whether any work whose key begins with prefix is running.
func (p *Pool) Busy(prefix string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, e := range p.entries {
		if e.running && strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
