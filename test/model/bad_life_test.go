package model

import (
	"net/http"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const (
	// eventful is how many rounds things happen in besides what is bad.
	eventful = 12
	// mostBadRounds is how many rounds an export may take to its end: four steps of a
	// batch, and as many of an isolated one, each with its whole retry deadline.
	mostBadRounds = 400
)

// live looks at everything, round after round, until the export has ended although
// items are bad.
func (m *model) live(t *rapid.T) {
	for round := range mostBadRounds {
		m.worsen(round)
		switch {
		case round < eventful:
			m.drawEvent(t)
		case round == eventful:
			m.calm()
		}
		m.lookAround(m.processes[0], round)
		m.check(t)
		if round > eventful && m.hasEnded() {
			return
		}
		m.givePermission()
		m.clock.Pass(roundLength)
	}
	t.Fatalf("the export does not end:\n%s", m.state())
}

// lookAround looks at everything, in each round at another batch first: nothing is to
// depend on which of two that are due comes first.
func (m *model) lookAround(p *process, round int) {
	p.refresh(true, true)
	m.look(p, target{name: exportName})
	p.refresh(true, true)
	names := m.batchNames()
	for i := range names {
		m.look(p, target{batch: true, name: names[(i+round)%len(names)]})
	}
	p.refresh(true, true)
	m.look(p, target{name: exportName})
}

// roundLength is the time between two rounds, longer than any wait between attempts.
const roundLength = round

// hasEnded reports whether the export has, and looks at nothing any more.
func (m *model) hasEnded() bool {
	export := m.export()
	return export.Status.CompletionTime != nil && conditions.IsReady(export)
}

// calm lets nothing happen any more but what is bad, and gives the window its end.
func (m *model) calm() {
	m.bury()
	for _, p := range m.processes[1:] {
		p.stop()
	}
	m.processes = m.processes[:1]
	m.processes[0].trap = nil
	for len(m.hidden) > 0 {
		m.listLate()
	}
	m.endConversations()
	m.change(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = false })
	m.setEnd(time.Duration(m.days) * 24 * time.Hour)
}

// givePermission is what a person does who is told that one is missing: what is
// forbidden is allowed from then on.
func (m *model) givePermission() {
	stalled := slices.ContainsFunc(m.allBatches(), func(b v1alpha1.RecordingExportBatch) bool {
		return conditions.IsStalled(&b) && conditions.Reason(&b) == v1alpha1.ReasonPermissionMissing
	})
	if !stalled {
		return
	}
	forbidden := func(f simulator.Fault) bool {
		return f.Status == http.StatusForbidden && f.Route != simulator.RouteDownload
	}
	m.sim.EndFaults(forbidden)
	for _, b := range m.bads {
		if b.begun && !b.over && forbidden(b.fault) {
			b.over = true
			m.covered.add("a person gives a permission")
		}
	}
}

// weekend is how long the export is suspended, or the manager stopped.
const weekend = 2 * 24 * time.Hour

// drawEvent draws what happens to the export in a round.
func (m *model) drawEvent(t *rapid.T) {
	kind := rapid.SampledFrom([]string{
		"", "", "restart", "kill", "trap", "trap", "trap", "trap", "second leader", "look", "suspended", "stopped", "addresses expire",
		"conversation ends", "listed late", "little time", "little time",
	}).Draw(t, "event")
	if kind == "" {
		return
	}
	m.covered.add("event: " + kind)
	switch kind {
	case "restart":
		m.restart(t)
	case "kill":
		m.kill(t)
	case "trap":
		m.drawTrap(t)
	case "second leader":
		m.secondLeader(t)
	case "look":
		m.drawLook(t, m.batchNames())()
	case "suspended":
		m.suspended()
	case "stopped":
		m.replace(0, true)
		m.pass(weekend)
	case "addresses expire":
		m.sim.ExpireResultURLs()
	case "conversation ends":
		m.endConversations()
	case "listed late":
		m.listLate()
	default:
		m.lookAtAll(m.processes[0])
		m.pass(2 * time.Minute)
	}
}

// drawTrap draws a trap at one of the next effects of a process, and has it look at
// everything.
func (m *model) drawTrap(t *rapid.T) {
	p := m.process(rapid.IntRange(0, 1).Draw(t, "process"))
	p.trap = &trap{
		left: rapid.IntRange(1, 40).Draw(t, "effect"),
		way:  rapid.SampledFrom([]way{refused, conflicted, throttled, unanswered, killedBefore, killedAfter}).Draw(t, "way"),
	}
	m.lookAtAll(p)
}

// suspended has the export be suspended over a weekend.
func (m *model) suspended() {
	m.change(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = true })
	m.lookAtAll(m.processes[0])
	m.pass(weekend)
	m.lookAtAll(m.processes[0])
	m.change(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = false })
}
