package transfer

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Gate is what a limit of requests in flight applies to: one kind of request, of
// one lane, to one organisation, whichever export makes it.
type Gate struct {
	Organization string
	Lane         string
	Route        string
}

// Gates limit what is in flight. Each limit adapts to how Genesys Cloud copes,
// see [limit]; it is the only circuit breaker. The zero value is ready for use.
// A gate that was used once is remembered for as long as the process runs.
type Gates struct {
	mu   sync.Mutex
	open map[Gate]*gate
}

type gate struct {
	limit    limit
	ceiling  int
	inFlight int
	waiting  []*Pass
}

// Pass is the leave to have one request in flight.
type Pass struct {
	gates   *Gates
	at      Gate
	ceiling int
	ready   chan struct{}
	// cuts is how often the limit had been cut when the request set out.
	cuts int
	over sync.Once
}

// Enter waits until there is room behind the gate for one more request, in the
// order of asking. No more than ceiling are in flight together with it, and no
// more than Genesys Cloud copes with. Exports with different ceilings share a
// gate: each compares all that is in flight with its own. The pass must be left,
// or dropped. The error is ctx's.
func (g *Gates) Enter(ctx context.Context, at Gate, ceiling int) (*Pass, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &Pass{gates: g, at: at, ceiling: max(ceiling, 1), ready: make(chan struct{})}
	g.join(p)
	select {
	case <-p.ready:
		return p, nil
	case <-ctx.Done():
		g.withdraw(p)
		return nil, ctx.Err()
	}
}

// Leave tells that the request has ended, and how: from that the gate learns how
// much Genesys Cloud copes with. Only the first call of Leave or Drop counts.
func (p *Pass) Leave(err error) { p.end(verdictOf(err)) }

// Drop gives the pass back without a word on how Genesys Cloud copes: no request
// was made. After Leave it does nothing, so it can be deferred.
func (p *Pass) Drop() { p.end(silent) }

func (p *Pass) end(v verdict) {
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

func (g *Gates) join(p *Pass) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := g.open[p.at]
	if state == nil {
		if g.open == nil {
			g.open = map[Gate]*gate{}
		}
		state = &gate{}
		g.open[p.at] = state
	}
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
func (g *Gates) withdraw(p *Pass) {
	g.mu.Lock()
	state := g.open[p.at]
	before := len(state.waiting)
	state.waiting = slices.DeleteFunc(state.waiting, func(other *Pass) bool { return other == p })
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
		return cmp.Or(cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Route, b.Route))
	})
	return all
}
