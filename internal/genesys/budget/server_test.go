package budget

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// server is a model of how Genesys Cloud counts: fixed windows of 60 seconds.
type server struct {
	allowed int
	// aligned windows begin every 60 seconds from phase on; otherwise a window
	// begins with the first request after the last one.
	aligned bool
	phase   time.Duration

	mu       sync.Mutex
	birth    time.Time
	end      time.Time
	count    int
	accepted int
	refused  int
	arrivals []time.Time
}

// request counts one request and answers with headers and whether it was accepted.
func (s *server) request() (Headers, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.birth.IsZero() {
		s.birth = now
		s.end = now.Add(s.phase)
	}
	for !now.Before(s.end) {
		s.count = 0
		if s.aligned {
			s.end = s.end.Add(windowLength)
		} else {
			s.end = now.Add(windowLength)
		}
	}
	ok := s.count < s.allowed
	if ok {
		s.count++
		s.accepted++
	} else {
		s.refused++
	}
	s.arrivals = append(s.arrivals, now)
	return Headers{Allowed: s.allowed, Count: s.count, Reset: s.end.Sub(now).Truncate(time.Second)}, ok
}

// busiestMinute is the most requests that arrived within any 60 seconds.
func (s *server) busiestMinute() int {
	most, from := 0, 0
	for to := range s.arrivals {
		for s.arrivals[to].Sub(s.arrivals[from]) >= windowLength {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// during is how many requests came between two ages of the server.
func (s *server) during(from, to time.Duration) int {
	n := 0
	for _, at := range s.arrivals {
		if age := at.Sub(s.birth); age >= from && age < to {
			n++
		}
	}
	return n
}

// pass lets d of the bubble's time pass, or returns ctx's error.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// latency draws how long something takes.
type latency func() time.Duration

// path is how long a request is on its way, and how long its answer takes.
type path struct{ there, back latency }

func even(way latency) path { return path{there: way, back: way} }

func fixed(d time.Duration) latency { return func() time.Duration { return d } }

// jitter draws evenly from [0, upTo), the same in every run.
func jitter(upTo time.Duration) latency {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.Int64N(int64(upTo)))
	}
}

// work sends requests through l with so many workers for ten minutes, and waits
// until the last of them is over.
func work(t *testing.T, l *Limiter, s *server, way path, workers int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tenMinutes)
	defer cancel()
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for send(ctx, l, genesys.Share{}, s, way) {
			}
		})
	}
	all.Wait()
}

// send sends one request and reports whether there was leave to.
func send(ctx context.Context, l *Limiter, share genesys.Share, s *server, way path) bool {
	grant, err := l.Wait(ctx, share)
	if err != nil {
		return false
	}
	defer grant.Done()
	if pass(ctx, way.there()) != nil {
		return false
	}
	headers, ok := s.request()
	if pass(ctx, way.back()) != nil {
		return false
	}
	grant.Observe(headers)
	if !ok {
		grant.Throttle(headers.Reset)
	}
	return true
}

// strangers sends perMinute requests with the same client past any limiter,
// evenly, until ctx ends.
func strangers(ctx context.Context, s *server, perMinute int) {
	for pass(ctx, windowLength/time.Duration(perMinute)) == nil {
		s.request()
	}
}
