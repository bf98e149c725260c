package transfer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

var errFailed = errors.New("failed")

// doubling waits 1s, 2s, 4s …; context.DeadlineExceeded stands for a failure that does not count.
func doubling(err error, attempt int) (time.Duration, bool) {
	return time.Second << attempt, !errors.Is(err, context.DeadlineExceeded)
}

// startPool runs a pool for as long as the test.
func startPool(t *testing.T, size int) *Pool {
	t.Helper()
	pool := NewPool(size, clock.RealClock{}, doubling)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		_ = pool.Start(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return pool
}

func TestPoolDoesEachKeyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 4)
		var done, woken atomic.Int32
		release := make(chan struct{})
		work := func(context.Context, int) error { done.Add(1); <-release; return nil }
		wake := func() { woken.Add(1) }
		for _, owner := range []string{"a", "b", "a"} {
			if state := pool.Do("key", owner, wake, work); !state.Running {
				t.Errorf("state %+v", state)
			}
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if done.Load() != 1 || woken.Load() != 2 {
			t.Errorf("worked %d times, woke %d owners; want 1 and 2", done.Load(), woken.Load())
		}
		pool.Do("key", "a", wake, work)
		synctest.Wait()
		if done.Load() != 2 {
			t.Error("work that succeeded was not begun again when asked for")
		}
	})
}

func TestPoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 3)
		var inside, peak atomic.Int32
		for i := range 10 {
			pool.Do(fmt.Sprint(i), "a", func() {}, func(context.Context, int) error {
				peak.Store(max(peak.Load(), inside.Add(1)))
				<-time.After(time.Second)
				inside.Add(-1)
				return nil
			})
		}
		start := time.Now()
		for pool.Busy("") {
			<-time.After(time.Second)
			synctest.Wait()
		}
		if peak.Load() != 3 || time.Since(start) != 4*time.Second {
			t.Errorf("%d at once, %v; want 3 at once, 4s", peak.Load(), time.Since(start))
		}
	})
}

func TestPoolWaitsLongerAfterEachFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		var attempts []int
		failure := errFailed
		work := func(_ context.Context, attempt int) error { attempts = append(attempts, attempt); return failure }
		do := func() State {
			state := pool.Do("key", "a", func() {}, work)
			synctest.Wait()
			return state
		}
		do()
		if state := do(); state.Running || state.After != time.Second || !errors.Is(state.Err, errFailed) {
			t.Errorf("after the first failure: %+v", state)
		}
		<-time.After(time.Second)
		failure = context.DeadlineExceeded
		do()
		if state := do(); state.After != 2*time.Second {
			t.Errorf("after the second failure: %+v", state)
		}
		<-time.After(2 * time.Second)
		do()
		if got := fmt.Sprint(attempts); got != "[0 1 1]" {
			t.Errorf("attempts %s, want the failure that does not count to leave the number as it is", got)
		}
	})
}

func TestPoolCancelStopsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		wait := func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }
		pool.Do("a/1", "x", func() {}, wait)
		pool.Do("a/2", "x", func() {}, wait)
		pool.Do("b/1", "x", func() {}, wait)
		synctest.Wait()
		pool.Cancel("a/")
		synctest.Wait()
		if pool.Busy("a/") || !pool.Busy("b/") {
			t.Errorf("busy: a %v, b %v; want only b", pool.Busy("a/"), pool.Busy("b/"))
		}
	})
}

func TestPoolSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		work := func(context.Context, int) error { panic("oh") }
		pool.Do("key", "a", func() {}, work)
		synctest.Wait()
		if state := pool.Do("key", "a", func() {}, work); state.Err == nil {
			t.Errorf("state %+v, want the panic as an error", state)
		}
	})
}

func TestPoolStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(1, clock.RealClock{}, doubling)
		ctx, cancel := context.WithCancel(t.Context())
		var stopped atomic.Bool
		pool.Do("early", "a", func() {}, func(ctx context.Context, _ int) error { <-ctx.Done(); stopped.Store(true); return ctx.Err() })
		ended := make(chan struct{})
		go func() { _ = pool.Start(ctx); close(ended) }()
		synctest.Wait()
		cancel()
		<-ended
		if !stopped.Load() {
			t.Error("Start returned before the work had stopped")
		}
		pool.Do("late", "a", func() {}, func(context.Context, int) error { t.Error("work began after the end"); return nil })
		synctest.Wait()
	})
}
