package hostile

import (
	"net/http"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// Slowest is by how many percent hostile tenants may slow a calm one down.
const Slowest = 10.0

// Took is how long an export of the calm tenant took, by the journal of its simulator:
// from the first request of its OAuth client that was answered well to the last, its
// media included, which nobody else fetches there.
func Took(journal *simulator.Journal) time.Duration {
	var first, last time.Time
	for _, e := range journal.Entries() {
		if e.ClientID != Calm.ID && e.Route != simulator.RouteDownload || e.Status == 0 || e.Status >= http.StatusBadRequest {
			continue
		}
		if first.IsZero() {
			first = e.Time
		}
		last = e.Time
	}
	return last.Sub(first)
}

// Slowed is by how many percent the same exports took longer beside hostile tenants, on
// the average. It is negative if they took less time, and 0 if either kind is missing.
func Slowed(alone, beside []time.Duration) float64 {
	if len(alone) == 0 || len(beside) == 0 {
		return 0
	}
	return 100 * (average(beside)/average(alone) - 1)
}

// average is in seconds.
func average(all []time.Duration) float64 {
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return sum.Seconds() / float64(len(all))
}
