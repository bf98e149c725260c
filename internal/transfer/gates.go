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

// Gate is what a limit of requests in flight applies to: one kind of request, of
// one lane, of one namespace to one organisation, whichever export makes it. What
// waits for a budget has passed its gate, and an endpoint may lie about which
// organisation it is of: so no two namespaces share one.
type Gate struct {
	Namespace    string
	Organization string
	Lane         string
	Route        string
}

// Gates limit what is in flight. Each limit adapts to how Genesys Cloud copes,
// see [limit]; it is the only circuit breaker. A gate also tells bad items from a
// bad service, see [Gates.Blames]. The zero value is ready for use. Of each
// namespace the mostGates that were used last are remembered, and those in use.
type Gates struct {
	// Clock, if it is not the machine's own.
	Clock clock.PassiveClock
	// Criteria for bad items, DefaultCriteria if it is zero.
	Criteria Criteria

	mu   sync.Mutex
	open map[Gate]*gate
}

// mostGates is how many gates of a namespace are remembered: those of fifty
// organisations, in each lane and for each kind of request.
const mostGates = 1000

type gate struct {
	// used is when it was used last.
	used     time.Time
	limit    limit
	ceiling  int
	inFlight int
	waiting  []*Permit
	record   record
	// overloaded is the item that was refused for a while (429) since the last
	// success, closed until when nothing passes because a second one was.
	overloaded string
	closed     time.Time
}

// Permit is the leave to have one request in flight.
type Permit struct {
	gates   *Gates
	at      Gate
	ceiling int
	ready   chan struct{}
	// cuts is how often the limit had been cut when the request set out.
	cuts int
	over sync.Once
}

// Acquire waits until there is room behind the gate for one more request, in the
// order of asking. No more than ceiling are in flight together with it, and no
// more than Genesys Cloud copes with. Exports with different ceilings share a
// gate: each compares all that is in flight with its own. The pass must be left,
// or dropped. The error is ctx's, or KindThrottled while the gate is closed.
func (g *Gates) Acquire(ctx context.Context, at Gate, ceiling int) (*Permit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := g.isClosed(at); err != nil {
		return nil, err
	}
	p := &Permit{gates: g, at: at, ceiling: max(ceiling, 1), ready: make(chan struct{})}
	g.join(p)
	select {
	case <-p.ready:
		return p, nil
	case <-ctx.Done():
		g.withdraw(p)
		return nil, ctx.Err()
	}
}

// Release tells that the request has ended, and how: from that the gate learns how
// much Genesys Cloud copes with. Only the first call of Leave or Drop counts.
func (p *Permit) Release(err error) { p.end(verdictOf(err)) }

// Drop gives the pass back without a word on how Genesys Cloud copes: no request
// was made. After Leave it does nothing, so it can be deferred.
func (p *Permit) Drop() { p.end(silent) }

func (p *Permit) end(v verdict) {
	p.over.Do(func() {
		g := p.gates
		g.mu.Lock()
		defer g.mu.Unlock()
		state := g.open[p.at]
		state.inFlight--
		state.limit.learn(v, p.ceiling, p.cuts)
		state.admit()
	})
}

// Record remembers how asking for an item behind a gate has ended. Items are
// named by their ids; a call for several items is one item, named by the id of what it
// made, such as a batch request.
//
// If two items in a row are refused for a while though the OAuth client is within
// its allowance, it is requests of this kind that Genesys Cloud does not want: the
// gate is closed for as long as it said.
func (g *Gates) Record(at Gate, item string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state, now := g.at(at), g.now()
	state.record.enter(item, err, now, g.criteria())
	switch {
	case err == nil:
		state.overloaded = ""
	case genesys.KindOf(err) != genesys.KindOverloaded:
	case state.overloaded == "" || state.overloaded == item:
		state.overloaded = item
	default:
		state.closed, state.overloaded = now.Add(genesys.RetryAfterOf(err)), ""
	}
}

// ErrClosed is why a request was not made: its gate is closed. Who has asked before,
// and whose requests closed it, has been answered.
var ErrClosed = errors.New("the gate is closed")

// isClosed is an error while the gate is closed.
func (g *Gates) isClosed(at Gate) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.at(at).closed.Sub(g.now())
	if left <= 0 {
		return nil
	}
	return &genesys.Error{
		Op: "wait for " + at.Route, Kind: genesys.KindThrottled, RetryAfter: left,
		Message: "Genesys Cloud said to wait with requests of this kind in the lane " + at.Lane, Err: ErrClosed,
	}
}

// Blames tells whether an item that fails is bad itself, and not the service:
// it has failed several times, some time apart, while others of the same gate
// succeeded. What is bad must not keep others waiting.
func (g *Gates) Blames(at Gate, item string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at(at).record.blames(item, g.criteria())
}

// Suspects tells whether an item has failed while others of the same gate succeeded,
// and not by chance: when items that fail mostly succeed as they are retried.
func (g *Gates) Suspects(at Gate, item string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	suspected, chance := g.at(at).record.suspects(item, g.criteria())
	return suspected && !chance
}

func (g *Gates) now() time.Time {
	if g.Clock == nil {
		return clock.RealClock{}.Now()
	}
	return g.Clock.Now()
}

func (g *Gates) criteria() Criteria {
	if g.Criteria == (Criteria{}) {
		return DefaultCriteria()
	}
	return g.Criteria
}

// at returns a gate, which it adds if there is none. The caller holds the lock.
func (g *Gates) at(at Gate) *gate {
	state := g.open[at]
	if state == nil {
		if g.open == nil {
			g.open = map[Gate]*gate{}
		}
		g.forget(at.Namespace)
		state = &gate{}
		g.open[at] = state
	}
	state.used = g.now()
	return state
}

// forget makes room for another gate of a namespace: of those that nobody is at, the
// one goes that was used longest ago. The caller holds the lock.
func (g *Gates) forget(namespace string) {
	count, oldest, least := 0, Gate{}, time.Time{}
	for at, state := range g.open {
		if at.Namespace != namespace {
			continue
		}
		count++
		isIdle := state.inFlight == 0 && len(state.waiting) == 0
		if isIdle && (least.IsZero() || state.used.Before(least)) {
			oldest, least = at, state.used
		}
	}
	if count >= mostGates {
		delete(g.open, oldest)
	}
}

func (g *Gates) join(p *Permit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := g.at(p.at)
	state.ceiling = p.ceiling
	state.waiting = append(state.waiting, p)
	state.admit()
}

// admit lets in those at the head of the queue that may.
func (s *gate) admit() {
	for len(s.waiting) > 0 && s.inFlight < s.limit.under(s.waiting[0].ceiling) {
		s.waiting[0].cuts = s.limit.cuts
		close(s.waiting[0].ready)
		s.waiting = s.waiting[1:]
		s.inFlight++
	}
}

// withdraw takes a pass back that may have been given in the meantime.
func (g *Gates) withdraw(p *Permit) {
	g.mu.Lock()
	state := g.open[p.at]
	before := len(state.waiting)
	state.waiting = slices.DeleteFunc(state.waiting, func(other *Permit) bool { return other == p })
	given := len(state.waiting) == before
	state.admit()
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
	// Waiting is how many wait for room.
	Waiting int
}

// Stats returns a snapshot of every gate that was ever used, in order.
func (g *Gates) Stats() []GateStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]GateStats, 0, len(g.open))
	for at, state := range g.open {
		all = append(all, GateStats{at, state.limit.under(state.ceiling), state.inFlight, len(state.waiting)})
	}
	slices.SortFunc(all, func(a, b GateStats) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Route, b.Route))
	})
	return all
}
