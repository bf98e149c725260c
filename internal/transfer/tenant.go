package transfer

import "slices"

// tenant is a tenant's work in a queue. It decides which piece of work starts next, and
// whether one may; the queue, whose lock guards it, does what it decides.
type tenant struct {
	name string
	// places is how many pieces of work may be in progress, 0 without a bound. begun counts
	// those that are: started, and not ended.
	places, begun int
	// isShared tells that dependencies share the places.
	isShared bool
	// dependencies are those with work. turns are those with work that waits, in the order of their
	// turns.
	dependencies map[string]*dependency
	turns        []*dependency
}

// dependency has the work of a tenant that depends on the same organisation or destination: all of
// it hangs if that does. Work whose job names no dependency has one together.
type dependency struct {
	name    string
	begun   int
	waiting []*place
}

func newTenant(name string, capacity Capacity) *tenant {
	t := &tenant{name: name, places: capacity.PerTenant, dependencies: map[string]*dependency{}}
	if capacity.PerDependency > 0 {
		t.places, t.isShared = 2*capacity.PerDependency, true
	}
	return t
}

// mayTake reports whether a dependency with so much work in progress may take one of the free places
// that it shares with others. It needs more free places than it has taken. So a dependency that is
// alone takes half of all places, and the next one at most half of the others, even if none of
// their work ever ends: n dependencies that hang leave a share of 1/2ⁿ, rounded down. A dependency without
// work in progress may take any place, also the last one.
func mayTake(begun, free int) bool { return begun < free }

// mayStart reports whether the next piece of work of a dependency may run. Work that has paused has
// its place already.
func (t *tenant) mayStart(d *dependency) bool {
	free := t.places - t.begun
	switch {
	case t.places <= 0, d.waiting[0].begun:
		return true
	case t.isShared:
		return mayTake(d.begun, free)
	default:
		return free > 0
	}
}

// canStart reports whether any work may run.
func (t *tenant) canStart() bool { return slices.ContainsFunc(t.turns, t.mayStart) }

// takeNext removes the work whose turn it is from what waits. Dependencies start work in turn; one
// that may not start any keeps its turn. There is such work if canStart says so.
func (t *tenant) takeNext() *place {
	at := slices.IndexFunc(t.turns, t.mayStart)
	d := t.turns[at]
	t.turns = slices.Delete(t.turns, at, at+1)
	p := d.waiting[0]
	if d.waiting = d.waiting[1:]; len(d.waiting) > 0 {
		t.turns = append(t.turns, d)
	}
	return p
}

// dependencyOf returns the dependency with this name, for work that joins it.
func (t *tenant) dependencyOf(name string) *dependency {
	if t.dependencies[name] == nil {
		t.dependencies[name] = &dependency{name: name}
	}
	return t.dependencies[name]
}

// addWaiting has a piece of work wait in its dependency: paused work before work that has not started.
func (t *tenant) addWaiting(p *place) {
	d, at := p.dependency, len(p.dependency.waiting)
	if first := slices.IndexFunc(d.waiting, func(other *place) bool { return !other.begun }); p.begun && first >= 0 {
		at = first
	}
	d.waiting = slices.Insert(d.waiting, at, p)
	if len(d.waiting) == 1 {
		t.turns = append(t.turns, d)
	}
}

// begin counts a piece of work that starts.
func (t *tenant) begin(p *place) {
	p.begun = true
	p.dependency.begun++
	t.begun++
}

// remove removes a piece of work that has ended, or waits no longer.
func (t *tenant) remove(p *place) {
	d := p.dependency
	if p.begun {
		d.begun--
		t.begun--
	}
	d.waiting = slices.DeleteFunc(d.waiting, func(other *place) bool { return other == p })
	if len(d.waiting) == 0 {
		t.turns = slices.DeleteFunc(t.turns, func(other *dependency) bool { return other == d })
	}
	if d.begun == 0 && len(d.waiting) == 0 {
		delete(t.dependencies, d.name)
	}
}

// isWaiting reports whether any work waits.
func (t *tenant) isWaiting() bool { return len(t.turns) > 0 }

// isIdle reports whether there is no work.
func (t *tenant) isIdle() bool { return len(t.dependencies) == 0 }

// stats returns how much work there is.
func (t *tenant) stats() TenantStats {
	stats := TenantStats{Tenant: t.name, Begun: t.begun}
	for _, d := range t.turns {
		stats.Waiting += len(d.waiting)
	}
	return stats
}
