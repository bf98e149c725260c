package transfer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Gate names what a limit of requests in flight applies to: one kind of request, of one
// lane, of one namespace to one organisation, whichever export makes the request. Requests
// pass their gate before they wait for a budget. An endpoint may lie about its
// organisation, so two namespaces never share a gate.
type Gate struct {
	Namespace    string
	Organization string
	Lane         string
	Route        string
}

// Gates limit the requests in flight. Each limit adapts to the load that Genesys Cloud can
// take, see [limit]; it is the only circuit breaker. A gate also tells bad items from a
// bad service, see [Gates.IsBad]. The zero value is ready for use. For each namespace, the
// maxGates gates that were used last are kept, and those in use.
type Gates struct {
	// Clock, if it is not the machine's own.
	Clock clock.PassiveClock
	// Criteria for bad items, DefaultIsolationCriteria if it is zero.
	Criteria IsolationCriteria

	mu    sync.Mutex
	gates map[Gate]*gate
}

// maxGates is how many gates of a namespace are kept: those of fifty organisations, in
// each lane and for each kind of request.
const maxGates = 1000

type gate struct {
	// used is when the gate was used last.
	used     time.Time
	limit    limit
	ceiling  int
	inFlight int
	waiting  []*Permit
	history  itemHistory
	// overloaded is the item that was refused for now (429) since the last success. The gate
	// is blocked until blockedUntil because a second item was refused too.
	overloaded   string
	blockedUntil time.Time
}

// Permit is the permission to have one request in flight.
type Permit struct {
	gates   *Gates
	at      Gate
	ceiling int
	ready   chan struct{}
	// cuts is how often the limit had been cut when the request was sent.
	cuts int
	over sync.Once
}

// Acquire waits, in the order of the calls, until one more request may be in flight. At
// most ceiling requests are in flight, and at most as many as Genesys Cloud can take.
// Exports with different ceilings share a gate: each compares all requests in flight with
// its own ceiling. The caller must release or drop the permit. The error is ctx's, or
// KindThrottled while the gate is blocked.
func (g *Gates) Acquire(ctx context.Context, at Gate, ceiling int) (*Permit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := g.checkBlocked(at); err != nil {
		return nil, err
	}
	p := &Permit{gates: g, at: at, ceiling: max(ceiling, 1), ready: make(chan struct{})}
	g.queuePermit(p)
	select {
	case <-p.ready:
		return p, nil
	case <-ctx.Done():
		g.withdraw(p)
		return nil, ctx.Err()
	}
}

// Release tells that the request has ended, and how: the gate learns from it how many
// requests Genesys Cloud can take. Only the first call of Release or Drop counts.
func (p *Permit) Release(err error) { p.end(verdictOf(err)) }

// Drop gives the permit back if no request was made, so the gate learns nothing. After
// Release it does nothing, so it can be deferred.
func (p *Permit) Drop() { p.end(neutral) }

func (p *Permit) end(v verdict) {
	p.over.Do(func() {
		g := p.gates
		g.mu.Lock()
		defer g.mu.Unlock()
		state := g.gates[p.at]
		state.inFlight--
		state.limit.update(v, p.ceiling, p.cuts)
		state.grantPermits()
	})
}

// Record records the result of a request for an item. Items are named by their ids; a
// request for several items counts as one, named by the id of what it made, such as a
// batch request.
//
// If two items in a row are refused for now (429) although the OAuth client keeps to its
// budget, Genesys Cloud does not want requests of this kind: the gate is blocked for as
// long as the last answer said.
func (g *Gates) Record(at Gate, item string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state, now := g.at(at), g.now()
	state.history.record(item, err, now, g.criteria())
	switch {
	case err == nil:
		state.overloaded = ""
	case genesys.KindOf(err) != genesys.KindOverloaded:
	case state.overloaded == "" || state.overloaded == item:
		state.overloaded = item
	default:
		state.blockedUntil, state.overloaded = now.Add(genesys.RetryAfterOf(err)), ""
	}
}

// ErrBlocked is why a request was not made: its gate is blocked. Requests that were sent
// before are not affected.
var ErrBlocked = errors.New("the gate is blocked")

