package bulk

import (
	"cmp"
	"slices"
	"time"
)

// Limit is how many bulk jobs an organisation may have at the same time (Platform API).
const Limit = 2

// Owner says for whom a job is.
type Owner struct {
	Namespace, Export, Lane string
}

// Waiting is a job that waits for its turn.
type Waiting struct {
	Owner
	// Name is unique within the organisation.
	Name string
	// Since is when it began to wait.
	Since time.Time
}

// Started is a job of ours that was created, also one that has ended. Those that ended long ago
// may be left out: they only decide whose turn comes first among owners with as many running jobs.
type Started struct {
	Owner
	At    time.Time
	Ended bool
}

// Order is the order in which waiting jobs get their turn.
type Order struct {
	names []string
	free  int
}

// Queue orders the waiting jobs of one organisation. others is how many jobs of somebody else
// are running. A job of ours counts until it has ended, also while it is READY: otherwise three
// could become READY, of which Genesys Cloud executes two.
//
// The next turn is that of the namespace with the fewest running jobs; within it of the export
// with the fewest, and within that of the lane. If several have as few, it is the turn of the
// one whose last job was created the longest time ago, then of the one that waits longest. The
// order depends on nothing else, so it survives a restart.
func Queue(waiting []Waiting, started []Started, others int) Order {
	loads, running, last := loadsOf(started)
	order := Order{free: max(0, Limit-running-max(0, others))}
	left := loads.candidates(waiting)
	for len(left) > 0 {
		next := loads.first(left)
		// Each turn counts as later than those before it.
		last = last.Add(1)
		loads.add(left[next].groups, last, true)
		order.names = append(order.names, left[next].name)
		left = slices.Delete(left, next, next+1)
	}
	return order
}

// Position returns the place of a job in the order, from 1. It is 0 if the job does not wait.
func (o Order) Position(name string) int { return slices.Index(o.names, name) + 1 }

// MayStart reports whether it is the turn of a job.
func (o Order) MayStart(name string) bool { return slices.Contains(o.Next(), name) }

// Next returns the jobs whose turn it is.
func (o Order) Next() []string { return o.names[:min(o.free, len(o.names))] }

// Names returns all waiting jobs in their order.
func (o Order) Names() []string { return slices.Clone(o.names) }

// depths is how many kinds of groups there are: namespaces, their exports, the lanes of these.
const depths = 3

// group is a namespace, an export or a lane of an export.
type group struct {
	depth int
	owner Owner
}

// group returns the owner's group of a depth, from 0.
func (o Owner) group(depth int) group {
	if depth < 2 {
		o.Lane = ""
	}
	if depth < 1 {
		o.Export = ""
	}
	return group{depth, o}
}

// load is how many jobs of a group are running, and when its last one was created: zero if it
// had none.
type load struct {
	running int
	last    time.Time
}

func (l load) less(other load) bool {
	return l.running < other.running || l.running == other.running && l.last.Before(other.last)
}

// loads are those of all groups.
type loads struct {
	// index is the place of each group's load.
	index map[group]int
	of    []load
}

// groupsOf are the places of the loads of an owner's groups.
type groupsOf [depths]int

// loadsOf adds up the jobs, and returns how many are running and when the last was created.
func loadsOf(started []Started) (all *loads, running int, last time.Time) {
	all = &loads{index: map[group]int{}}
	for _, s := range started {
		all.add(all.groups(s.Owner), s.At, !s.Ended)
		if !s.Ended {
			running++
		}
		if s.At.After(last) {
			last = s.At
		}
	}
	return all, running, last
}

// groups returns the places of the loads of an owner's groups, which it adds if need be.
func (l *loads) groups(owner Owner) (places groupsOf) {
	for depth := range depths {
		g := owner.group(depth)
		place, known := l.index[g]
		if !known {
			place = len(l.of)
			l.index[g] = place
			l.of = append(l.of, load{})
		}
		places[depth] = place
	}
	return places
}

// add counts a job for every group of its owner.
func (l *loads) add(groups groupsOf, at time.Time, running bool) {
	for _, place := range groups {
		sum := &l.of[place]
		if running {
			sum.running++
		}
		if at.After(sum.last) {
			sum.last = at
		}
	}
}

// candidate is a waiting job.
type candidate struct {
	name   string
	groups groupsOf
}

// candidates are the waiting jobs, the one that waits longest first.
func (l *loads) candidates(waiting []Waiting) []candidate {
	sorted := slices.SortedFunc(slices.Values(waiting), func(a, b Waiting) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name))
	})
	all := make([]candidate, len(sorted))
	for i, w := range sorted {
		all[i] = candidate{w.Name, l.groups(w.Owner)}
	}
	return all
}

// first returns the place of the candidate whose turn is next. Of groups with the same load it
// is that of the candidate that comes first.
func (l *loads) first(candidates []candidate) int {
	first := 0
	for depth := range depths {
		within := candidates[first].groups
		for i, c := range candidates {
			sameParent := slices.Equal(c.groups[:depth], within[:depth])
			if best := candidates[first].groups[depth]; sameParent && l.of[c.groups[depth]].less(l.of[best]) {
				first = i
			}
		}
	}
	return first
}
