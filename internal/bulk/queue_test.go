package bulk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// owner reads "namespace/export/lane".
func owner(text string) Owner {
	parts := strings.Split(text, "/")
	return Owner{parts[0], parts[1], parts[2]}
}

// waits are jobs that began to wait one after the other, each named by its owner and its place
// in the list.
func waits(owners ...string) []Waiting {
	var waiting []Waiting
	for i, o := range owners {
		waiting = append(waiting, Waiting{owner(o), fmt.Sprintf("%s#%d", o, i), noon.Add(time.Duration(i) * time.Minute)})
	}
	return waiting
}

// starts are jobs that were created one after the other. Those in parentheses have ended.
func starts(owners ...string) []Started {
	var started []Started
	for i, o := range owners {
		open, isEnded := strings.CutPrefix(o, "(")
		started = append(started, Started{owner(strings.TrimSuffix(open, ")")), noon.Add(time.Duration(i-100) * time.Minute), isEnded})
	}
	return started
}

func TestQueue(t *testing.T) {
	tests := map[string]struct {
		waiting []Waiting
		started []Started
		others  int
		want    []string
		free    int
	}{
		"nothing waits": {nil, nil, 0, nil, 0},
		"first come, first served": {waits("a/x/Standard", "a/x/Standard", "a/x/Standard"), nil, 0,
			[]string{"a/x/Standard#0", "a/x/Standard#1", "a/x/Standard#2"}, 2},
		"namespaces take turns": {waits("a/x/S", "a/x/S", "a/x/S", "b/y/S"), nil, 0,
			[]string{"a/x/S#0", "b/y/S#3", "a/x/S#1", "a/x/S#2"}, 2},
		"many exports do not help a namespace": {waits("a/x/S", "a/y/S", "a/z/S", "b/y/S", "b/y/S"), nil, 0,
			[]string{"a/x/S#0", "b/y/S#3", "a/y/S#1", "b/y/S#4", "a/z/S#2"}, 2},
		"exports of a namespace take turns": {waits("a/x/S", "a/x/S", "a/y/S"), nil, 0,
			[]string{"a/x/S#0", "a/y/S#2", "a/x/S#1"}, 2},
		"lanes of an export take turns": {waits("a/x/S", "a/x/S", "a/x/H"), nil, 0,
			[]string{"a/x/S#0", "a/x/H#2", "a/x/S#1"}, 2},
		"who runs a job waits for who runs none": {waits("a/x/S", "b/y/S"), starts("a/x/S"), 0,
			[]string{"b/y/S#1", "a/x/S#0"}, 1},
		"who had the last turn waits for the other": {waits("a/x/S", "b/y/S"), starts("(b/y/S)", "(a/x/S)"), 0,
			[]string{"b/y/S#1", "a/x/S#0"}, 2},
		"who had a turn waits for who had none": {waits("a/x/S", "b/y/S"), starts("(a/x/S)"), 0,
			[]string{"b/y/S#1", "a/x/S#0"}, 2},
		"an export of the same name elsewhere": {waits("a/x/S", "b/x/S", "b/y/S"), starts("(b/x/S)", "(a/x/S)"), 0,
			[]string{"b/y/S#2", "a/x/S#0", "b/x/S#1"}, 2},
		"two of ours run":          {waits("b/y/S"), starts("a/x/S", "a/x/S"), 0, []string{"b/y/S#0"}, 0},
		"one of somebody else":     {waits("a/x/S", "b/y/S"), nil, 1, []string{"a/x/S#0", "b/y/S#1"}, 1},
		"two of somebody else":     {waits("a/x/S"), nil, 2, []string{"a/x/S#0"}, 0},
		"more than there may be":   {waits("a/x/S"), starts("a/x/S", "b/x/S", "c/x/S"), 7, []string{"a/x/S#0"}, 0},
		"a number that is not one": {waits("a/x/S"), nil, -5, []string{"a/x/S#0"}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			order := Queue(tt.waiting, tt.started, tt.others)
			if got := order.Names(); !slices.Equal(got, tt.want) {
				t.Errorf("order %v, want %v", got, tt.want)
			}
			if next := order.Next(); !slices.Equal(next, tt.want[:tt.free]) {
				t.Errorf("next %v, want %v", next, tt.want[:tt.free])
			}
			for i, job := range tt.want {
				if order.Position(job) != i+1 || order.MayStart(job) != (i < tt.free) {
					t.Errorf("%s is at %d, may start %v", job, order.Position(job), order.MayStart(job))
				}
			}
			if order.Position("other") != 0 || order.MayStart("other") {
				t.Error("a job that does not wait has a turn")
			}
		})
	}
}

