package transfer

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Capacity is how much a pool does at a time. Work belongs to tenants, which are
// namespaces, and those take turns: whoever has a thousand pieces of work waiting
// and whoever has one get room alternately.
type Capacity struct {
	// PerTenant is how many pieces of work of one tenant may be in progress, 0 without a
	// bound. Work that waits for something counts, so it holds up its own tenant only.
	PerTenant int
	// Total is how many pieces of work may run at the same time, 0 without a bound.
	// Without one no tenant ever waits for another; where there is one, set Turn.
	Total int
	// Turn is how long a piece of work runs while another tenant's waits for room of
	// the Total. Then it pauses (see [Try.Keep]), and resumes when its turn comes again.
	// The room of work that does not pause, because it hangs, goes to others all the
	// same. 0 is without end.
	Turn time.Duration
}

// queue gives room to pieces of work, once it is opened: those of one tenant in the
// order of joining, those of several in turn.
type queue struct {
	Capacity

	mu   sync.Mutex
	open bool
	// inside are those that run.
	inside []*place
	// tenants are those that have work here, turns those with work that waits for
	// room, in the order of their turns.
	tenants map[string]*tenant
	turns   []*tenant
}

type tenant struct {
	name string
	// begun counts the work that has had room and has not ended.
	begun   int
	waiting []*place
}

// place is that of one piece of work.
type place struct {
	queue  *queue
	tenant *tenant
	// room is closed while there is room for the work, or once there has been.
	room chan struct{}
	// begun tells that it has had room, in that it has it now, over that its turn is
	// over and its room can be taken away.
	begun, in, over bool
	turn            *time.Timer
}

// join takes the last place of a tenant.
func (q *queue) join(name string) *place {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tenants == nil {
		q.tenants = map[string]*tenant{}
	}
	of := q.tenants[name]
	if of == nil {
		of = &tenant{name: name}
		q.tenants[name] = of
	}
	p := &place{queue: q, tenant: of, room: make(chan struct{})}
	q.wait(p)
	return p
}

// wait has a piece of work wait for room: what has been begun before what has not.
// The caller holds the lock.
func (q *queue) wait(p *place) {
	of, at := p.tenant, len(p.tenant.waiting)
	if first := slices.IndexFunc(of.waiting, func(other *place) bool { return !other.begun }); p.begun && first >= 0 {
		at = first
	}
	of.waiting = slices.Insert(of.waiting, at, p)
	if len(of.waiting) == 1 {
		q.turns = append(q.turns, of)
	}
	q.admit()
}

// begin opens the queue.
func (q *queue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open = true
	q.admit()
}

// await waits until there is room for who has the place. The error is ctx's. In any
// case the place has to be left.
func (p *place) await(ctx context.Context) error {
	p.queue.mu.Lock()
	room := p.room
	p.queue.mu.Unlock()
	select {
	case <-room:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// keep waits, if the room was taken away, until it is there again. Before it does so it
// calls pausing, unless that is nil. The error is ctx's.
func (p *place) keep(ctx context.Context, pausing func()) error {
	q := p.queue
	q.mu.Lock()
	isIn := p.in
	if !isIn && !slices.Contains(p.tenant.waiting, p) {
		p.room = make(chan struct{})
		q.wait(p)
	}
	q.mu.Unlock()
	if !isIn && pausing != nil {
		pausing()
	}
	return p.await(ctx)
}

// leave gives the room to the next, or takes back that the work waits for it.
func (p *place) leave() {
	q := p.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.vacate(p)
	of := p.tenant
	of.waiting = slices.DeleteFunc(of.waiting, func(other *place) bool { return other == p })
	if p.begun {
		of.begun--
	}
	if len(of.waiting) == 0 {
		q.turns = slices.DeleteFunc(q.turns, func(other *tenant) bool { return other == of })
	}
	if of.begun == 0 && len(of.waiting) == 0 && q.tenants[of.name] == of {
		delete(q.tenants, of.name)
	}
	q.admit()
}

// vacate takes the room of a piece of work away, if it has any. The caller holds the lock.
func (q *queue) vacate(p *place) {
	if !p.in {
		return
	}
	p.in = false
	if p.turn != nil {
		p.turn.Stop()
	}
	q.inside = slices.DeleteFunc(q.inside, func(other *place) bool { return other == p })
}

// admit gives room to those whose turn it is, as far as there is any. The caller
// holds the lock.
func (q *queue) admit() {
	for q.open {
		at := slices.IndexFunc(q.turns, q.mayEnter)
		if at < 0 {
			return
		}
		if q.Total > 0 && len(q.inside) >= q.Total && !q.evict(q.turns[at]) {
			return
		}
		of := q.turns[at]
		q.turns = slices.Delete(q.turns, at, at+1)
		p := of.waiting[0]
		if of.waiting = of.waiting[1:]; len(of.waiting) > 0 {
			q.turns = append(q.turns, of)
		}
		q.enter(p)
	}
}

// mayEnter tells whether a tenant's bound lets its next piece of work have room.
func (q *queue) mayEnter(of *tenant) bool {
	return q.PerTenant <= 0 || of.begun < q.PerTenant || of.waiting[0].begun
}

// evict makes room for a tenant by pausing another's work whose turn is over, and
// tells whether it could. The caller holds the lock.
func (q *queue) evict(waiting *tenant) bool {
	for _, p := range q.inside {
		if p.over && p.tenant != waiting {
			q.vacate(p)
			return true
		}
	}
	return false
}

// enter gives room to a piece of work. The caller holds the lock.
func (q *queue) enter(p *place) {
	if !p.begun {
		p.begun = true
		p.tenant.begun++
	}
	p.in, p.over = true, false
	q.inside = append(q.inside, p)
	close(p.room)
	if q.Turn > 0 {
		p.turn = time.AfterFunc(q.Turn, func() { q.end(p) })
	}
}

// end notes that the turn of a piece of work is over.
func (q *queue) end(p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.in {
		p.over = true
		q.admit()
	}
}

// TenantStats is how much work of a tenant a pool has.
type TenantStats struct {
	Tenant string
	// Begun is how many pieces of work are in progress, those included that wait for
	// something; Waiting how many wait for room.
	Begun, Waiting int
}

// stats returns a snapshot of every tenant that has work, in order.
func (q *queue) stats() []TenantStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]TenantStats, 0, len(q.tenants))
	for name, of := range q.tenants {
		all = append(all, TenantStats{name, of.begun, len(of.waiting)})
	}
	slices.SortFunc(all, func(a, b TenantStats) int { return strings.Compare(a.Tenant, b.Tenant) })
	return all
}
