// Package busypool gives tests a pool in which other work has taken all places that work of its
// dependency may take.
package busypool

import (
	"context"
	"testing"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Tenant is whose work is in the pool.
const Tenant = "legal"

// Start runs a pool with two places, of which work of a dependency of Tenant has taken the one that
// it may. That work ends with the test.
func Start(t testing.TB, dependency string) *transfer.Pool {
	t.Helper()
	pool := transfer.NewPool(transfer.Capacity{PerDependency: 1}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended, running := make(chan error, 1), make(chan struct{})
	go func() { ended <- pool.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	pool.Do(transfer.Job{Key: "other", Tenant: Tenant, Dependency: dependency, Wake: func() {}, Work: func(ctx context.Context, _ transfer.Try) error {
		close(running)
		<-ctx.Done()
		return ctx.Err()
	}})
	<-running
	return pool
}
