package transfer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// TestDependenciesLeavePlacesToOthers: dependencies come one after the other, each with more work than
// there are places, and none of that ever ends.
func TestDependenciesLeavePlacesToOthers(t *testing.T) {
	tests := map[string]struct {
		capacity     Capacity
		dependencies string
		want         []int
	}{
		"one place each":               {Capacity{PerDependency: 1}, "abc", []int{1, 1, 0}},
		"three places each":            {Capacity{PerDependency: 3}, "abcd", []int{3, 2, 1, 0}},
		"one dependency alone":         {Capacity{PerDependency: 8}, "a", []int{8}},
		"several":                      {Capacity{PerDependency: 8}, "abc", []int{8, 4, 2}},
		"more than places are for":     {Capacity{PerDependency: 8}, "abcdef", []int{8, 4, 2, 1, 1, 0}},
		"as in a lane":                 {Capacity{PerDependency: 64}, "abcdefgh", []int{64, 32, 16, 8, 4, 2, 1, 1}},
		"places that are not shared":   {Capacity{PerTenant: 4}, "ab", []int{4, 0}},
		"one place that nobody shares": {Capacity{PerTenant: 1}, "ab", []int{1, 0}},
		"without a bound":              {Capacity{}, "ab", []int{200, 200}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSchedule(t, tt.capacity)
			var got []int
			for dependency := range strings.SplitSeq(tt.dependencies, "") {
				for range 200 {
					s.add(dependency)
				}
				s.startAll()
				got = append(got, len(s.inProgress[dependency]))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pieces of work in progress, -want +got:\n%s", diff)
			}
		})
	}
}

// TestDependenciesTakeTurns, and work of one dependency starts in the order in which it came.
func TestDependenciesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPoolWith(t, Capacity{PerTenant: 1})
		var order []string
		release := make(chan struct{})
		doInDependency(pool, "a", "a0", func(context.Context, Try) error { <-release; return nil })
		synctest.Wait()
		for _, key := range strings.Fields("a1 a2 a3 b1 b2 c1") {
			doInDependency(pool, key[:1], key, func(context.Context, Try) error { order = append(order, key); return nil })
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if got := strings.Join(order, " "); got != "a1 b1 c1 a2 b2 a3" {
			t.Errorf("done in the order %s", got)
		}
		if left := pool.TenantStats(); len(left) != 0 {
			t.Errorf("what has ended is remembered: %v", left)
		}
	})
}

// TestADependencyThatHangsDelaysOnlyItself: all work of others is done, also when some work of the
// dependency that hangs is cancelled and other work takes its places.
func TestADependencyThatHangsDelaysOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPoolWith(t, Capacity{PerDependency: 2})
		for i := range 10 {
			doInDependency(pool, "hangs", fmt.Sprint("hangs/", i, "/"), waits)
		}
		done := 0
		for i := range 10 {
			doInDependency(pool, "other", fmt.Sprint("other/", i), func(context.Context, Try) error { done++; return nil })
			pool.Cancel(fmt.Sprint("hangs/", i/2, "/"))
			synctest.Wait()
		}
		if done != 10 {
			t.Errorf("%d pieces of work of the other dependency were done, want 10", done)
		}
		if diff := cmp.Diff([]TenantStats{{"legal", 2, 3}}, pool.TenantStats()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// doInDependency has a pool do work of a dependency of a tenant.
func doInDependency(pool *Pool, dependency, key string, work Work) {
	pool.Do(Job{Key: key, Tenant: "legal", Dependency: dependency, Owner: "a", Wake: func() {}, Work: work})
}

// TestDependenciesOfRandomSchedules: whatever comes, ends and is cancelled in which order, see schedule
// for what is always true. Work of some dependencies never ends, and all work of the others does, as
// long as the dependencies that hang leave a place.
func TestDependenciesOfRandomSchedules(t *testing.T) {
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := newSchedule(t, Capacity{PerDependency: 1 + random.IntN(10)})
		s.name = fmt.Sprintf("seed %d, %d places", seed, s.places)
		dependencies := strings.Split("abcdefgh"[:1+random.IntN(8)], "")
		s.hanging = dependencies[:random.IntN(len(dependencies)+1)]
		for range 300 {
			s.step(random, dependencies[random.IntN(len(dependencies))])
			s.startAll()
		}
		s.finish()
		if t.Failed() {
			return
		}
	}
}

