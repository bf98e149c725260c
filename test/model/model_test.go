// Package model puts an export and its batches through whatever may happen to
// them, in an order that rapid chooses, and checks after every step what must
// are always true, and in the end that nothing is missing.
//
// The reconcilers, the pools, the client of Genesys Cloud and the archive are
// the real ones; Genesys Cloud is the simulator over HTTP, Kubernetes is
// controller-runtime's fake client. Nothing watches: a reconcile comes when rapid
// says so, from a cache that is as old as rapid says, so that events get lost and
// come late.
//
// Everything that a process does outside of its memory is an effect: a write to
// Kubernetes or to the archive, a call of Genesys Cloud. A trap waits at one of
// the next effects of a process, and makes it fail, loses its reply, ends the
// process before or after it, or has something else happen in the meantime: a
// user's change, or a look by the same process or by another, which are two
// leaders then.
//
// A run can be replayed: one goroutine runs at a time. The work of pools
// waits until the evaluation that began it has ended, and is run to its end before
// the next step; what happens in the meantime happens while it pauses at
// an effect, and other work of the process that begins then is run after it. The
// clock does not move except when a step sets it forward, or when somebody waits,
// which takes no time at all. Only where a lane has a parallelism above one are
// its requests in the order in which Go runs them.
package model

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"pgregory.net/rapid"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestMain makes runs longer than rapid does, and fewer, so that they take a
// few minutes, and always the same ones, so that a failure is that of a change;
// -rapid.steps, -rapid.checks and -rapid.seed say otherwise (make model).
func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	for name, value := range map[string]string{"rapid.steps": "40", "rapid.checks": "80", "rapid.seed": "1"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestTheLifeOfAnExport is the model.
func TestTheLifeOfAnExport(t *testing.T) {
	covered := &tally{}
	t.Cleanup(func() { t.Logf("covered:\n%s", covered) })
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, drawShape(t), covered)
		t.Repeat(m.steps())
		m.finish(t)
	})
}

// steps are what may happen. What moves things on is there several times, so
// that runs get somewhere.
func (m *model) steps() map[string]func(*rapid.T) {
	steps := map[string]func(*rapid.T){
		"": func(t *rapid.T) { m.check(t) },
	}
	add := func(weight int, name string, step func(*rapid.T)) {
		for n := range weight {
			steps[fmt.Sprintf("%d %s", n, name)] = func(t *rapid.T) {
				m.covered.add("step: " + name)
				step(t)
			}
		}
	}
	add(3, "look at the export", m.lookAtExport)
	add(4, "look at a batch", m.lookAtBatch)
	add(3, "resync", m.resync)
	add(9, "resync with a trap", m.resyncWithTrap)
	add(4, "time passes", m.passTime)
	add(1, "restart", m.restart)
	add(1, "kill", m.kill)
	add(1, "second leader", m.secondLeader)
	add(1, "collect garbage", m.collectGarbage)
	add(2, "user", func(t *rapid.T) { m.userAction(t)() })
	add(3, "Genesys Cloud", func(t *rapid.T) { m.cloudAction(t)() })
	return steps
}

// shape is what differs between runs.
type shape struct {
	days, perDay, open, late int
	follows                  bool
	width                    time.Duration
	most, maxRecordings      int
	openDeadline             time.Duration
	retain                   int
	seed                     uint64

	// The others are those of drawTerms; zero is what the life of an export has.
	scope               v1alpha1.HoldScope
	restores            bool
	quota               int
	restoring, deadline time.Duration
	// addressLife is how long addresses of media can be used, download how long one takes.
	addressLife, download time.Duration
}

func drawShape(t *rapid.T) shape {
	return shape{
		days: rapid.IntRange(1, 2).Draw(t, "days"), perDay: rapid.IntRange(2, 6).Draw(t, "conversations a day"),
		open: rapid.IntRange(0, 1).Draw(t, "open"), late: rapid.IntRange(0, 2).Draw(t, "listed late"),
		follows:       rapid.Bool().Draw(t, "follows"),
		width:         rapid.SampledFrom([]time.Duration{6 * time.Hour, 24 * time.Hour, 36 * time.Hour}).Draw(t, "width"),
		most:          rapid.IntRange(1, 4).Draw(t, "conversations in a batch"),
		maxRecordings: rapid.SampledFrom([]int{2, 1000}).Draw(t, "recordings in a bag"),
		openDeadline:  rapid.SampledFrom([]time.Duration{30 * time.Hour, 8784 * time.Hour}).Draw(t, "open deadline"),
		retain:        rapid.SampledFrom([]int{0, 1, 50}).Draw(t, "batches to keep"),
		seed:          rapid.Uint64Range(1, 50).Draw(t, "seed"),
	}
}

// lookAtExport has a process look at the export.
func (m *model) lookAtExport(t *rapid.T) {
	m.drawLook(t, nil)()
}

// lookAtBatch has a process look at a batch, or at one that is gone.
func (m *model) lookAtBatch(t *rapid.T) {
	if names := m.batchNames(); len(names) > 0 {
		m.drawLook(t, names)()
	}
}

