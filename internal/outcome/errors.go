package outcome

import (
	"errors"
	"time"
)

// HasOutcome is an error that knows its own outcome, with the whole message. After
// does not matter: whoever retries sets it.
type HasOutcome interface {
	error
	Outcome() Outcome
}

// UserError is an error that a person has to fix.
type UserError struct{ Reason, Message string }

func (r UserError) Error() string { return r.Message }

// Outcome is Stalled, with the error's message.
func (r UserError) Outcome() Outcome { return Stall(r.Reason, r.Message, 0) }

// Advice says what to do about an error. In contrast to an Outcome it has no message
// of its own: the message is the text of the error, with everything that it is
// wrapped in, between Before and Behind.
type Advice struct {
	// Cause is the source of the error; it decides which advice applies if there are several.
	Cause  Cause
	State  State
	Reason string
	// Before is put in front of the text, with a colon. It says what happens, or what
	// a person has to do.
	Before string
	// Behind is put after the text, with a semicolon, unless it is empty.
	Behind string
}

// HasAdvice is an error that says what to do about it.
type HasAdvice interface {
	error
	Advice() Advice
}

// Advise returns err with an advice. It is what errors.Is compares with, so it can
// stand for a sentinel error.
func Advise(err error, advice Advice) error { return &advised{err, advice} }

type advised struct {
	error
	advice Advice
}

func (e *advised) Advice() Advice { return e.advice }

func (e *advised) Unwrap() error { return e.error }

// reasonInternalError is the reason of errors of which nothing is known.
const reasonInternalError = "InternalError"

// Of is the outcome of a step that failed with err and is retried after so long. It follows
// from the first error in err's tree that has an outcome or, if there is none, from the advice
// for the first Cause. All other errors are retried.
func Of(err error, after time.Duration) Outcome {
	var known HasOutcome
	if errors.As(err, &known) {
		out := known.Outcome()
		out.After = after
		return out
	}
	if advice, found := adviceOf(err); found {
		return advice.outcome(err, after)
	}
	return Wait(reasonInternalError, err.Error(), after)
}

func (a Advice) outcome(err error, after time.Duration) Outcome {
	message := a.Before + ": " + err.Error()
	if a.Behind != "" {
		message += "; " + a.Behind
	}
	return Outcome{a.State, a.Reason, message, after}
}
