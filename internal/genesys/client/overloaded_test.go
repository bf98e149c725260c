package client

import (
	"net/http"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestA429BelowTheAllowance is about the request alone: the client sends on.
func TestA429BelowTheAllowance(t *testing.T) {
	tests := map[string]struct {
		count, allowed, reset string
		kind                  genesys.Kind
	}{
		"far below":           {"12", "300", "40", genesys.KindOverloaded},
		"just below":          {"269", "300", "40", genesys.KindOverloaded},
		"near it":             {"270", "300", "40", genesys.KindThrottled},
		"used up":             {"300", "300", "40", genesys.KindThrottled},
		"not told":            {"", "", "", genesys.KindThrottled},
		"half told":           {"12", "", "40", genesys.KindThrottled},
		"told in other words": {"few", "many", "soon", genesys.KindThrottled},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on(routeMetadata, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "17")
				w.Header().Set("inin-ratelimit-count", tt.count)
				w.Header().Set("inin-ratelimit-allowed", tt.allowed)
				w.Header().Set("inin-ratelimit-reset", tt.reset)
				w.WriteHeader(http.StatusTooManyRequests)
			})
			client := newClient(t, cloud)
			got := expectKind(t, verbs["RecordingMetadata"].call(t.Context(), client), tt.kind)
			if got.RetryAfter != 17*time.Second || got.Status != http.StatusTooManyRequests {
				t.Errorf("got %+v", got)
			}
			stats, stops := client.budget.Stats(), tt.kind == genesys.KindThrottled
			if stats.Stopped != stops || (stats.Throttled == 1) != stops || stats.UnderWay != 0 {
				t.Errorf("stopped: %v, want %v; %+v", stats.Stopped, stops, stats)
			}
		})
	}
}

// TestSimulatedOwnLimit: while one conversation is refused, others are asked.
func TestSimulatedOwnLimit(t *testing.T) {
	sim, client := simulated(t)
	var known []string
	for _, c := range sim.Dataset().Conversations {
		if genesys.ValidID(c.ID) {
			known = append(known, c.ID)
		}
	}
	limited := known[0]
	sim.InjectFault(simulator.Fault{
		Route: simulator.RouteMetadata, ConversationID: limited, Status: http.StatusTooManyRequests, RetryAfter: time.Hour, OwnLimit: true,
	})
	for _, id := range known[:20] {
		_, err := client.RecordingMetadata(t.Context(), id, time.Minute)
		if id == limited {
			if got := expectKind(t, err, genesys.KindOverloaded); got.RetryAfter != time.Hour {
				t.Errorf("got %+v", got)
			}
			continue
		}
		if err != nil {
			t.Error(err)
		}
	}
	sim.InjectFault(simulator.Fault{Route: simulator.RouteTokenSelf, Status: http.StatusTooManyRequests, RetryAfter: time.Hour})
	_, err := client.WhoAmI(t.Context())
	expectKind(t, err, genesys.KindThrottled)
	if stats := client.budget.Stats(); !stats.Stopped || stats.Throttled != 1 {
		t.Errorf("after a 429 for the client: %+v", stats)
	}
}