// drawLook draws a look: at one of the batches, at the export if there are none.
func (m *model) drawLook(t *rapid.T, batches []string) func() {
	who := rapid.IntRange(0, 1).Draw(t, "process")
	what := target{name: exportName}
	if len(batches) > 0 {
		what = target{batch: true, name: rapid.SampledFrom(batches).Draw(t, "batch")}
	}
	staleExports, staleBatches := m.drawStale(t, "exports"), m.drawStale(t, "batches")
	return func() {
		p := m.process(who)
		p.refresh(!staleExports, !staleBatches)
		m.look(p, what)
	}
}

// drawStale reports whether a cache stays as it is.
func (m *model) drawStale(t *rapid.T, of string) bool {
	stale := rapid.IntRange(0, 3).Draw(t, "stale "+of) == 3
	if stale {
		m.covered.add("fault: stale read of " + of)
	}
	return stale
}

// resync looks at everything once, as a manager does after a start or now and then.
func (m *model) resync(t *rapid.T) {
	p := m.process(rapid.IntRange(0, 1).Draw(t, "process"))
	m.lookAtAll(p)
}

func (m *model) lookAtAll(p *process) {
	p.refresh(true, true)
	m.look(p, target{name: exportName})
	p.refresh(true, true)
	for _, name := range m.batchNames() {
		m.look(p, target{batch: true, name: name})
	}
	p.refresh(true, true)
	m.look(p, target{name: exportName})
}

// mostPassed bounds how much time passes in a run, so that a window without an
// end stays small.
const mostPassed = 4 * 24 * time.Hour

func (m *model) passTime(t *rapid.T) {
	m.drawTime(t)()
}

func (m *model) drawTime(t *rapid.T) func() {
	d := rapid.SampledFrom([]time.Duration{2 * time.Minute, time.Hour, 6 * time.Hour, 25 * time.Hour}).Draw(t, "time")
	return func() { m.pass(d) }
}

// pass has time pass, unless that were too much.
func (m *model) pass(d time.Duration) {
	if m.passed+d <= mostPassed {
		m.passed += d
		m.clock.Pass(d)
	}
}

// restart stops a process as a signal does, and starts another.
func (m *model) restart(t *rapid.T) {
	m.replace(rapid.IntRange(0, 1).Draw(t, "process"), false)
}

// kill ends a process without warning, and starts another.
func (m *model) kill(t *rapid.T) {
	m.replace(rapid.IntRange(0, 1).Draw(t, "process"), true)
}

// secondLeader starts a second process beside the first, or ends it.
func (m *model) secondLeader(*rapid.T) {
	if len(m.processes) == 1 {
		m.processes = append(m.processes, m.newProcess())
		return
	}
	m.processes[0].stop()
	m.processes = m.processes[1:]
}

func (m *model) collectGarbage(*rapid.T) { m.collect() }

// resyncWithTrap has something happen at one of the next effects of a process.
func (m *model) resyncWithTrap(t *rapid.T) {
	p := m.process(rapid.IntRange(0, 1).Draw(t, "process"))
	at := rapid.IntRange(1, 12).Draw(t, "effect")
	way := rapid.SampledFrom([]way{refused, conflicted, throttled, unanswered, killedBefore, killedAfter, meanwhile, meanwhile, meanwhile}).Draw(t, "way")
	trap := &trap{left: at, way: way}
	if way == meanwhile {
		trap.does = m.drawMeanwhile(t)
	}
	p.trap = trap
	m.lookAtAll(p)
}

// drawMeanwhile draws what happens while a process pauses at an effect.
func (m *model) drawMeanwhile(t *rapid.T) func() {
	kind := rapid.SampledFrom([]string{"user", "user and look", "cloud", "look", "look", "look at all", "time"}).Draw(t, "meanwhile")
	name := "meanwhile: " + kind
	var do func()
	switch kind {
	case "user":
		do = m.userAction(t)
	case "user and look":
		change, look := m.userAction(t), m.drawLook(t, nil)
		do = func() { change(); look() }
	case "cloud":
		do = m.cloudAction(t)
	case "look":
		do = m.drawLook(t, m.batchNames())
	case "look at all":
		who := rapid.IntRange(0, 1).Draw(t, "process")
		do = func() { m.lookAtAll(m.process(who)) }
	default:
		do = m.drawTime(t)
	}
	return func() { m.covered.add(name); do() }
}

// model is one run.
type model struct {
	shape
	*kube
	*truth
	ctx       context.Context
	covered   *tally
	clock     *frozen
	sim       *simulator.Simulator
	endpoint  string
	root      string
	processes []*process
	started   int
	passed    time.Duration
	turn      *turn
	// bads are the conversations and recordings that are bad at some time.
	bads []*bad
	// doubtful are the recordings whose restoration was interrupted when it was requested.
	doubtful map[string]bool
	// wasOpen are the conversations that had not ended at first.
	wasOpen map[string]bool
	// chances counts the calls of Genesys Cloud that a trap let fail.
	chances int
	// broken are the rules that were found broken by looks on other goroutines.
	mu     sync.Mutex
	broken []string
}

func (m *model) breaks(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = append(m.broken, fmt.Sprintf(format, args...))
}

// tally counts what was covered in all runs.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *tally) add(what string) { c.count(what, 1) }

func (c *tally) count(what string, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what] += times
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		fmt.Fprintf(&b, "%8d %s\n", c.counts[what], what)
	}
	return b.String()
}
