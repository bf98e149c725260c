// Package outcome describes the result of a reconciler's step (outcome.go), and what follows
// from an error: waiting, or something that a person has to do (errors.go). If there are
// several errors, causes.go chooses the one that decides. The package imports none of our
// packages. Each package defines next to its errors what to do about them
// (internal/genesys/outcome.go, internal/archive/outcome.go); storage.go does this for the
// errors of the operating system.
package outcome

import (
	"fmt"
	"time"
)

// State is the state of a step.
type State int

// The states of a step.
const (
	// Satisfied: the step has reached its goal; the next step may run.
	Satisfied State = iota
	// Waiting: the step waits, and nobody has to do anything.
	Waiting
	// Stalled: a person has to fix something. The step is still retried, so
	// that it continues by itself once that is fixed.
	Stalled
)

// Outcome is the result of a step.
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
