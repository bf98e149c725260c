package budget

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const tenMinutes = 10 * time.Minute

func TestAloneNeverRefusedAndHardlyIdle(t *testing.T) {
	ways := map[string]struct {
		way     path
		workers int
	}{
		"quick":        {even(fixed(5 * time.Millisecond)), 8},
		"jittery":      {even(jitter(900 * time.Millisecond)), 20},
		"slow":         {even(fixed(1500 * time.Millisecond)), 40},
		"slow answers": {path{jitter(300 * time.Millisecond), jitter(16 * time.Second)}, 150},
		"slower still": {path{jitter(300 * time.Millisecond), fixed(20 * time.Second)}, 150},
	}
	windows := map[string]*server{
		"from the first request": {},
		"aligned":                {aligned: true},
		"aligned, phase 13.7 s":  {aligned: true, phase: 13700 * time.Millisecond},
		"aligned, phase 59.9 s":  {aligned: true, phase: 59900 * time.Millisecond},
	}
	for wayName, w := range ways {
		for windowName, model := range windows {
			t.Run(wayName+"/"+windowName, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &server{allowed: 300, aligned: model.aligned, phase: model.phase}
					work(t, NewLimiter(300), s, w.way, w.workers)
					if s.refused > 0 {
						t.Errorf("%d requests were refused", s.refused)
					}
					// The first minute and the last half are for starting and ending.
					if used := s.during(time.Minute, tenMinutes-30*time.Second); used < 300*85/10*95/100 {
						t.Errorf("%d requests in 8.5 minutes of 300, want 95 %% at least", used)
					}
				})
			})
		}
	}
}

func TestNoMinuteHoldsMoreThanTheBudget(t *testing.T) {
	for _, perMinute := range []int{1, 2, 3, 7, 10, 33, 34, 60, 100, 180, 299, 300, 1000} {
		t.Run(fmt.Sprint(perMinute), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{allowed: 10 * perMinute}
				work(t, NewLimiter(perMinute), s, even(fixed(time.Millisecond)), 8)
				if most := s.busiestMinute(); most > perMinute {
					t.Errorf("%d requests in one minute, want %d at most", most, perMinute)
				}
				if least := 10 * perMinute * 9 / 10; s.accepted < least {
					t.Errorf("%d requests in ten minutes, want %d at least", s.accepted, least)
				}
			})
		})
	}
}

func TestLessAllowedThanConfiguredIsRespected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 120, aligned: true, phase: 30 * time.Second}
		l := NewLimiter(300)
		work(t, l, s, even(jitter(300*time.Millisecond)), 20)
		if s.refused > 0 {
			t.Errorf("%d requests were refused", s.refused)
		}
		if s.accepted < 10*120*95/100 {
			t.Errorf("%d requests in ten minutes of 120", s.accepted)
		}
		if got := l.Stats().Allowed; got != 120 {
			t.Errorf("allowed %d, want 120", got)
		}
	})
}

func TestOthersOnTheSameClientAreSeen(t *testing.T) {
	for _, perMinute := range []int{30, 100, 200, 280} {
		t.Run(fmt.Sprintf("strangers send %d", perMinute), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{allowed: 300, aligned: true, phase: 20 * time.Second}
				ctx, cancel := context.WithCancel(t.Context())
				go strangers(ctx, s, perMinute)
				l := NewLimiter(300)
				work(t, l, s, even(jitter(300*time.Millisecond)), 20)
				cancel()
				synctest.Wait()
				if refused := l.Stats().Throttled; refused > 0 {
					t.Errorf("%d of our requests were refused", refused)
				}
				if s.accepted < 10*300*90/100 {
					t.Errorf("%d requests of us all in ten minutes of 300", s.accepted)
				}
			})
		})
	}
}

func TestSeveralOfUsShareOneClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 300, aligned: true, phase: 20 * time.Second}
		limiters := make([]*Limiter, 4)
		done := make(chan struct{})
		for i := range limiters {
			limiters[i] = NewLimiter(300)
			go func() {
				work(t, limiters[i], s, even(jitter(300*time.Millisecond)), 10)
				done <- struct{}{}
			}()
		}
		for range limiters {
			<-done
		}
		if s.refused > 0 {
			t.Errorf("%d requests were refused", s.refused)
		}
		if s.accepted < 10*300*85/100 {
			t.Errorf("%d requests of us all in ten minutes of 300", s.accepted)
		}
		for i, l := range limiters {
			if granted := l.Stats().Granted; granted < 10*300/4/2 {
				t.Errorf("the limiter %d got %d requests, want half of an equal share at least", i, granted)
			}
		}
	})
}

func TestRestartInAFullWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 300, aligned: true, phase: windowLength}
		for range 298 { // an earlier process used the window up
			s.request()
		}
		work(t, NewLimiter(300), s, even(fixed(50*time.Millisecond)), 20)
		if s.refused > 0 {
			t.Errorf("%d requests were refused", s.refused)
		}
	})
}

func TestOneRequestUntilTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(300)
		probe := mustWait(t, l)
		granted := make(chan *Grant, 2)
		for range 2 {
			go func() { granted <- mustWait(t, l) }()
		}
		expectNone(t, granted, 5*time.Minute)

		probe.Done() // it failed on the network: nothing is known yet
		probe = <-granted
		expectNone(t, granted, 5*time.Minute)

		probe.Observe(Headers{Allowed: 300, Count: 1, Reset: 30 * time.Second})
		<-granted
	})
}

func TestAServerThatTellsNothingIsAskedAtTheConfiguredPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(60)
		mustWait(t, l).Observe(Headers{})
		began := time.Now()
		for range 59 {
			mustWait(t, l)
		}
		if took := time.Since(began); took < 55*time.Second || took > 65*time.Second {
			t.Errorf("59 requests took %v, want about a minute", took)
		}
	})
}

func TestThrottleStopsEverybody(t *testing.T) {
	tests := map[string]struct {
		retryAfter, want time.Duration
	}{
		"as told":                            {17 * time.Second, 17 * time.Second},
		"more than three minutes":            {5 * time.Minute, 5 * time.Minute},
		"not told: until the window is over": {0, 40*time.Second + resetSlack},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLimiter(300)
				grant := mustWait(t, l)
				grant.Observe(Headers{Allowed: 300, Count: 100, Reset: 40 * time.Second})
				grant.Throttle(test.retryAfter)
				grant.Throttle(time.Second) // a shorter one does not shorten it
				began := time.Now()
				mustWait(t, l)
				if got := time.Since(began); got != test.want {
					t.Errorf("the next request went after %v, want %v", got, test.want)
				}
				if got := l.Stats().Throttled; got != 2 {
					t.Errorf("throttled %d, want 2", got)
				}
			})
		})
	}
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(60)
		mustWait(t, l).Observe(Headers{Allowed: 60, Count: 1, Reset: windowLength})
		served := make(chan int, 20)
		for i := range 20 {
			go func() {
				mustWait(t, l)
				served <- i
			}()
			synctest.Wait() // i stands in the queue before i+1 comes
		}
		for want := range 20 {
			if got := <-served; got != want {
				t.Fatalf("served %d, want %d", got, want)
			}
		}
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(300)
		grant := mustWait(t, l)
		grant.Throttle(time.Hour)
		began := time.Now()
		errs := make(chan error, 3)
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 { // one at the head, two behind it
			go func() {
				_, err := l.Wait(ctx, genesys.Share{})
				errs <- err
			}()
		}
		synctest.Wait()
		if got := l.Stats().Waiting; got != 3 {
			t.Errorf("%d are waiting, want 3", got)
		}
		cancel()
		for range 3 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("cancelled callers waited %v longer", took)
		}
		if _, err := l.Wait(ctx, genesys.Share{}); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context got leave: %v", err)
		}
	})
}

func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(100)
		first := mustWait(t, l)
		first.Observe(Headers{Allowed: 180, Count: 30, Reset: 20 * time.Second})
		first.Done()
		mustWait(t, l)
		got := l.Stats()
		if got.Granted != 2 || got.UnderWay != 1 || got.Allowed != 100 || got.Waiting != 0 {
			t.Errorf("got %+v", got)
		}
		if want := 180 - 30 - 2 - 180*reservePercent/100; got.Remaining != want {
			t.Errorf("remaining %d, want %d", got.Remaining, want)
		}
		if got.Waited == 0 || got.Reset.IsZero() {
			t.Errorf("got %+v, want a waiting time and a reset", got)
		}
	})
}

// mustWait waits for leave without a deadline of its own.
func mustWait(t *testing.T, l *Limiter) *Grant {
	t.Helper()
	grant, err := l.Wait(t.Context(), genesys.Share{})
	if err != nil {
		t.Error(err)
	}
	return grant
}

// expectNone fails if a grant comes within d.
func expectNone(t *testing.T, granted <-chan *Grant, d time.Duration) {
	t.Helper()
	select {
	case <-granted:
		t.Fatal("a second request went before the first was answered")
	case <-time.After(d):
	}
}
