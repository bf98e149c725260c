package transfer

import (
	"context"
	"time"

	"k8s.io/utils/clock"
)

// Pools are pools by name. There are several so that work of one kind never blocks work of
// another.
type Pools map[string]*Pool

// Cancel stops all work, in every pool, whose key begins with prefix.
func (p Pools) Cancel(prefix string) {
	for _, pool := range p {
		pool.Cancel(prefix)
	}
}

// Retry retries at once, in every pool, all work whose key begins with prefix.
func (p Pools) Retry(prefix string) {
	for _, pool := range p {
		pool.Retry(prefix)
	}
}

// Busy reports whether any pool is running work whose key begins with prefix.
func (p Pools) Busy(prefix string) bool {
	for _, pool := range p {
		if pool.Busy(prefix) {
			return true
		}
	}
	return false
}

// Stats returns how much work of each tenant each pool has, by the pool's name.
func (p Pools) Stats() map[string][]TenantStats {
	all := make(map[string][]TenantStats, len(p))
	for name, pool := range p {
		all[name] = pool.Stats()
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
