package model

import (
	"fmt"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// Scenes are short runs in which one thing happens, at each of the first effects.

// sceneEffects is how many of them there are.
const sceneEffects = 10

// play plays a scene at each effect, and checks how it ends.
func play(t *testing.T, shape shape, scene func(m *model, effect int)) {
	for effect := 1; effect <= sceneEffects; effect++ {
		t.Run(fmt.Sprint(effect), func(t *testing.T) {
			m := newModel(t, shape, &tally{})
			m.clock.Pass(72 * time.Hour)
			scene(m, effect)
			m.check(t)
			m.finish(t)
		})
	}
}

var twoDays = shape{days: 2, perDay: 2, width: 24 * time.Hour, most: 4, maxRecordings: 1000, openDeadline: 8784 * time.Hour, retain: 50, seed: 3}

// TestTwoLeadersForAMoment: both start an analytics job for the same survey, and the
// second ends once it has noted its own down. The first ends the one that it started.
func TestTwoLeadersForAMoment(t *testing.T) {
	for second := 3; second <= 5; second++ {
		t.Run(fmt.Sprint(second), func(t *testing.T) {
			play(t, twoDays, func(m *model, effect int) {
				m.processes = append(m.processes, m.newProcess())
				m.processes[1].trap = &trap{left: second, way: killedAfter}
				m.processes[0].trap = &trap{left: effect, way: meanwhile, does: func() { m.lookAtAll(m.processes[1]) }}
				m.lookAtAll(m.processes[0])
			})
		})
	}
}

// TestAnEndWhileADayIsSurveyed: the process ends in the middle of a survey, and
// the window gets an end before that day. Its analytics job is not left behind.
func TestAnEndWhileADayIsSurveyed(t *testing.T) {
	following := twoDays
	following.follows = true
	play(t, following, func(m *model, effect int) {
		m.look(m.processes[0], target{name: exportName})
		m.processes[0].refresh(true, true)
		m.processes[0].trap = &trap{left: effect, way: killedAfter}
		m.look(m.processes[0], target{name: exportName})
		m.setEnd(20 * time.Hour)
	})
}

// TestAJobThatCannotBeNotedDown is ended at once: nobody would find it later.
func TestAJobThatCannotBeNotedDown(t *testing.T) {
	play(t, twoDays, func(m *model, effect int) {
		m.processes[0].trap = &trap{left: effect, way: refused}
		m.lookAtAll(m.processes[0])
	})
}

// TestARetryWhoseStatusIsLost: what was unavailable is requested again, and counted,
// whichever write is lost.
func TestARetryWhoseStatusIsLost(t *testing.T) {
	play(t, twoDays, func(m *model, effect int) {
		m.sim.InjectFault(simulator.Fault{ResultError: "recording.recording.not.found"})
		m.drive(t, "")
		m.sim.ClearFaults()
		m.annotate(v1alpha1.AnnotationRetry)
		m.processes[0].trap = &trap{left: effect, way: conflicted}
		m.lookAtAll(m.processes[0])
	})
}
