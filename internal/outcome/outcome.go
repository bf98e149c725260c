// Package outcome says how a step of a reconciler came out (outcome.go), and what
// follows from an error: to wait, or that a person has to do something (errors.go), and
// which of several errors counts (causes.go).
// It imports nothing of ours. Each package that has errors of its own says next to
// them what to do about each (internal/genesys/outcome.go, internal/archive/outcome.go);
// storage.go says it for the errors of the operating system.
package outcome

import (
	"fmt"
	"time"
)

// State is how a step stands.
type State int

// The states of a step.
const (
	// Satisfied: the step has reached what it is for; the next step may run.
	Satisfied State = iota
	// Waiting: the step waits, and nobody has to do anything.
	Waiting
	// Stalled: a person has to fix something. The step is retried all the same, so
	// that it continues by itself once that is fixed.
	Stalled
)

// Outcome is how a step came out.
type Outcome struct {
	State State
	// Reason is the reason of a condition, such as Throttled.
	Reason  string
	Message string
	// After is when to run the step again, 0 if something else will wake the reconciler.
	After time.Duration
}

// Done is the outcome of a step that is satisfied.
func Done() Outcome { return Outcome{} }

// Wait is the outcome of a step that waits.
func Wait(reason, message string, after time.Duration) Outcome {
	return Outcome{Waiting, reason, message, after}
}

// Stall is the outcome of a step that needs a person; the message tells them what to do.
func Stall(reason, message string, after time.Duration) Outcome {
	return Outcome{Stalled, reason, message, after}
}

// IsDone tells whether the step is satisfied.
func (o Outcome) IsDone() bool { return o.State == Satisfied }

// String shows the outcome in tests.
func (o Outcome) String() string {
	return fmt.Sprintf("%s %s %q after %v", [...]string{"Satisfied", "Waiting", "Stalled"}[o.State], o.Reason, o.Message, o.After)
}
