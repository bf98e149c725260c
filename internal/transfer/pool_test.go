package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

var errFailed = errors.New("failed")

// doubling waits 1s, 2s, 4s …; context.DeadlineExceeded stands for a failure that does not count.
func doubling(err error, attempt int) Pause {
	counts := !errors.Is(err, context.DeadlineExceeded)
	return Pause{Wait: time.Second << attempt, Counts: counts, UsesDeadline: counts}
}

// do has a pool do work that nobody waits for.
func do(pool *Pool, key string, work Work) State {
	return pool.Do(Job{Key: key, Owner: "a", Wake: func() {}, Work: work})
}

// startPool runs a pool for as long as the test.
func startPool(t *testing.T, size int) *Pool {
	t.Helper()
	pool := NewPool(Capacity{Total: size}, clock.RealClock{}, doubling)
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
		work := func(context.Context, Try) error { done.Add(1); <-release; return nil }
		wake := func() { woken.Add(1) }
		for _, owner := range []string{"a", "b", "a"} {
			if state := pool.Do(Job{Key: "key", Owner: owner, Wake: wake, Work: work}); !state.Running {
				t.Errorf("state %+v", state)
			}
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if done.Load() != 1 || woken.Load() != 2 {
			t.Errorf("worked %d times, woke %d owners; want 1 and 2", done.Load(), woken.Load())
		}
		pool.Do(Job{Key: "key", Owner: "a", Wake: wake, Work: work})
		synctest.Wait()
		if done.Load() != 2 {
			t.Error("work that succeeded was not begun again when asked for")
		}
	})
}

// TestPoolKeepsTheOrder in which it was asked, also before it has started and when
// some of what waits is cancelled.
func TestPoolKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(Capacity{Total: 1}, clock.RealClock{}, doubling)
		var order []string
		for i := range 20 {
			key := fmt.Sprint(i)
			do(pool, key, func(context.Context, Try) error { order = append(order, key); return nil })
		}
		pool.Cancel("1")
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			_ = pool.Start(ctx)
			close(ended)
		}()
		synctest.Wait()
		cancel()
		<-ended
		if got := strings.Join(order, " "); got != "0 2 3 4 5 6 7 8 9" {
			t.Errorf("done in the order %s", got)
		}
	})
}

func TestPoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 3)
		var inside, peak atomic.Int32
		for i := range 10 {
			do(pool, fmt.Sprint(i), func(context.Context, Try) error {
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
		work := func(_ context.Context, try Try) error { attempts = append(attempts, try.Failures); return failure }
		again := func() State {
			state := do(pool, "key", work)
			synctest.Wait()
			return state
		}
		again()
		if state := again(); state.Running || state.After != time.Second || !errors.Is(state.Err, errFailed) {
			t.Errorf("after the first failure: %+v", state)
		}
		<-time.After(time.Second)
		failure = context.DeadlineExceeded
		again()
		if state := again(); state.After != 2*time.Second {
			t.Errorf("after the second failure: %+v", state)
		}
		<-time.After(2 * time.Second)
		again()
		if got := fmt.Sprint(attempts); got != "[0 1 1]" {
			t.Errorf("attempts %s, want the failure that does not count to leave the number as it is", got)
		}
	})
}

func TestPoolCancelStopsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		wait := func(ctx context.Context, _ Try) error { <-ctx.Done(); return ctx.Err() }
		do(pool, "a/1", wait)
		do(pool, "a/2", wait)
		do(pool, "b/1", wait)
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
		work := func(context.Context, Try) error { panic("oh") }
		do(pool, "key", work)
		synctest.Wait()
		if state := do(pool, "key", work); state.Err == nil {
			t.Errorf("state %+v, want the panic as an error", state)
		}
	})
}

func TestPoolStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(Capacity{Total: 1}, clock.RealClock{}, doubling)
		ctx, cancel := context.WithCancel(t.Context())
		var stopped atomic.Bool
		do(pool, "early", func(ctx context.Context, _ Try) error { <-ctx.Done(); stopped.Store(true); return ctx.Err() })
		ended := make(chan struct{})
		go func() { _ = pool.Start(ctx); close(ended) }()
		synctest.Wait()
		cancel()
		<-ended
		if !stopped.Load() {
			t.Error("Start returned before the work had stopped")
		}
		do(pool, "late", func(context.Context, Try) error { t.Error("work began after the end"); return nil })
		synctest.Wait()
	})
}

// TestPoolTellsOfProgress: everybody who asked for the work is told, also who asked later,
// and nobody once it has ended.
func TestPoolTellsOfProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		told := map[string]int{}
		next := make(chan struct{})
		job := func(owner string) Job {
			return Job{Key: "key", Owner: owner, Wake: func() {}, Progress: func() { told[owner]++ }, Work: func(_ context.Context, try Try) error {
				for range next {
					try.Progress()
				}
				return nil
			}}
		}
		pool.Do(job("a"))
		pool.Do(Job{Key: "key", Owner: "indifferent", Wake: func() {}})
		next <- struct{}{}
		synctest.Wait()
		pool.Do(job("b"))
		next <- struct{}{}
		close(next)
		synctest.Wait()
		if told["a"] != 2 || told["b"] != 1 {
			t.Errorf("told %v, want a twice and b once", told)
		}
		Try{}.Progress()
	})
}
