// Package transfer does work that takes long.
//
// Pools (pool.go, job.go) run pieces of work outside reconciles. Tenants take turns in them
// (turns.go), and so do the organisations and destinations of a tenant (tenant.go). Work that fails is retried (retrypolicy.go), and so are single calls within
// it (retrier.go). Gates limit the requests in flight (gates.go, gates_limit.go) and tell
// bad items from a bad service (baditems.go). Addresses learn how long download addresses
// work (addresses.go). Copy streams a recording into an archive (copy.go).
//
// A pool does not know what its work does. Work leaves artifacts, and whoever asked for
// the work looks for those, never at what the pool reports.
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

// Pool runs pieces of work, each known by a key, a bounded number at a time: those of one
// dependency of a tenant in the order in which they were asked for, those of several, and
// of several tenants, in turn.
type Pool struct {
	clock   clock.Clock
	backoff Backoff
	queue   queue
	running sync.WaitGroup

	mu      sync.Mutex
	entries map[string]*entry
	stopped bool
}

// caller is how one owner is woken by the work that it asked for.
type caller struct{ wake, progress func() }

type entry struct {
	running bool
	cancel  context.CancelFunc
	// callers are those who asked for the work, by owner.
	callers   map[string]caller
	waitLimit WaitLimit
	attempts  int
	err       error
	// pendingWait is how much of the WaitLimit the wait until notUntil uses up. exhausted
	// tells that the last attempt has failed.
	pendingWait time.Duration
	exhausted   bool
	notUntil    time.Time
	// interruptWait is closed to end a wait within the work; nil if it does not wait.
	interruptWait chan struct{}
}

// NewPool returns a pool that runs as many pieces of work at a time as its capacity
// allows.
func NewPool(capacity Capacity, clk clock.Clock, backoff Backoff) *Pool {
	return &Pool{
		clock: clk, backoff: backoff,
		queue: queue{Capacity: capacity}, entries: map[string]*entry{},
	}
}

// TenantStats returns how much work of each tenant the pool has, in the order of their names.
func (p *Pool) TenantStats() []TenantStats { return p.queue.tenantStats() }

// Start lets work start, and returns once ctx has ended and all work with it.
func (p *Pool) Start(ctx context.Context) error {
	p.queue.start()
	<-ctx.Done()
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.Cancel("")
	p.running.Wait()
	return nil
}

// Do ensures that a job is done, and says how it stands. It starts the job unless that is
// running or, after a failure, has to wait.
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
		p.startJob(job, e)
	}
	state.Running, state.Used = true, e.waitLimit.Used
	return state
}

// startJob starts work in the background. The caller has the lock.
func (p *Pool) startJob(job Job, e *entry) {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // its life is the pool's, see Start
	e.running, e.cancel = true, cancel
	try, place := e.nextTry(), p.queue.join(job.Tenant, job.Dependency)
	try.place, try.progress = place, func() { p.progressed(e) }
	p.running.Go(func() {
		defer cancel()
		err := place.await(ctx)
		if err == nil {
			err = safely(ctx, try, job.Work)
		}
		place.leave()
		p.finish(job.Key, e, err)
	})
}

// nextTry is the attempt that follows the wait. The caller has the lock.
func (e *entry) nextTry() Try {
	e.waitLimit.Used += e.pendingWait
	e.pendingWait = 0
	return Try{Failures: e.attempts, Last: e.isLast()}
}

// isLast reports whether the next attempt is the last one, because the WaitLimit is used up.
// The caller has the lock.
func (e *entry) isLast() bool {
	return e.waitLimit.Total > 0 && e.waitLimit.Used >= e.waitLimit.Total && e.attempts >= minFailures
}

// startWait starts the wait after a failed attempt. A wait that uses the WaitLimit is
// never longer than what is left of it.
func (e *entry) startWait(pause Pause, now time.Time) {
	e.exhausted = pause.UsesDeadline && e.isLast()
	if left := e.waitLimit.Total - e.waitLimit.Used; pause.UsesDeadline && left > 0 {
		pause.Wait = min(pause.Wait, left)
	}
	if pause.UsesDeadline {
		e.pendingWait = pause.Wait
	}
	if pause.Restarts {
		e.attempts = 0
	}
	if pause.Counts {
		e.attempts++
	}
	e.notUntil = now.Add(pause.Wait)
}

// safely turns a panic into an error: one piece of work must not end the process.
func safely(ctx context.Context, try Try, work Work) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("panic: %v", caught)
		}
	}()
	return work(ctx, try)
}

// finish records how work ended, and wakes its owners.
func (p *Pool) finish(key string, e *entry, err error) {
	p.mu.Lock()
	e.running, e.cancel, e.err = false, nil, err
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		if p.entries[key] == e {
			delete(p.entries, key)
		}
	default:
		e.startWait(p.backoff(err, e.attempts), p.clock.Now())
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

// Retry forgets the failures of all work whose key begins with prefix, and wakes its
// owners so that they start it again. It does not touch running work, but ends its waits.
func (p *Pool) Retry(prefix string) {
	p.mu.Lock()
	var wakes []func()
	for key, e := range p.entries {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if e.running {
			e.interrupt()
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

// interrupt ends the wait within the work, if the work waits.
func (e *entry) interrupt() {
	if e.interruptWait != nil {
		close(e.interruptWait)
		e.interruptWait = nil
	}
}

// Busy reports whether any work whose key begins with prefix is running.
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
