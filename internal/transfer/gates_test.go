package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

var screen = Gate{Organization: "o", Lane: "LegalHoldScreen", Route: "metadata"}

func enter(t *testing.T, gates *Gates, at Gate, ceiling int) (leave func()) {
	t.Helper()
	permit, err := gates.Acquire(t.Context(), at, ceiling)
	if err != nil {
		t.Fatal(err)
	}
	return func() { permit.Release(nil) }
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
		if got, want := gates.GateStats(), []GateStats{{screen, 2, 0, 0}}; !slices.Equal(got, want) {
			t.Errorf("stats %+v, want %+v", got, want)
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
// passed over forever by the larger.
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
		if _, err := gates.Acquire(ctx, screen, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Enter: %v, want the context's error", err)
		}
		leave()
		leave()
		enter(t, &gates, screen, 1)()
	})
}

// TestGatesCloseAndOpen: under trouble one request at a time finds out whether Genesys
// Cloud copes again, and once it does there are soon as many as before.
func TestGatesCloseAndOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gates Gates
		var ill atomic.Bool
		ill.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		for range 8 {
			go request(ctx, &gates, &ill)
		}
		expectStats(t, &gates, GateStats{screen, 4, 4, 4}, 0)
		expectStats(t, &gates, GateStats{screen, 1, 1, 7}, 10*time.Second)
		ill.Store(false)
		expectStats(t, &gates, GateStats{screen, 4, 4, 4}, 10*time.Second)
		cancel()
		expectStats(t, &gates, GateStats{screen, 4, 0, 0}, time.Second)
	})
}

// request makes requests of a second each until ctx ends.
func request(ctx context.Context, gates *Gates, ill *atomic.Bool) {
	for {
		permit, err := gates.Acquire(ctx, screen, 4)
		if err != nil {
			return
		}
		<-time.After(time.Second)
		if ill.Load() {
			permit.Release(&genesys.Error{Kind: genesys.KindTimeout})
		} else {
			permit.Release(nil)
		}
	}
}

// expectStats compares the only gate's snapshot once some time has passed, in
// the middle between two rounds of requests.
func expectStats(t *testing.T, gates *Gates, want GateStats, after time.Duration) {
	t.Helper()
	<-time.After(after + 500*time.Millisecond)
	synctest.Wait()
	if got := gates.GateStats(); !slices.Equal(got, []GateStats{want}) {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	<-time.After(500 * time.Millisecond)
}

// TestAPassThatIsDroppedTeachesNothing, and only its first end counts.
func TestAPassThatIsDroppedTeachesNothing(t *testing.T) {
	var gates Gates
	end := func(end func(*Permit)) int {
		permit, err := gates.Acquire(t.Context(), screen, 4)
		if err != nil {
			t.Fatal(err)
		}
		end(permit)
		permit.Release(&genesys.Error{Kind: genesys.KindTimeout})
		return gates.GateStats()[0].Limit
	}
	if got := end((*Permit).Drop); got != 4 {
		t.Errorf("limit %d after a permit was dropped, want 4", got)
	}
	if got := end(func(*Permit) {}); got != 2 {
		t.Errorf("limit %d after a time-out, want 2", got)
	}
}

// TestGatesAreForgotten: of a namespace whose endpoint invents organisations without
// end, the last are remembered, and those that somebody is at. No other namespace's.
func TestGatesAreForgotten(t *testing.T) {
	now := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	gates, learned := &Gates{Clock: now}, &Addresses{}
	calm, busy := Gate{Namespace: "calm", Organization: "o"}, Gate{Namespace: "mallory", Organization: "busy"}
	gates.Record(calm, "item", nil)
	learned.RecordWorked(calm, Age{}, time.Second, now.Now())
	if _, err := gates.Acquire(t.Context(), busy, 1); err != nil {
		t.Fatal(err)
	}
	for i := range maxGates + 200 {
		now.SetTime(now.Now().Add(time.Second))
		at := Gate{Namespace: "mallory", Organization: fmt.Sprint(i)}
		gates.Record(at, "item", nil)
		learned.RecordWorked(at, Age{}, time.Second, now.Now())
	}
	for name, open := range map[string]int{"gates": len(gates.gates), "addresses": len(learned.gates)} {
		if open > maxGates+1 {
			t.Errorf("%d %s are remembered", open, name)
		}
	}
	if gates.gates[calm] == nil || gates.gates[busy] == nil || learned.gates[calm] == nil {
		t.Error("one of another namespace, or one that somebody is at, was forgotten")
	}
}
