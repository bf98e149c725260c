// Package transfer does the work that takes long: in bounded pools outside the
// reconcilers, behind gates that limit what is in flight, streaming from Genesys
// Cloud to the archive.
//
// A pool knows nothing of what it does. Work leaves artifacts; whoever asked for
// it looks for those, never at what the pool says of it.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Work is done by a pool. attempt counts the failures before, from 0. It must
// stop soon after ctx ends, at any point, and find its way when begun again.
type Work func(ctx context.Context, attempt int) error

// State is how a piece of work stands.
type State struct {
	// Running tells whether it is at work or waiting for room in the pool.
	Running bool
	// Err is how the last attempt failed.
	Err error
	// After is how long to wait before it can be begun again, 0 if it is running.
	After time.Duration
}

// Backoff says how long to wait after an attempt that failed with err, and
// whether that attempt counts. attempt counts the failures before, from 0.
type Backoff func(err error, attempt int) (wait time.Duration, counts bool)

// Pool does pieces of work, each known by a key, a bounded number at a time, in
// the order in which they were asked for.
type Pool struct {
	clock   clock.Clock
	backoff Backoff
	room    chan struct{}
	started chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	entries map[string]*entry
	stopped bool
}

type entry struct {
	running  bool
	cancel   context.CancelFunc
	wake     map[string]func()
	attempts int
	err      error
	notUntil time.Time
	// rests is closed to end a wait in the midst of the work; nil if it does not wait.
	rests chan struct{}
}

// NewPool makes a pool that does size pieces of work at a time.
func NewPool(size int, clk clock.Clock, backoff Backoff) *Pool {
	return &Pool{
		clock: clk, backoff: backoff,
		room: make(chan struct{}, size), started: make(chan struct{}), entries: map[string]*entry{},
	}
}

// Start lets work begin, and returns once ctx has ended and all work with it.
func (p *Pool) Start(ctx context.Context) error {
	close(p.started)
	<-ctx.Done()
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.Cancel("")
	p.running.Wait()
	return nil
}

// Do sees to it that work is done, and says how it stands. It is begun if it is
// not running and, after a failure, its time has come. When it ends, well or
// badly, wake is called; of several callers with one owner the last one's wake.
func (p *Pool) Do(key, owner string, wake func(), work Work) State {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[key]
	if e == nil {
		e = &entry{wake: map[string]func(){}}
		p.entries[key] = e
	}
	e.wake[owner] = wake
	if wait := e.notUntil.Sub(p.clock.Now()); !e.running && wait > 0 {
		return State{Err: e.err, After: wait}
	}
	if !e.running && !p.stopped {
		p.begin(key, e, work)
	}
	return State{Running: true, Err: e.err}
}

// begin starts work in the background. The caller holds the lock.
func (p *Pool) begin(key string, e *entry, work Work) {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // its life is the pool's, see Start
	e.running, e.cancel = true, cancel
	attempt := e.attempts
	p.running.Go(func() {
		defer cancel()
		err := p.admit(ctx)
		if err == nil {
			err = safely(ctx, attempt, work)
			<-p.room
		}
		p.end(key, e, err)
	})
}

// admit waits for the pool to start and for room in it.
func (p *Pool) admit(ctx context.Context) error {
	select {
	case <-p.started:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case p.room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// safely turns a panic into an error: one piece of work must not end the others.
func safely(ctx context.Context, attempt int, work Work) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("panic: %v", caught)
		}
	}()
	return work(ctx, attempt)
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
		wait, counts := p.backoff(err, e.attempts)
		e.notUntil = p.clock.Now().Add(wait)
		if counts {
			e.attempts++
		}
	}
	wakes := e.wake
	e.wake = map[string]func(){}
	p.mu.Unlock()
	for _, wake := range wakes {
		wake()
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
		for _, wake := range e.wake {
			wakes = append(wakes, wake)
		}
	}
	p.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}

// endRest ends the wait that the work is in, if it is in one.
func (e *entry) endRest() {
	if e.rests != nil {
		close(e.rests)
		e.rests = nil
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

// Pools are pools by name, so that what one is full of does not hold up another.
type Pools map[string]*Pool

// Cancel stops all work, in every pool, whose key begins with prefix.
func (p Pools) Cancel(prefix string) {
	for _, pool := range p {
		pool.Cancel(prefix)
	}
}

// Retry has all work be tried again at once, in every pool, whose key begins with prefix.
func (p Pools) Retry(prefix string) {
	for _, pool := range p {
		pool.Retry(prefix)
	}
}

// Busy tells whether any pool is running work whose key begins with prefix.
func (p Pools) Busy(prefix string) bool {
	for _, pool := range p {
		if pool.Busy(prefix) {
			return true
		}
	}
	return false
}

// Wait waits, or returns ctx's error if it has ended by then.
func Wait(ctx context.Context, clk clock.Clock, delay time.Duration) error {
	return waitUnless(ctx, clk, delay, nil)
}

// waitUnless waits no longer than until over is closed.
func waitUnless(ctx context.Context, clk clock.Clock, delay time.Duration, over <-chan struct{}) error {
	timer := clk.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C():
	case <-ctx.Done():
	}
	return ctx.Err()
}
