package transfer

import (
	"context"
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Again asks Genesys Cloud again, in the midst of a piece of work, so that work
// that takes many calls does not begin anew because of each that fails for a
// moment: of a hundred calls a third of which fail, hardly ever would all work in
// a single attempt. The zero value asks once.
type Again struct {
	pool *Pool
	key  string
}

// mostAsked is how often the same is asked for in one attempt. If a third of all
// calls fail, one in 243 is not answered by then.
const mostAsked = 5

// Ask asks until the answer is there, or an error that will not pass by itself,
// or mostAsked that may. That Genesys Cloud says to wait does not count. The waits
// are those of the pool between two attempts, and are shown in its State. ask
// learns how many failures there were before, so that it can take more time
// (genesys.Timeout).
func Ask[T any](ctx context.Context, a Again, ask func(failures int) (T, error)) (T, error) {
	var answer T
	err := a.repeat(ctx, mostAsked, func(failures int) (err error) {
		answer, err = ask(failures)
		return err
	})
	return answer, err
}

// Protected tells which of some conversations are under legal hold, within a
// time-out.
type Protected func(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]string, error)

// Holds learns which of the conversations are under legal hold (genesys.AskHolds).
// It retries each query that fails, with more time. last tells that there is no patience
// left with a few about which there is no answer.
func (a Again) Holds(ctx context.Context, ask Protected, ids []string, last bool) (genesys.Holds, error) {
	return genesys.AskHolds(ctx, func(ctx context.Context, some []string, insist bool) ([]string, error) {
		if !insist {
			return ask(ctx, some, genesys.Timeout(1))
		}
		return Ask(ctx, a, func(failures int) ([]string, error) { return ask(ctx, some, genesys.Timeout(failures)) })
	}, ids, last)
}

// Insist calls for as long as the error may pass by itself and ctx lives, and at
// least once.
func (a Again) Insist(ctx context.Context, call func() error) error {
	return a.repeat(ctx, 0, func(int) error { return call() })
}

// repeat calls up to most times, 0 for no bound.
func (a Again) repeat(ctx context.Context, most int, call func(failures int) error) error {
	told := false
	for failures := 0; ; {
		err := call(failures)
		if a.pool == nil || !passes(err) {
			if told {
				a.pool.tell(a.key, nil)
			}
			return err
		}
		pause := a.pool.backoff(err, failures)
		if pause.Counts {
			failures++
		}
		if failures == most && most > 0 {
			return err
		}
		a.pool.tell(a.key, err)
		told = true
		if ended := a.pool.rest(ctx, a.key, pause.Wait); ended != nil {
			return errors.Join(ended, err)
		}
	}
}

// passes tells whether an error may be gone in a moment.
func passes(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindThrottled, genesys.KindOverloaded, genesys.KindTimeout, genesys.KindTransient, genesys.KindMalformed:
		return true
	default:
		return false
	}
}

// Again is what the work known by key asks again with.
func (p *Pool) Again(key string) Again { return Again{p, key} }

// rest waits in the midst of work, until Retry ends all waits.
func (p *Pool) rest(ctx context.Context, key string, wait time.Duration) error {
	over := make(chan struct{})
	p.mu.Lock()
	if e := p.entries[key]; e != nil {
		e.rests = over
	}
	p.mu.Unlock()
	return waitUnless(ctx, p.clock, wait, over)
}

// tell notes what running work waits because of, nil for nothing any more, and
// wakes whoever asked for it.
func (p *Pool) tell(key string, err error) {
	p.mu.Lock()
	var wakes []func()
	if e := p.entries[key]; e != nil && e.running {
		e.err = err
		for _, wake := range e.wake {
			wakes = append(wakes, wake)
		}
	}
	p.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}
