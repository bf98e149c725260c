// Package once makes calls to another service that must take effect at most once,
// such as one that costs money, although a process can end at any point and the
// answer to a call can be lost.
//
//	nothing recorded -> record the attempt -> call -> record how it ended
//	attempt recorded -> look at the other side      -> record how it ended
//
// The attempt is recorded before the call. So a process that finds an attempt
// without an end never calls again; it looks at the other side until that shows
// what became of the call. Only a call that certainly had no effect is repeated.
//
// The package knows nothing about what is called and where attempts are recorded.
package once

import (
	"context"
	"errors"
)

// State is what is known about an effect.
type State int

// The states of an effect.
const (
	// None: it has not taken place, and no call that could still cause it was made.
	None State = iota
	// Unknown: an attempt is recorded, and may have taken effect or not.
	Unknown
	// Done: it has taken place.
	Done
	// Refused: the other side has refused it for good.
	Refused
)

// Log is the durable record of one effect. Several processes may use it at the same time. A
// method that returns an error may still have taken effect.
type Log interface {
	// Recorded returns what is recorded: None without an attempt, Unknown for an attempt
	// without an end. It returns Done only if Finish records that.
	Recorded(ctx context.Context) (State, error)
	// Begin records an attempt. It is false if another attempt is recorded already: of
	// several processes exactly one makes the call.
	Begin(ctx context.Context) (first bool, err error)
	// Forget removes the attempt, which had no effect.
	Forget(ctx context.Context) error
	// Finish records how the attempt ended, Done or Refused. The cause is the error of the
	// call, nil if the state was found by looking. A log need not record Done if looking
	// finds it again.
	Finish(ctx context.Context, state State, cause error) error
}

// Effect is something that must take place at most once.
type Effect struct {
	Log Log
	// Call makes the call.
	Call func(ctx context.Context) error
	// Judge tells what the answer to a call proves; err is nil for a call that succeeded. It
	// returns None only for an error that excludes every effect.
	Judge func(err error) State
	// Look tells what the other side shows about an attempt without an end. It returns None
	// only if the attempt can take no effect any more, also if its process is merely slow. It
	// is nil if nothing can be seen there; such an attempt stays Unknown until its end is recorded.
	Look func(ctx context.Context) (State, error)
}

// Run makes the call unless an attempt is recorded, and otherwise looks what became of it. It
// returns what is known afterwards. None and Unknown are to be run again later. The error is
// that of a call without effect, of looking, or of the log; after a refusal it is nil.
func (e Effect) Run(ctx context.Context) (State, error) {
	switch state, err := e.Log.Recorded(ctx); {
	case err != nil:
		return Unknown, err
	case state == Unknown && e.Look == nil:
		return Unknown, nil
	case state == Unknown:
		state, err := e.Look(ctx)
		if err != nil {
			return Unknown, err
		}
		return e.end(ctx, state, nil)
	case state != None:
		return state, nil
	}
	return e.Start(ctx)
}

// Start is Run for whoever has read that nothing is recorded. If another process has recorded an
// attempt since, Start makes no call and returns Unknown.
func (e Effect) Start(ctx context.Context) (State, error) {
	if first, err := e.Log.Begin(ctx); err != nil || !first {
		return Unknown, err
	}
	cause := e.Call(ctx)
	return e.end(ctx, e.Judge(cause), cause)
}

// end records how an attempt ended, as far as that is known.
func (e Effect) end(ctx context.Context, state State, cause error) (State, error) {
	switch state {
	case None:
		return None, errors.Join(cause, e.Log.Forget(ctx))
	case Unknown:
		return Unknown, ctx.Err()
	default:
		return state, e.Log.Finish(ctx, state, cause)
	}
}
