package transfer

import (
	"context"
	"time"

	"k8s.io/utils/clock"
)

// Pools are pools by name. There are several so that work of one kind never blocks work of
// another.
type Pools map[string]*Pool

// CancelInAll stops all work, in every pool, whose key begins with prefix.
func (p Pools) CancelInAll(prefix string) {
	for _, pool := range p {
		pool.Cancel(prefix)
	}
}

// RetryInAll retries at once, in every pool, all work whose key begins with prefix.
func (p Pools) RetryInAll(prefix string) {
	for _, pool := range p {
		pool.Retry(prefix)
	}
}

// BusyInAny reports whether any pool is running work whose key begins with prefix.
func (p Pools) BusyInAny(prefix string) bool {
	for _, pool := range p {
		if pool.Busy(prefix) {
			return true
		}
	}
	return false
}

// StatsByPool returns how much work of each tenant each pool has, by the pool's name.
func (p Pools) StatsByPool() map[string][]TenantStats {
	all := make(map[string][]TenantStats, len(p))
	for name, pool := range p {
		all[name] = pool.TenantStats()
	}
	return all
}

// Wait waits, or returns ctx's error if it has ended by then.
func Wait(ctx context.Context, clk clock.Clock, delay time.Duration) error {
	return waitUnless(ctx, clk, delay, nil)
}

// waitUnless waits until the delay is over, over is closed or ctx ends.
func waitUnless(ctx context.Context, clk clock.Clock, delay time.Duration, over <-chan struct{}) error {
	timer := clk.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C():
	case <-ctx.Done():
	}
	return ctx.Err()
}
