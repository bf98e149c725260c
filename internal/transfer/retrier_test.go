package transfer

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

var (
	errBusy     = &genesys.Error{Op: "ask", Kind: genesys.KindTransient}
	errEarly    = &genesys.Error{Op: "ask", Kind: genesys.KindThrottled}
	errOwnLimit = &genesys.Error{Op: "ask", Kind: genesys.KindOverloaded}
	errNever    = &genesys.Error{Op: "ask", Kind: genesys.KindForbidden}
)

// patient is a backoff: being throttled does not count.
func patient(err error, attempt int) Pause {
	return Pause{Wait: time.Second << attempt, Counts: genesys.KindOf(err) != genesys.KindThrottled}
}

// answers gives one answer after the other, and the last one forever.
func answers(asked *int, all ...error) func(int) (int, error) {
	return func(int) (int, error) {
		err := all[min(*asked, len(all)-1)]
		*asked++
		return *asked, err
	}
}

func TestAskingAgain(t *testing.T) {
	tests := map[string]struct {
		answers []error
		asked   int
		waited  time.Duration
		err     error
	}{
		"at once":                {[]error{nil}, 1, 0, nil},
		"after some failures":    {[]error{errBusy, errBusy, nil}, 3, 3 * time.Second, nil},
		"failed in the end":      {[]error{errBusy}, maxTries, 15 * time.Second, errBusy},
		"throttled, no attempts": {[]error{errEarly, errEarly, errEarly, errEarly, errEarly, errEarly, nil}, 7, 6 * time.Second, nil},
		"a limit of its own":     {[]error{errOwnLimit, nil}, 2, time.Second, nil},
		"what will not pass":     {[]error{errBusy, errNever}, 2, time.Second, errNever},
		"what is not Genesys's":  {[]error{errFailed}, 1, 0, errFailed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool, begun, asked := startPool(t, 1), time.Now(), 0
				pool.backoff = patient
				answer, err := Retry(t.Context(), pool.Retrier("key"), answers(&asked, test.answers...))
				if !errors.Is(err, test.err) || asked != test.asked || answer != asked || time.Since(begun) != test.waited {
					t.Errorf("answer %d, %v; asked %d times in %v, want %d in %v, %v", answer, err, asked, time.Since(begun), test.asked, test.waited, test.err)
				}
			})
		})
	}
}

// TestMoreTimeAfterEachFailure: a question about holds that is not answered in time
// gets more of it.
func TestMoreTimeAfterEachFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		pool.backoff = patient
		var timeouts []time.Duration
		holds, err := pool.Retrier("key").LegalHolds(t.Context(), func(_ context.Context, ids []string, timeout time.Duration) ([]string, error) {
			if timeouts = append(timeouts, timeout); len(timeouts) < 4 {
				return nil, &genesys.Error{Op: "ask", Kind: genesys.KindTimeout}
			}
			return ids, nil
		}, []string{"a"}, false)
		if want := []time.Duration{16 * time.Second, time.Minute, 2 * time.Minute, 2 * time.Minute}; err != nil || len(holds.Held) != 1 || !slices.Equal(timeouts, want) {
			t.Errorf("holds %v, %v, with time-outs %v, want %v", holds, err, timeouts, want)
		}
	})
}

// TestRetryUntilDone: no number of failures is too many, but the end of the work is.
func TestRetryUntilDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, asked := startPool(t, 1), 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := pool.Retrier("key").RetryUntilDone(ctx, func() error { asked++; return errBusy })
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errBusy) || asked != 12 {
			t.Errorf("asked %d times, %v", asked, err)
		}
		cancel()
		asked = 0
		if err := pool.Retrier("key").RetryUntilDone(ctx, func() error { asked++; return nil }); err != nil || asked != 1 {
			t.Errorf("asked %d times after the end, %v; want once", asked, err)
		}
	})
}

// TestWhatWorkWaitsBecauseOf is shown while it runs, and no longer.
func TestWhatWorkWaitsBecauseOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		var woken atomic.Int32
		asked, over := 0, make(chan struct{})
		work := func(ctx context.Context, _ Try) error {
			_, err := Retry(ctx, pool.Retrier("key"), answers(&asked, errBusy, nil))
			<-over
			return err
		}
		look := func() State { return pool.Do(Job{Key: "key", Owner: "a", Wake: func() { woken.Add(1) }, Work: work}) }
		look()
		synctest.Wait()
		if state := look(); !state.Running || !errors.Is(state.Err, errBusy) || woken.Load() != 1 {
			t.Errorf("while it waits: %+v, woken %d times", state, woken.Load())
		}
		<-time.After(time.Second)
		synctest.Wait()
		if state := look(); !state.Running || state.Err != nil || woken.Load() != 2 {
			t.Errorf("afterwards: %+v, woken %d times", state, woken.Load())
		}
		close(over)
	})
}

// TestAskingOnce: what belongs to no pool asks once.
func TestAskingOnce(t *testing.T) {
	asked := 0
	if _, err := Retry(t.Context(), Retrier{}, answers(&asked, errBusy, nil)); !errors.Is(err, errBusy) || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

// TestARetryEndsTheWait in the middle of work.
func TestARetryEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, begun, asked := startPool(t, 1), time.Now(), 0
		pool.backoff = func(error, int) Pause { return Pause{Wait: time.Hour, Counts: true} }
		done := make(chan time.Duration, 1)
		do(pool, "a/key", func(ctx context.Context, _ Try) error {
			_, err := Retry(ctx, pool.Retrier("a/key"), answers(&asked, errBusy, nil))
			done <- time.Since(begun)
			return err
		})
		synctest.Wait()
		pool.Retry("b/")
		pool.Retry("a/")
		pool.Retry("a/")
		if waited := <-done; waited != 0 || asked != 2 {
			t.Errorf("asked %d times within %v", asked, waited)
		}
	})
}
