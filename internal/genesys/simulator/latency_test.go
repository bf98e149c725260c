package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// ask sends a request within a bubble and returns its status, 0 if there was no
// answer, and how long that took.
func ask(ctx context.Context, sim *simulator.Simulator, token string) (status int, took time.Duration) {
	began := time.Now()
	defer func() {
		if recover() == http.ErrAbortHandler { //nolint:errorlint // what is thrown, not wrapped
			status, took = 0, time.Since(began)
		}
	}()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, probe, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w.Code, time.Since(began)
}

func TestLatency(t *testing.T) {
	for name, tc := range map[string]struct {
		latency, delay, timeout time.Duration
		status                  int
		took                    time.Duration
	}{
		"none":                    {0, 0, time.Minute, 200, 0},
		"of the route":            {5 * time.Millisecond, 0, time.Minute, 200, 5 * time.Millisecond},
		"and a fault's delay":     {5 * time.Second, 17 * time.Second, time.Minute, 200, 22 * time.Second},
		"until the client leaves": {0, time.Hour, 16 * time.Second, 0, 16 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := simulator.Defaults()
				o.Conversations, o.Latency = 1, simulator.Latency{Other: tc.latency}
				sim := simulator.New(o)
				token := loginDirectly(t, sim)
				sim.InjectFault(simulator.Fault{Delay: tc.delay})
				ctx, cancel := context.WithTimeout(t.Context(), tc.timeout)
				defer cancel()
				if status, took := ask(ctx, sim, token); status != tc.status || took != tc.took {
					t.Errorf("status %d after %v, want %d after %v", status, took, tc.status, tc.took)
				}
				if got := sim.Journal().Count(simulator.RouteTokenSelf, tc.status); got != 1 {
					t.Errorf("journal counts %v", sim.Journal().Counts())
				}
			})
		})
	}
}
