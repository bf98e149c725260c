package transfer

import "slices"

// tenant is a tenant's work in a queue. It decides which piece of work starts next, and
// whether one may; the queue, whose lock guards it, does what it decides.
type tenant struct {
	name string
	// places is how many pieces of work may be in progress, 0 without a bound. begun counts
	// those that are: started, and not ended.
	places, begun int
	// isShared tells that groups share the places.
	isShared bool
	// groups are those with work. turns are those with work that waits, in the order of their
	// turns.
	groups map[string]*group
	turns  []*group
}

// group is the work of a tenant that waits for the same organisation or destination, so that
// all of it hangs if that does. Work whose job names no group is a group, too.
type group struct {
	name    string
	begun   int
	waiting []*place
}

func newTenant(name string, capacity Capacity) *tenant {
	t := &tenant{name: name, places: capacity.PerTenant, groups: map[string]*group{}}
	if capacity.PerGroup > 0 {
		t.places, t.isShared = 2*capacity.PerGroup, true
	}
	return t
}

// mayTake reports whether a group with so much work in progress may take one of the free places
// that it shares with others. It needs more free places than it has taken. So a group that is
// alone takes half of all places, and the next one at most half of the others, even if none of
// their work ever ends: n groups that hang leave a share of 1/2ⁿ, rounded down. A group without
// work in progress may take any place, also the last one.
func mayTake(begun, free int) bool { return begun < free }

// mayStart reports whether the next piece of work of a group may run. Work that has paused has
// its place already.
func (t *tenant) mayStart(g *group) bool {
	free := t.places - t.begun
	switch {
	case t.places <= 0, g.waiting[0].begun:
		return true
	case t.isShared:
		return mayTake(g.begun, free)
	default:
		return free > 0
	}
}

// canStart reports whether any work may run.
func (t *tenant) canStart() bool { return slices.ContainsFunc(t.turns, t.mayStart) }

// takeNext removes the work whose turn it is from what waits. Groups start work in turn; one
// that may not start any keeps its turn. There is such work if canStart says so.
func (t *tenant) takeNext() *place {
	at := slices.IndexFunc(t.turns, t.mayStart)
	g := t.turns[at]
	t.turns = slices.Delete(t.turns, at, at+1)
	p := g.waiting[0]
	if g.waiting = g.waiting[1:]; len(g.waiting) > 0 {
		t.turns = append(t.turns, g)
	}
	return p
}

// groupOf returns the group with this name, for work that joins it.
func (t *tenant) groupOf(name string) *group {
	if t.groups[name] == nil {
		t.groups[name] = &group{name: name}
	}
	return t.groups[name]
}

// addWaiting has a piece of work wait in its group: paused work before work that has not started.
func (t *tenant) addWaiting(p *place) {
	g, at := p.group, len(p.group.waiting)
	if first := slices.IndexFunc(g.waiting, func(other *place) bool { return !other.begun }); p.begun && first >= 0 {
		at = first
	}
	g.waiting = slices.Insert(g.waiting, at, p)
	if len(g.waiting) == 1 {
		t.turns = append(t.turns, g)
	}
}

// begin counts a piece of work that starts.
func (t *tenant) begin(p *place) {
	p.begun = true
	p.group.begun++
	t.begun++
}

// remove removes a piece of work that has ended, or waits no longer.
func (t *tenant) remove(p *place) {
	g := p.group
	if p.begun {
		g.begun--
		t.begun--
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(other *place) bool { return other == p })
	if len(g.waiting) == 0 {
		t.turns = slices.DeleteFunc(t.turns, func(other *group) bool { return other == g })
	}
	if g.begun == 0 && len(g.waiting) == 0 {
		delete(t.groups, g.name)
	}
}

// isWaiting reports whether any work waits.
func (t *tenant) isWaiting() bool { return len(t.turns) > 0 }

// isIdle reports whether there is no work.
func (t *tenant) isIdle() bool { return len(t.groups) == 0 }

// stats returns how much work there is.
func (t *tenant) stats() TenantStats {
	stats := TenantStats{Tenant: t.name, Begun: t.begun}
	for _, g := range t.turns {
		stats.Waiting += len(g.waiting)
	}
	return stats
}
