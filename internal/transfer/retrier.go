package transfer

import (
	"context"
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Retrier asks Genesys Cloud again, in the midst of a piece of work, so that work
// that takes many calls does not begin anew because of each that fails for a
// moment: of a hundred calls a third of which fail, hardly ever would all work in
// a single attempt. The zero value asks once.
type Retrier struct {
	pool *Pool
	key  string
}

// maxTries is how often the same is asked for in one attempt. If a third of all
// calls fail, one in 243 is not answered by then.
const maxTries = 5

// Retry asks until the answer is there, or an error that will not pass by itself,
// or mostAsked that may. That Genesys Cloud says to wait does not count. The waits
// are those of the pool between two attempts, and are shown in its State. ask
// learns how many failures there were before, so that it can take more time
// (genesys.Timeout).
func Retry[T any](ctx context.Context, a Retrier, ask func(failures int) (T, error)) (T, error) {
	var answer T
	err := a.retry(ctx, maxTries, func(failures int) (err error) {
		answer, err = ask(failures)
		return err
	})
	return answer, err
}

// HoldQuery tells which of some conversations are under legal hold, within a
// time-out.
type HoldQuery func(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]string, error)

// LegalHolds learns which of the conversations are under legal hold (genesys.AskHolds).
// It retries each query that fails, with more time. last tells that there is no patience
// left with a few about which there is no answer.
func (a Retrier) LegalHolds(ctx context.Context, ask HoldQuery, ids []string, last bool) (genesys.Holds, error) {
	return genesys.AskHolds(ctx, func(ctx context.Context, some []string, insist bool) ([]string, error) {
		if !insist {
			return ask(ctx, some, genesys.Timeout(1))
		}
		return Retry(ctx, a, func(failures int) ([]string, error) { return ask(ctx, some, genesys.Timeout(failures)) })
	}, ids, last)
}

// RetryUntilDone calls for as long as the error may pass by itself and ctx lives, and at
// least once.
func (a Retrier) RetryUntilDone(ctx context.Context, call func() error) error {
	return a.retry(ctx, 0, func(int) error { return call() })
}

// retry calls up to most times, 0 for no bound.
func (a Retrier) retry(ctx context.Context, most int, call func(failures int) error) error {
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

// Retrier is what the work known by key asks again with.
func (p *Pool) Retrier(key string) Retrier { return Retrier{p, key} }

// rest waits in the midst of work, until Retry ends all waits.
func (p *Pool) rest(ctx context.Context, key string, wait time.Duration) error {
	over := make(chan struct{})
	p.mu.Lock()
	if e := p.entries[key]; e != nil {
		e.interruptWait = over
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
		for _, caller := range e.callers {
			wakes = append(wakes, caller.wake)
		}
	}
	p.mu.Unlock()
	for _, wake := range wakes {
		wake()
	}
}
