package budget

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

var isolated = genesys.Share{Export: "legal/a", Lane: "Isolated", Weight: 1, Spare: true}

// flood has workers of a class send through l until ctx ends, and returns when
// each of their requests was granted.
func flood(ctx context.Context, l *Limiter, s *server, share genesys.Share, workers int) func() []time.Time {
	var all sync.WaitGroup
	var mu sync.Mutex
	var sent []time.Time
	way := even(fixed(50 * time.Millisecond))
	for range workers {
		all.Go(func() {
			for {
				grant, err := l.Wait(ctx, share)
				if err != nil {
					return
				}
				mu.Lock()
				sent = append(sent, time.Now())
				mu.Unlock()
				answered(ctx, grant, s, way)
			}
		})
	}
	return func() []time.Time { all.Wait(); slices.SortFunc(sent, time.Time.Compare); return sent }
}

// answered sends the request of a grant.
func answered(ctx context.Context, grant *Grant, s *server, way path) {
	defer grant.Done()
	if pass(ctx, way.there()) != nil {
		return
	}
	headers, ok := s.request()
	if pass(ctx, way.back()) != nil {
		return
	}
	grant.Observe(headers)
	if !ok {
		grant.Throttle(headers.Reset)
	}
}

// TestSpareBesideOthers: of a budget that others would use up, spare callers get
// a twentieth, and in no minute more; nobody is refused, and nothing is lost.
func TestSpareBesideOthers(t *testing.T) {
	for _, perMinute := range []int{1, 7, 20, 60, 300, 310, 1000} {
		t.Run(fmt.Sprint(perMinute), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{allowed: perMinute, aligned: true, phase: 20 * time.Second}
				l := NewLimiter(perMinute)
				minutes := max(10, 3600/perMinute)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(minutes)*time.Minute)
				defer cancel()
				others := flood(ctx, l, s, standard, 20)
				more := flood(ctx, l, s, holdScreen, 5)
				spare := flood(ctx, l, s, isolated, 20)()
				all := len(others()) + len(more()) + len(spare)
				want := float64(perMinute*minutes) * sparePercent / 100
				if got := float64(len(spare)); got > want+1 || got < 0.9*want-1 {
					t.Errorf("%v spare requests in %d minutes of %d, want about %v", got, minutes, perMinute, want)
				}
				counted := &server{arrivals: spare}
				if most, bound := counted.busiestMinute(), int(math.Ceil(float64(perMinute)*sparePercent/100)); most > bound {
					t.Errorf("%d spare requests in one minute, want %d at most", most, bound)
				}
				if s.refused > 0 || all < perMinute*minutes*85/100 {
					t.Errorf("%d requests of us all, %d refused", all, s.refused)
				}
			})
		})
	}
}

// TestSpareDoesNotStarve: however many wait before it, a spare request goes as
// soon as there is something of its share.
func TestSpareDoesNotStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 300}
		l := NewLimiter(300)
		ctx, cancel := context.WithTimeout(t.Context(), tenMinutes)
		defer cancel()
		others := flood(ctx, l, s, standard, 500)
		if err := pass(ctx, 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		grant, err := l.Wait(ctx, isolated)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("a spare request waited %v while 500 others did", took)
		}
		grant.Done()
		cancel()
		others()
	})
}

// TestSpareAlone gets everything, once the others have been calm for a while.
func TestSpareAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 300, aligned: true, phase: 20 * time.Second}
		l := NewLimiter(300)
		ctx, cancel := context.WithTimeout(t.Context(), tenMinutes)
		defer cancel()
		spare := flood(ctx, l, s, isolated, 8)()
		if s.refused > 0 || len(spare) < 10*300*95/100 {
			t.Errorf("%d spare requests in ten minutes of 300, %d refused", len(spare), s.refused)
		}
		if at := spare[0]; !at.Equal(s.birth.Add(-50 * time.Millisecond)) {
			t.Errorf("the first went at %v, want at once", at)
		}
	})
}

// TestSpareAfterOthers: others that pause for an answer keep the budget; those
// that have ended leave it.
func TestSpareAfterOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 600}
		l := NewLimiter(600)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		begun := time.Now()
		go func() {
			for time.Since(begun) < 2*time.Minute { // one request each 9 s
				send(ctx, l, standard, s, path{fixed(time.Second), fixed(8 * time.Second)})
			}
		}()
		spare := flood(ctx, l, s, isolated, 8)()
		within := func(from, to time.Duration) int {
			n := 0
			for _, at := range spare {
				if age := at.Sub(begun); age >= from && age < to {
					n++
				}
			}
			return n
		}
		if got := within(time.Minute, 2*time.Minute); got > 600*sparePercent/100 {
			t.Errorf("%d spare requests in a minute beside others, want %d at most", got, 600*sparePercent/100)
		}
		if got := within(3*time.Minute, 4*time.Minute); got < 600*90/100 {
			t.Errorf("%d spare requests in a minute without others, want nearly 600", got)
		}
	})
}

// TestSpareInTurn: exports in turn, whatever their lanes; the requests of an
// export as they come.
func TestSpareInTurn(t *testing.T) {
	var q queue
	b := of(isolated, "legal/b")
	b.Lane = "Another"
	for i, share := range []genesys.Share{isolated, isolated, isolated, b, standard, b} {
		c := newCaller(share)
		c.share.Weight = i + 1
		q.join(c)
	}
	var served []int
	for q.sparing > 0 {
		served = append(served, q.nextSpare().share.Weight)
	}
	if want := []int{1, 4, 2, 6, 3}; !slices.Equal(served, want) {
		t.Errorf("served %v, want %v", served, want)
	}
	if c := q.next(); c == nil || c.share.Spare || q.all() != 0 {
		t.Errorf("served %+v, %d wait", c, q.all())
	}
}

// TestSpareWithdraws: who does not want to wait any longer leaves nothing behind.
func TestSpareWithdraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(300)
		mustWait(t, l).Observe(Headers{Allowed: 300, Count: 1, Reset: windowLength})
		grant, err := l.Wait(t.Context(), isolated) // there is nothing of its share after this
		if err != nil {
			t.Fatal(err)
		}
		grant.Done()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := l.Wait(ctx, isolated); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if stats := l.Stats(); stats.Waiting != 0 || stats.UnderWay != 0 {
			t.Errorf("left over: %+v", stats)
		}
		grant, err = l.Wait(t.Context(), isolated)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second+time.Millisecond {
			t.Errorf("the next one went after %v, want 4s after the first", took)
		}
		grant.Done()
	})
}
