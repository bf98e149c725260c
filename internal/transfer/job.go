package transfer

import (
	"context"
	"time"
)

// Work is done by a pool. It must stop soon after ctx ends, at any point, and must be able
// to continue when it is started again.
type Work func(ctx context.Context, try Try) error

// Try is one attempt at a piece of work.
type Try struct {
	// Failures is how many attempts before it failed and counted, from 0, since the work was
	// first started or was cancelled.
	Failures int
	// Last tells that the deadline of the work is used up: failures of this attempt are not
	// retried.
	Last bool
	// place is the work's in the pool.
	place *place
	// progress calls [Job].Progress of everybody who asked for the work.
	progress func()
}

// Yield waits while it is the turn of other work, see [Capacity]. Work that may take
// longer than a turn calls it repeatedly. Before it waits it calls pausing, unless that is
// nil, so that the work can release what it must not keep for so long. The error is ctx's.
func (t Try) Yield(ctx context.Context, pausing func()) error {
	if t.place == nil {
		return ctx.Err()
	}
	return t.place.yield(ctx, pausing)
}

// Progress tells everybody who asked for the work that there is something new. Work may
// call it as often as it likes.
func (t Try) Progress() {
	if t.progress != nil {
		t.progress()
	}
}

// WaitLimit is how long a piece of work is retried: its deadline.
//
// Only waits between failed attempts use it up, and of those only waits after errors that
// say so (see [Pause]). Time in which no attempt was possible, because the work was
// suspended, stalled, queued or throttled, or the manager was stopped, does not count.
// However much was used up before, work that is started again is tried a few times before
// its last attempt.
type WaitLimit struct {
	// Total is how long the work is retried, 0 without a bound.
	Total time.Duration
	// Used is how much of it another process has used.
	Used time.Duration
}

// minFailures is how often work has failed since it was started, at least, before its last
// attempt.
const minFailures = 2

// State is how a piece of work stands.
type State struct {
	// Running reports whether it is running or waiting for capacity of the pool.
	Running bool
	// Err is how the last attempt failed.
	Err error
	// After is how long to wait before the next attempt, 0 if it is running, and Next when
	// that attempt may start.
	After time.Duration
	Next  time.Time
	// Failures is how many attempts have failed and counted.
	Failures int
	// Used is how much of its WaitLimit is used up. Exhausted tells that its last attempt
	// has failed.
	Used      time.Duration
	Exhausted bool
}

// Pause is the wait after a failed attempt.
type Pause struct {
	Wait time.Duration
	// Counts reports whether the attempt counts as a failure.
	Counts bool
	// UsesDeadline reports whether the wait uses up the WaitLimit.
	UsesDeadline bool
	// Restarts reports whether the attempt got further than those before it, so the failures before
	// it do not count any more.
	Restarts bool
}

// Backoff says how to pause after an attempt that failed with err. attempt counts
// the failures before, from 0.
type Backoff func(err error, attempt int) Pause

// Job is a piece of work and who wants it done.
type Job struct {
	// Key tells the work from all other work of the pool.
	Key string
	// Tenant is whose capacity it uses. Dependency names what the work depends on, such as an
	// organisation: the work of one dependency leaves places of the tenant to others, see
	// [Capacity].PerDependency.
	Tenant, Dependency string
	// Owner is who wants the work done, and Wake is called when it has ended, well or badly.
	// If several callers have the same owner, the last Wake is called.
	Owner string
	Wake  func()
	// Progress is called when the work reports progress ([Try.Progress]), which may be many
	// times in a second; nil if the owner is not interested.
	Progress func()
	Work     Work
	// WaitLimit is how long the work is retried.
	WaitLimit WaitLimit
}