// schedule is a tenant's work, and checks what is true whenever work starts or cannot start:
//
//   - No more work is in progress than there are places, and of no dependency more than half of them.
//   - Work of a dependency that has none in progress waits only if no place is free.
//   - Of two dependencies that may start work, none starts twice before the other has started once.
type schedule struct {
	*testing.T
	*tenant
	name string
	// inProgress and waiting are the tenant's work by dependency.
	inProgress, waiting map[string][]*place
	// passed counts how often one dependency has started work while another could have, since that
	// started work last.
	passed map[[2]string]int
	// hanging are the dependencies whose work does not end.
	hanging []string
}

func newSchedule(t *testing.T, capacity Capacity) *schedule {
	return &schedule{T: t, tenant: newTenant("legal", capacity), inProgress: map[string][]*place{}, waiting: map[string][]*place{}, passed: map[[2]string]int{}}
}

// add adds work to a dependency.
func (s *schedule) add(name string) {
	p := &place{tenant: s.tenant, dependency: s.dependencyOf(name)}
	s.addWaiting(p)
	s.waiting[name] = append(s.waiting[name], p)
}

// step has work come, end or be cancelled.
func (s *schedule) step(random *rand.Rand, name string) {
	switch n := random.IntN(10); {
	case n < 5:
		s.add(name)
	case n < 9:
		if !slices.Contains(s.hanging, name) {
			s.end(s.inProgress, name, random)
		}
	default:
		s.end(s.waiting, name, random)
	}
}

// end removes any one of the work of a dependency.
func (s *schedule) end(work map[string][]*place, name string, random *rand.Rand) {
	if of := work[name]; len(of) > 0 {
		i := random.IntN(len(of))
		s.remove(of[i])
		work[name] = slices.Delete(of, i, i+1)
	}
	if len(s.waiting[name]) == 0 {
		s.forgetTurns(name)
	}
}

// startAll starts the work that may start.
func (s *schedule) startAll() {
	s.Helper()
	for s.canStart() {
		ready := s.ready()
		p := s.takeNext()
		s.begin(p)
		s.started(p, ready)
	}
	for name, of := range s.waiting {
		if len(of) > 0 && len(s.inProgress[name]) == 0 && (s.free() > 0 || s.places == 0) {
			s.Errorf("%s: dependency %q has nothing in progress, and waits while %d places are free", s.name, name, s.free())
		}
	}
}

// ready are the dependencies that may start work.
func (s *schedule) ready() (names []string) {
	for _, g := range s.turns {
		if s.mayStart(g) {
			names = append(names, g.name)
		}
	}
	return names
}

// started checks a start of work.
func (s *schedule) started(p *place, ready []string) {
	s.Helper()
	name := p.dependency.name
	if s.waiting[name][0] != p {
		s.Errorf("%s: dependency %q does not keep its order", s.name, name)
	}
	s.waiting[name] = s.waiting[name][1:]
	s.inProgress[name] = append(s.inProgress[name], p)
	if most := s.places / 2; s.places > 0 && s.free() < 0 || s.isShared && len(s.inProgress[name]) > most {
		s.Errorf("%s: dependency %q has %d pieces of work in progress, of %d at most; %d places are free", s.name, name, len(s.inProgress[name]), most, s.free())
	}
	s.forgetTurns(name)
	for _, other := range ready {
		if pair := [2]string{name, other}; name != other {
			if s.passed[pair]++; s.passed[pair] > 1 {
				s.Errorf("%s: dependency %q started work twice while it was the turn of %q", s.name, name, other)
			}
		}
	}
}

// forgetTurns forgets who has started work while a dependency waited.
func (s *schedule) forgetTurns(name string) {
	for pair := range s.passed {
		if pair[1] == name {
			delete(s.passed, pair)
		}
	}
}

// free is how many places are free.
func (s *schedule) free() int {
	free := s.places
	for _, of := range s.inProgress {
		free -= len(of)
	}
	return free
}

// finish ends all work that ends, and checks that what the dependencies that hang leave is enough
// for all others.
func (s *schedule) finish() {
	s.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	for ended := true; ended; {
		ended = false
		for name := range s.inProgress {
			if !slices.Contains(s.hanging, name) && len(s.inProgress[name]) > 0 {
				s.end(s.inProgress, name, random)
				s.startAll()
				ended = true
			}
		}
	}
	left := s.places >> len(s.hanging)
	if s.free() < left {
		s.Errorf("%s: %d places are free while %d dependencies hang, want %d at least", s.name, s.free(), len(s.hanging), left)
	}
	for name, of := range s.waiting {
		if left > 0 && len(of) > 0 && !slices.Contains(s.hanging, name) {
			s.Errorf("%s: %d pieces of work of dependency %q are never done", s.name, len(of), name)
		}
	}
	if want := s.begun; want != s.stats().Begun || s.places-s.free() != want {
		s.Errorf("%s: %d pieces of work are counted as in progress, want %d", s.name, want, s.places-s.free())
	}
}
