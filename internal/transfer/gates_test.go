package transfer

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var screen = Gate{Organization: "o", Lane: "LegalHoldScreen", Route: "metadata"}

func enter(t *testing.T, gates *Gates, at Gate, limit int) (leave func()) {
	t.Helper()
	leave, err := gates.Enter(t.Context(), at, limit)
	if err != nil {
		t.Error(err)
	}
	return leave
}

func TestGatesLimitWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gates Gates
		var inside, peak atomic.Int32
		start := time.Now()
		for range 8 {
			go func() {
				defer enter(t, &gates, screen, 2)()
				peak.Store(max(peak.Load(), inside.Add(1)))
				<-time.After(time.Second)
				inside.Add(-1)
			}()
		}
		<-time.After(4 * time.Second)
		synctest.Wait()
		if peak.Load() != 2 || inside.Load() != 0 {
			t.Errorf("%d at once, %d left after %v; want 2 and 0", peak.Load(), inside.Load(), time.Since(start))
		}
		if len(gates.counts) != 0 {
			t.Errorf("gates remember %v", gates.counts)
		}
	})
}

func TestGatesOfDifferentLanesDoNotMeet(t *testing.T) {
	var gates Gates
	defer enter(t, &gates, screen, 1)()
	other := screen
	other.Lane = "Standard"
	defer enter(t, &gates, other, 1)()
}

// TestGatesAreShared: two exports with different limits; the smaller one is not
// passed over for ever by the larger.
func TestGatesAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gates Gates
		first, second := enter(t, &gates, screen, 2), enter(t, &gates, screen, 2)
		var small, large atomic.Bool
		go func() { defer enter(t, &gates, screen, 1)(); small.Store(true) }()
		synctest.Wait()
		go func() { defer enter(t, &gates, screen, 2)(); large.Store(true) }()
		first()
		synctest.Wait()
		if small.Load() || large.Load() {
			t.Error("someone got in before their turn")
		}
		second()
		synctest.Wait()
		if !small.Load() || !large.Load() {
			t.Error("someone never got in")
		}
	})
}

func TestGatesCanBeLeftWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gates Gates
		leave := enter(t, &gates, screen, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := gates.Enter(ctx, screen, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Enter: %v, want the context's error", err)
		}
		leave()
		leave()
		enter(t, &gates, screen, 1)()
	})
}