// checkBlocked returns an error while the gate is blocked.
func (g *Gates) checkBlocked(at Gate) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.at(at).blockedUntil.Sub(g.now())
	if left <= 0 {
		return nil
	}
	return &genesys.Error{
		Op: "wait for " + at.Route, Kind: genesys.KindThrottled, RetryAfter: left,
		Message: "Genesys Cloud said to wait with requests of this kind in the lane " + at.Lane, Err: ErrBlocked,
	}
}

// IsBad reports whether an item that fails is bad itself, and not the service: it has failed
// several times, some time apart, while other items of the same gate succeeded. A bad item
// must not delay others.
func (g *Gates) IsBad(at Gate, item string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at(at).history.isBad(item, g.criteria())
}

// MayBeBad reports whether an item has failed while other items of the same gate succeeded,
// and not by chance. Items fail by chance when those that fail mostly succeed when they
// are retried.
func (g *Gates) MayBeBad(at Gate, item string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	bad, byChance := g.at(at).history.mayBeBad(item, g.criteria())
	return bad && !byChance
}

func (g *Gates) now() time.Time {
	if g.Clock == nil {
		return clock.RealClock{}.Now()
	}
	return g.Clock.Now()
}

func (g *Gates) criteria() IsolationCriteria {
	if g.Criteria == (IsolationCriteria{}) {
		return DefaultIsolationCriteria()
	}
	return g.Criteria
}

// at returns a gate, and adds it if it is new. The caller has the lock.
func (g *Gates) at(at Gate) *gate {
	state := g.gates[at]
	if state == nil {
		if g.gates == nil {
			g.gates = map[Gate]*gate{}
		}
		g.removeOldestGate(at.Namespace)
		state = &gate{}
		g.gates[at] = state
	}
	state.used = g.now()
	return state
}

// removeOldestGate removes a gate of a namespace if there are too many: the one that was used
// longest ago and is not in use. The caller has the lock.
func (g *Gates) removeOldestGate(namespace string) {
	count, oldest, least := 0, Gate{}, time.Time{}
	for at, state := range g.gates {
		if at.Namespace != namespace {
			continue
		}
		count++
		isIdle := state.inFlight == 0 && len(state.waiting) == 0
		if isIdle && (least.IsZero() || state.used.Before(least)) {
			oldest, least = at, state.used
		}
	}
	if count >= maxGates {
		delete(g.gates, oldest)
	}
}

func (g *Gates) queuePermit(p *Permit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := g.at(p.at)
	state.ceiling = p.ceiling
	state.waiting = append(state.waiting, p)
	state.grantPermits()
}

// grantPermits gives permits to the first ones that wait, as far as the limit allows.
func (s *gate) grantPermits() {
	for len(s.waiting) > 0 && s.inFlight < s.limit.allowed(s.waiting[0].ceiling) {
		s.waiting[0].cuts = s.limit.cuts
		close(s.waiting[0].ready)
		s.waiting = s.waiting[1:]
		s.inFlight++
	}
}

// withdraw ends a wait, and returns the permit if it was granted in the meantime.
func (g *Gates) withdraw(p *Permit) {
	g.mu.Lock()
	state := g.gates[p.at]
	before := len(state.waiting)
	state.waiting = slices.DeleteFunc(state.waiting, func(other *Permit) bool { return other == p })
	given := len(state.waiting) == before
	state.grantPermits()
	g.mu.Unlock()
	if given {
		p.Drop()
	}
}

// GateStats is a snapshot of a gate.
type GateStats struct {
	Gate
	// Limit is how many requests may be in flight now.
	Limit int
	// InFlight is how many are.
	InFlight int
	// Waiting is how many requests wait for a permit.
	Waiting int
}

// GateStats returns a snapshot of every gate that is kept, in order.
func (g *Gates) GateStats() []GateStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]GateStats, 0, len(g.gates))
	for at, state := range g.gates {
		all = append(all, GateStats{at, state.limit.allowed(state.ceiling), state.inFlight, len(state.waiting)})
	}
	slices.SortFunc(all, func(a, b GateStats) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Route, b.Route))
	})
	return all
}
