package once

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

var (
	errCrash   = errors.New("the process ended")
	errRefused = errors.New("refused")
	errBusy    = errors.New("too many requests")
	errLost    = errors.New("no answer")
)

// world is a log, another service, and the processes that use them.
type world struct {
	attempted bool
	ended     State
	// effects counts how often the effect took place.
	effects int
	// answers are how the other side answers, in turn: it performs, unless it refuses or is busy.
	answers []error
	// blind tells that looking never excludes a late effect.
	blind bool
	// records tells that the log records success.
	records bool
	// left is the number of steps until the process ends, -1 if it does not.
	left int
}

// step is a point at which a process may end. After it has ended, nothing takes place.
func (w *world) step() error {
	if w.left == 0 {
		return errCrash
	}
	if w.left > 0 {
		w.left--
	}
	return nil
}

// do carries an operation out between two such points.
func (w *world) do(operation func()) error {
	if err := w.step(); err != nil {
		return err
	}
	operation()
	return w.step()
}

func (w *world) Recorded(context.Context) (state State, err error) {
	err = w.do(func() {
		switch {
		case w.ended != None:
			state = w.ended
		case w.attempted:
			state = Unknown
		}
	})
	return state, err
}

func (w *world) Begin(context.Context) (first bool, err error) {
	err = w.do(func() { first, w.attempted = !w.attempted, true })
	return first, err
}

func (w *world) Forget(context.Context) error { return w.do(func() { w.attempted = false }) }

func (w *world) Finish(_ context.Context, state State, _ error) error {
	return w.do(func() {
		if state == Refused || w.records {
			w.ended = state
		}
	})
}

func (w *world) call(context.Context) error {
	var answer error
	if err := w.do(func() {
		if len(w.answers) > 0 {
			answer, w.answers = w.answers[0], w.answers[1:]
		}
		if answer == nil || errors.Is(answer, errLost) {
			w.effects++
		}
	}); err != nil {
		return err
	}
	return answer
}

func (w *world) look(context.Context) (state State, err error) {
	err = w.do(func() {
		switch {
		case w.effects > 0:
			state = Done
		case w.blind:
			state = Unknown
		}
	})
	return state, err
}

func judge(err error) State {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, errRefused):
		return Refused
	case errors.Is(err, errBusy):
		return None
	default:
		return Unknown
	}
}

func (w *world) effect() Effect { return Effect{Log: w, Call: w.call, Judge: judge, Look: w.look} }

// TestEveryInterruptedSequence: wherever processes end, and however calls are answered, the
// effect takes place at most once, and what is known in the end is true. Unless looking cannot
// exclude a late effect, something is known in the end.
func TestEveryInterruptedSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			answers: rapid.SliceOfN(rapid.SampledFrom([]error{nil, errRefused, errBusy, errLost}), 0, 4).Draw(t, "answers"),
			blind:   rapid.Bool().Draw(t, "blind"),
			records: rapid.Bool().Draw(t, "records"),
		}
		for range rapid.IntRange(0, 6).Draw(t, "processes that end") {
			w.left = rapid.IntRange(0, 12).Draw(t, "steps")
			for {
				state, err := w.effect().Run(t.Context())
				if errors.Is(err, errCrash) || state == Done || state == Refused || w.left == 0 {
					break
				}
			}
		}
		w.left = -1
		state := None
		for range 10 {
			next, err := w.effect().Run(t.Context())
			if err != nil && !errors.Is(err, errBusy) {
				t.Fatal(err)
			}
			if state = next; state == Done || state == Refused {
				break
			}
		}
		switch {
		case w.effects > 1:
			t.Fatalf("the effect took place %d times", w.effects)
		case state == Done && w.effects != 1, state == Refused && w.effects != 0:
			t.Fatalf("known is %v after %d effects", state, w.effects)
		case state != Done && state != Refused && !w.blind:
			t.Fatalf("nothing is known in the end: %v", state)
		case state == None:
			t.Fatal("nobody has tried")
		}
	})
}

// TestEveryPrefix: a single process that ends after each number of steps.
func TestEveryPrefix(t *testing.T) {
	for _, answer := range []error{nil, errRefused, errBusy, errLost} {
		for steps := range 12 {
			w := &world{answers: []error{answer}, left: steps}
			_, _ = w.effect().Run(t.Context())
			w.left = -1
			var state State
			for range 4 {
				state, _ = w.effect().Run(t.Context())
			}
			if w.effects > 1 || (state == Done) != (w.effects == 1) || state == None || state == Unknown {
				t.Errorf("%v, ended after %d steps: %v after %d effects", answer, steps, state, w.effects)
			}
		}
	}
}

// paused lets another process run everything it likes between recording and calling.
type paused struct {
	*world
	meanwhile func()
}

func (p paused) Begin(ctx context.Context) (bool, error) {
	first, err := p.world.Begin(ctx)
	p.meanwhile()
	return first, err
}

// TestASlowProcess: while it pauses between the record and the call, others do not call.
// It does, once.
func TestASlowProcess(t *testing.T) {
	w := &world{blind: true, left: -1}
	others := 0
	slow := w.effect()
	slow.Log = paused{w, func() {
		for range 3 {
			if state, err := w.effect().Run(t.Context()); state != Unknown || err != nil {
				t.Errorf("another process: %v, %v", state, err)
			}
			others++
		}
	}}
	if state, err := slow.Run(t.Context()); state != Done || err != nil || w.effects != 1 || others != 3 {
		t.Errorf("%v, %v after %d effects", state, err, w.effects)
	}
}

// TestTheErrorOfACallWithoutEffect is returned, and that the context has ended.
func TestTheErrorOfACallWithoutEffect(t *testing.T) {
	w := &world{answers: []error{errBusy}, left: -1}
	if state, err := w.effect().Run(t.Context()); state != None || !errors.Is(err, errBusy) {
		t.Errorf("%v, %v", state, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w = &world{answers: []error{errLost}, left: -1}
	effect := w.effect()
	effect.Call = func(ctx context.Context) error { cancel(); return w.call(ctx) }
	if state, err := effect.Run(ctx); state != Unknown || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", state, err)
	}
}

// TestAnEffectThatCannotBeLookedAt: an attempt without an end stays unknown, and is not made a
// second time, whether the log is read before or not.
func TestAnEffectThatCannotBeLookedAt(t *testing.T) {
	w := &world{answers: []error{errLost}, left: -1}
	effect := w.effect()
	effect.Look = nil
	for name, begin := range map[string]func(context.Context) (State, error){"run": effect.Run, "started": effect.Start} {
		if state, err := begin(t.Context()); state != Unknown || err != nil || w.effects != 1 {
			t.Errorf("%s: %v, %v after %d effects", name, state, err, w.effects)
		}
	}
	w.ended = Refused
	if state, err := effect.Run(t.Context()); state != Refused || err != nil || w.effects != 1 {
		t.Errorf("with an end: %v, %v after %d effects", state, err, w.effects)
	}
}
