package transfer

import (
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

// Gates limit what is in flight. The zero value is ready for use.
type Gates struct {
	mu     sync.Mutex
	counts map[Gate]*gate
}

type gate struct {
	inFlight int
	waiting  []*ticket
}

type ticket struct {
	limit int
	ready chan struct{}
}

// Enter waits until fewer than limit requests are in flight behind the gate, in
// the order of asking. Exports with different limits share a gate: each
// compares all that is in flight with its own. Call leave when the request has
// ended. The error is ctx's.
func (g *Gates) Enter(ctx context.Context, at Gate, limit int) (leave func(), err error) {
	t := &ticket{limit: max(limit, 1), ready: make(chan struct{})}
	g.mu.Lock()
	if g.counts == nil {
		g.counts = map[Gate]*gate{}
	}
	if g.counts[at] == nil {
		g.counts[at] = &gate{}
	}
	g.counts[at].waiting = append(g.counts[at].waiting, t)
	g.admit(at)
	g.mu.Unlock()

	leave = sync.OnceFunc(func() { g.leave(at) })
	select {
	case <-t.ready:
		return leave, nil
	case <-ctx.Done():
		g.withdraw(at, t, leave)
		return nil, ctx.Err()
	}
}

// admit lets in those at the head of the queue that may. The caller holds the lock.
func (g *Gates) admit(at Gate) {
	state := g.counts[at]
	for len(state.waiting) > 0 && state.inFlight < state.waiting[0].limit {
		close(state.waiting[0].ready)
		state.waiting = state.waiting[1:]
		state.inFlight++
	}
	if state.inFlight == 0 && len(state.waiting) == 0 {
		delete(g.counts, at)
	}
}

func (g *Gates) leave(at Gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts[at].inFlight--
	g.admit(at)
}

// withdraw takes a ticket back that may have been admitted in the meantime.
func (g *Gates) withdraw(at Gate, t *ticket, leave func()) {
	g.mu.Lock()
	select {
	case <-t.ready:
		g.mu.Unlock()
		leave()
		return
	default:
	}
	defer g.mu.Unlock()
	state := g.counts[at]
	state.waiting = slices.DeleteFunc(state.waiting, func(other *ticket) bool { return other == t })
	g.admit(at)
}
