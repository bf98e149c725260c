package transfer

import (
	"context"
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Retrier repeats single calls to Genesys Cloud within a piece of work, so that work with
// many calls does not start from the beginning each time one of them fails for a moment:
// if a third of all calls fail, hardly any attempt with a hundred calls would succeed. The
// zero value calls once.
type Retrier struct {
	pool *Pool
	key  string
}

// maxTries is how often Retry makes a call in one attempt. If a third of all calls fail,
// one in 243 has no answer by then.
const maxTries = 5

// Retry makes a call until it succeeds, fails with an error that will not go away by
// itself, or has failed maxTries times. Being throttled does not count. Between two calls
// it waits as the pool does between two attempts, and the pool's State shows why. call is
// told how many failures there were before, so that it can use a longer timeout
// (genesys.Timeout).
func Retry[T any](ctx context.Context, r Retrier, call func(failures int) (T, error)) (T, error) {
	var answer T
	err := r.retry(ctx, maxTries, func(failures int) (err error) {
		answer, err = call(failures)
		return err
	})
	return answer, err
}

// LegalHolds tells which of the conversations are under legal hold (genesys.AskHolds). query
// asks about some of them. LegalHolds retries each query that fails, with a longer timeout.
// last tells that this is the last attempt, so that a few conversations may stay unknown.
func (r Retrier) LegalHolds(
	ctx context.Context, query func(ctx context.Context, ids []string, timeout time.Duration) ([]string, error), ids []string, last bool,
) (genesys.Holds, error) {
	return genesys.AskHolds(ctx, func(ctx context.Context, some []string, retry bool) ([]string, error) {
		if !retry {
			return query(ctx, some, genesys.Timeout(1))
		}
		return Retry(ctx, r, func(failures int) ([]string, error) { return query(ctx, some, genesys.Timeout(failures)) })
	}, ids, last)
}

// RetryUntilDone repeats a call, at least once, until it succeeds, fails with an error
// that will not go away by itself, or ctx ends.
func (r Retrier) RetryUntilDone(ctx context.Context, call func() error) error {
	return r.retry(ctx, 0, func(int) error { return call() })
}

// retry makes a call up to most times, or without a bound if most is 0.
func (r Retrier) retry(ctx context.Context, most int, call func(failures int) error) error {
	waited := false
	for failures := 0; ; {
		err := call(failures)
		if r.pool == nil || !isTransient(err) {
			if waited {
				r.pool.setWaitReason(r.key, nil)
			}
			return err
		}
		pause := r.pool.backoff(err, failures)
		if pause.Counts {
			failures++
		}
		if failures == most && most > 0 {
			return err
		}
		r.pool.setWaitReason(r.key, err)
		waited = true
		if ended := r.pool.waitForRetry(ctx, r.key, pause.Wait); ended != nil {
			return errors.Join(ended, err)
		}
	}
}

// isTransient reports whether an error may go away by itself in a moment.
func isTransient(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindThrottled, genesys.KindOverloaded, genesys.KindTimeout, genesys.KindTransient, genesys.KindMalformed:
		return true
	default:
		return false
	}
}

// Retrier returns what the work with this key repeats its calls with.
func (p *Pool) Retrier(key string) Retrier { return Retrier{p, key} }

// waitForRetry waits within a piece of work. Retry ends all such waits.
func (p *Pool) waitForRetry(ctx context.Context, key string, wait time.Duration) error {
	over := make(chan struct{})
	p.mu.Lock()
	if e := p.entries[key]; e != nil {
		e.interruptWait = over
	}
	p.mu.Unlock()
	return waitUnless(ctx, p.clock, wait, over)
}

// setWaitReason sets the error that running work waits because of, or none if it is nil,
// and wakes the owners of the work.
func (p *Pool) setWaitReason(key string, err error) {
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
