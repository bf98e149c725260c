package transfer

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Capacity is how much a pool does at a time. Work belongs to tenants, which are
// namespaces, and tenants take turns: one with a thousand waiting pieces of work and one
// with a single piece start work alternately.
type Capacity struct {
	// PerTenant is how many pieces of work of one tenant may be in progress, 0 without a
	// bound. Work that waits for something counts, so it delays only its own tenant.
	PerTenant int
	// PerDependency takes the place of PerTenant if it is not 0. A tenant has twice as many places,
	// which its dependencies ([Job].Dependency) share: they take turns, and one starts work only
	// while it has less in progress than places are free. So it has PerDependency places while it is
	// the only one and fewer while others have work in progress, and it delays only itself if
	// its work hangs.
	PerDependency int
	// Total is how many pieces of work may run at the same time, 0 without a bound. Without
	// a bound no tenant ever waits for another; with one, set Turn.
	Total int
	// Turn is how long a piece of work runs while work of another tenant waits because of
	// Total. Then it pauses (see [Try.Yield]), and resumes at its next turn. If it does not
	// pause, because it hangs, other work still starts. 0 is without a bound.
	Turn time.Duration
}

// queue starts pieces of work within its Capacity: those of one dependency of a tenant in the
// order in which they joined, those of several dependencies, and of several tenants, in turn.
type queue struct {
	Capacity

	mu      sync.Mutex
	started bool
	// running is the work that runs.
	running []*place
	// tenants are those with work in the queue. turns are those with work that waits, in the
	// order of their turns.
	tenants map[string]*tenant
	turns   []*tenant
}

// place is the place of one piece of work in the queue.
type place struct {
	queue      *queue
	tenant     *tenant
	dependency *dependency
	// mayRun is closed while the work may run, and after it has run.
	mayRun chan struct{}
	// begun tells that the work has started, running that it runs and has not paused,
	// turnOver that its turn is over and it has to pause.
	begun, running, turnOver bool
	turn                     *time.Timer
}

// join adds a piece of work behind all other work of its dependency of a tenant.
func (q *queue) join(name, dependsOn string) *place {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tenants == nil {
		q.tenants = map[string]*tenant{}
	}
	of := q.tenants[name]
	if of == nil {
		of = newTenant(name, q.Capacity)
		q.tenants[name] = of
	}
	p := &place{queue: q, tenant: of, dependency: of.dependencyOf(dependsOn), mayRun: make(chan struct{})}
	q.enqueue(p)
	return p
}

// enqueue has a piece of work wait. The caller has the lock.
func (q *queue) enqueue(p *place) {
	if !p.tenant.isWaiting() {
		q.turns = append(q.turns, p.tenant)
	}
	p.tenant.addWaiting(p)
	q.admit()
}

// start lets work start.
func (q *queue) start() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.started = true
	q.admit()
}

// await waits until the work may run. The error is ctx's. The caller has to call leave in
// any case.
func (p *place) await(ctx context.Context) error {
	p.queue.mu.Lock()
	mayRun := p.mayRun
	p.queue.mu.Unlock()
	select {
	case <-mayRun:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// yield waits, if the work has to pause, until it may run again. Before it waits it calls
// pausing, unless that is nil. The error is ctx's.
func (p *place) yield(ctx context.Context, pausing func()) error {
	q := p.queue
	q.mu.Lock()
	isRunning := p.running
	if !isRunning && !slices.Contains(p.dependency.waiting, p) {
		p.mayRun = make(chan struct{})
		q.enqueue(p)
	}
	q.mu.Unlock()
	if !isRunning && pausing != nil {
		pausing()
	}
	return p.await(ctx)
}

// leave ends the work, or its wait, and lets other work run.
func (p *place) leave() {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stop(p)
	of := p.tenant
	of.remove(p)
	if !of.isWaiting() {
		q.turns = slices.DeleteFunc(q.turns, func(other *tenant) bool { return other == of })
	}
	if of.isIdle() && q.tenants[of.name] == of {
		delete(q.tenants, of.name)
	}
	q.admit()
}

// stop takes a piece of work from those that run, if it is among them. The caller has
// the lock.
func (q *queue) stop(p *place) {
	if !p.running {
		return
	}
	p.running = false
	if p.turn != nil {
		p.turn.Stop()
	}
	q.running = slices.DeleteFunc(q.running, func(other *place) bool { return other == p })
}

// admit lets work run in the order of turns, as far as the capacity allows. The caller
// has the lock.
func (q *queue) admit() {
	for q.started {
		at := slices.IndexFunc(q.turns, (*tenant).canStart)
		if at < 0 {
			return
		}
		if q.Total > 0 && len(q.running) >= q.Total && !q.pauseOther(q.turns[at]) {
			return
		}
		of := q.turns[at]
		q.turns = slices.Delete(q.turns, at, at+1)
		p := of.takeNext()
		if of.isWaiting() {
			q.turns = append(q.turns, of)
		}
		q.startWork(p)
	}
}

// pauseOther pauses the work of another tenant whose turn is over, and reports whether there
// was any. The caller has the lock.
func (q *queue) pauseOther(waiting *tenant) bool {
	for _, p := range q.running {
		if p.turnOver && p.tenant != waiting {
			q.stop(p)
			return true
		}
	}
	return false
}

// startWork lets a piece of work run. The caller has the lock.
func (q *queue) startWork(p *place) {
	if !p.begun {
		p.tenant.begin(p)
	}
	p.running, p.turnOver = true, false
	q.running = append(q.running, p)
	close(p.mayRun)
	if q.Turn > 0 {
		p.turn = time.AfterFunc(q.Turn, func() { q.endTurn(p) })
	}
}

// endTurn notes that the turn of a piece of work is over.
func (q *queue) endTurn(p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.running {
		p.turnOver = true
		q.admit()
	}
}

// TenantStats is how much work of a tenant a pool has.
type TenantStats struct {
	Tenant string
	// Begun is how many pieces of work are in progress, including those that wait for
	// something; Waiting is how many have to wait before they may run.
	Begun, Waiting int
}

// tenantStats returns a snapshot of every tenant that has work, in order.
func (q *queue) tenantStats() []TenantStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]TenantStats, 0, len(q.tenants))
	for _, of := range q.tenants {
		all = append(all, of.stats())
	}
	slices.SortFunc(all, func(a, b TenantStats) int { return strings.Compare(a.Tenant, b.Tenant) })
	return all
}