// drawOwner chooses one of a few owners.
func drawOwner(t *rapid.T) Owner {
	return Owner{
		rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "namespace"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "export"),
		rapid.SampledFrom([]string{"Standard", "LegalHold", ""}).Draw(t, "lane"),
	}
}

func drawWaiting(t *rapid.T) []Waiting {
	waiting := make([]Waiting, rapid.IntRange(0, 20).Draw(t, "waiting"))
	for i := range waiting {
		waiting[i] = Waiting{drawOwner(t), fmt.Sprint(i), noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "since")) * time.Second)}
	}
	return waiting
}

func drawStarted(t *rapid.T) []Started {
	started := make([]Started, rapid.IntRange(0, 6).Draw(t, "started"))
	for i := range started {
		started[i] = Started{drawOwner(t), noon.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "at")) * time.Second), rapid.Bool().Draw(t, "ended")}
	}
	return started
}

// TestQueueIsFair: every job has one place, the order does not depend on that of what is known,
// never more jobs start than may, and no turn goes to a group while another one that waits has
// fewer jobs.
func TestQueueIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		waiting, started, others := drawWaiting(t), drawStarted(t), rapid.IntRange(0, 3).Draw(t, "others")
		order := Queue(waiting, started, others)
		names, running := order.Names(), others
		for _, s := range started {
			if !s.Ended {
				running++
			}
		}
		if n := len(order.Next()); n > max(0, Limit-running) || n < min(len(waiting), max(0, Limit-running)) {
			t.Errorf("%d jobs start, %d are running", n, running)
		}
		other := Queue(rapid.Permutation(waiting).Draw(t, "waiting"), rapid.Permutation(started).Draw(t, "started"), others)
		if !slices.Equal(other.Names(), names) || len(names) != len(waiting) {
			t.Errorf("%v and %v, of %d jobs", names, other.Names(), len(waiting))
		}
		checkTurns(t, names, waiting, started)
	})
}

// checkTurns fails if a turn passes over somebody with fewer jobs.
func checkTurns(t *rapid.T, names []string, waiting []Waiting, started []Started) {
	all, _, last := loadsOf(started)
	left := map[string]Waiting{}
	for _, w := range waiting {
		left[w.Name] = w
	}
	for _, name := range names {
		chosen := left[name]
		for _, w := range left {
			for depth := range depths {
				if ours, theirs := chosen.group(depth), w.group(depth); ours != theirs {
					if all.loadOf(theirs).running < all.loadOf(ours).running {
						t.Errorf("%s is the turn of %+v, although %+v has fewer jobs", name, ours, theirs)
					}
					break
				}
			}
		}
		last = last.Add(1)
		all.add(all.groups(chosen.Owner), last, true)
		delete(left, name)
	}
}

// loadOf returns the load of a group.
func (l *loads) loadOf(g group) load {
	if place, known := l.index[g]; known {
		return l.of[place]
	}
	return load{}
}

// TestNobodyStarves: whoever waits gets a turn after as many turns as there are owners, however
// many jobs the others add.
func TestNobodyStarves(t *testing.T) {
	var started []Started
	at := noon
	mine := Waiting{owner("quiet/x/Standard"), "mine", noon.Add(time.Hour)}
	for turn := range 10 {
		waiting := append(waits(slices.Repeat([]string{"busy/x/Standard", "busy/y/Standard", "other/x/Standard"}, 50)...), mine)
		next := Queue(waiting, started, 1).Next()[0]
		if next == mine.Name {
			if turn > 2 {
				t.Errorf("the turn came after %d others", turn)
			}
			return
		}
		at = at.Add(time.Minute)
		name, _, _ := strings.Cut(next, "#")
		started = append(started, Started{owner(name), at, true})
	}
	t.Error("the turn never came")
}

func BenchmarkQueue(b *testing.B) {
	waiting := waits(slices.Repeat([]string{"a/x/S", "a/y/S", "b/x/S", "b/x/H", "c/x/S"}, 100)...)
	for b.Loop() {
		Queue(waiting, nil, 0)
	}
}
