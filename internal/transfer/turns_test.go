package transfer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"
)

// startPoolWith runs a pool with this capacity for as long as the test.
func startPoolWith(t *testing.T, capacity Capacity) *Pool {
	t.Helper()
	pool := NewPool(capacity, clock.RealClock{}, doubling)
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

// doFor has a pool do a tenant's work.
func doFor(pool *Pool, tenant, key string, work Work) {
	pool.Do(Job{Key: tenant + "/" + key, Tenant: tenant, Owner: "a", Wake: func() {}, Work: work})
}

// waits is work that waits until it is cancelled, as for a budget.
func waits(ctx context.Context, _ Try) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestWhatWaitsHoldsUpItsOwnTenantOnly, however much of it there is.
func TestWhatWaitsHoldsUpItsOwnTenantOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPoolWith(t, Capacity{PerTenant: 2})
		for tenant := range 50 {
			for i := range 100 {
				doFor(pool, fmt.Sprint("mallory-", tenant), fmt.Sprint(i), waits)
			}
		}
		done := 0
		for i := range 10 {
			doFor(pool, "calm", fmt.Sprint(i), func(context.Context, Try) error { done++; return nil })
			synctest.Wait()
		}
		if done != 10 {
			t.Errorf("%d of the calm tenant's pieces of work were done, want 10", done)
		}
		stats := pool.TenantStats()
		if want := (TenantStats{"mallory-0", 2, 98}); len(stats) != 50 || stats[0] != want {
			t.Errorf("%d tenants, first %+v, want 50, first %+v", len(stats), stats[0], want)
		}
		pool.Cancel("mallory")
		synctest.Wait()
		if left := pool.TenantStats(); len(left) != 0 {
			t.Errorf("tenants without work are remembered: %v", left)
		}
	})
}

// TestTenantsTakeTurns where there is less capacity than they have work.
func TestTenantsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(Capacity{Total: 1}, clock.RealClock{}, doubling)
		var order []string
		for _, key := range strings.Fields("a1 a2 a3 a4 b1 b2 c1") {
			doFor(pool, key[:1], key, func(context.Context, Try) error { order = append(order, key); return nil })
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			_ = pool.Start(ctx)
			close(ended)
		}()
		synctest.Wait()
		cancel()
		<-ended
		if got := strings.Join(order, " "); got != "a1 b1 c1 a2 b2 a3 a4" {
			t.Errorf("done in the order %s", got)
		}
	})
}

// steps is work of so many steps of a second each, which pauses between them when
// its turn is over.
func steps(n int, done func()) Work {
	return func(ctx context.Context, try Try) error {
		for range n {
			if err := try.Yield(ctx, nil); err != nil {
				return err
			}
			<-time.After(time.Second)
		}
		done()
		return nil
	}
}

// TestWorkPausesWhenItsTurnIsOver: one that is huge, and one that hangs, delay
// nobody for longer than a turn, and the huge one still gets done.
func TestWorkPausesWhenItsTurnIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPoolWith(t, Capacity{PerTenant: 1, Total: 1, Turn: 10500 * time.Millisecond})
		start, ended, mu := time.Now(), map[string]time.Duration{}, sync.Mutex{}
		note := func(name string) func() {
			return func() {
				mu.Lock()
				defer mu.Unlock()
				ended[name] = time.Since(start)
			}
		}
		release := make(chan struct{})
		doFor(pool, "hangs", "1", func(context.Context, Try) error { <-release; return nil })
		doFor(pool, "huge", "1", steps(100, note("huge")))
		doFor(pool, "huge", "2", steps(1, note("huge's next")))
		doFor(pool, "small", "1", steps(1, note("small")))
		<-time.After(5 * time.Minute)
		doFor(pool, "late", "1", steps(1, note("late")))
		<-time.After(time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		want := map[string]time.Duration{
			"small": 22 * time.Second, "huge": 111 * time.Second, "huge's next": 112 * time.Second, "late": 5*time.Minute + time.Second,
		}
		if diff := cmp.Diff(want, ended); diff != "" {
			t.Errorf("ended, -want +got:\n%s", diff)
		}
		if diff := cmp.Diff([]TenantStats{{"hangs", 1, 0}}, pool.TenantStats()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		close(release)
		synctest.Wait()
		if left := pool.TenantStats(); len(left) != 0 {
			t.Errorf("what has ended is remembered: %v", left)
		}
	})
}

// TestATurnContinuesWhileNobodyElseWaits.
func TestATurnContinuesWhileNobodyElseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPoolWith(t, Capacity{PerTenant: 1, Total: 1, Turn: time.Second})
		start, took := time.Now(), time.Duration(0)
		doFor(pool, "a", "1", steps(60, func() { took = time.Since(start) }))
		doFor(pool, "a", "2", waits) // of the same tenant: it comes later anyway
		<-time.After(time.Minute)
		synctest.Wait()
		if took != time.Minute {
			t.Errorf("took %v, want a minute", took)
		}
	})
}

// TestPausedWorkIsCancelled.
func TestPausedWorkIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPoolWith(t, Capacity{PerTenant: 1, Total: 1, Turn: time.Second})
		doFor(pool, "a", "1", steps(60, func() { t.Error("it was done") }))
		doFor(pool, "b", "1", steps(60, func() {}))
		<-time.After(5 * time.Second)
		pool.Cancel("a/")
		<-time.After(2 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]TenantStats{{"b", 1, 0}}, pool.TenantStats()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
