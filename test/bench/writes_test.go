package bench

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// BenchmarkWrites exports a day of 600 conversations, and measures what each batch writes to
// the API server on average, with all that its export, organisation and destination write.
func BenchmarkWrites(b *testing.B) {
	for b.Loop() {
		w := world.New(b, server, func(o *simulator.Options) {
			*o = simulator.Defaults()
			o.RequestsPerMinute = 3000
		})
		counted := &writes{counts: map[write]int{}}
		w.WrapTransport(counted.wrap)
		exportDay(b, w)
		batches := float64(counted.count(isCreation, isOf("recordingexportbatches")))
		b.ReportMetric(batches, "batches")
		b.ReportMetric(float64(counted.count(isCreation))/batches, "creates/batch")
		b.ReportMetric(float64(counted.count(isStatusPatch))/batches, "status-patches/batch")
		b.ReportMetric(float64(counted.count(isStatusPatch, isOf("recordingexportbatches/status")))/batches, "own-status-patches/batch")
		b.ReportMetric(float64(counted.count(isEvent))/batches, "event-writes/batch")
		b.ReportMetric(float64(counted.count(isDeletion))/batches, "deletes/batch")
		b.ReportMetric(float64(counted.count())/batches, "writes/batch")
	}
}

// write is a kind of request that changes what the API server has.
type write struct {
	method string
	// resource is the name of the resource with its subresource, such as
	// recordingexportbatches/status.
	resource string
}

func isEvent(w write) bool    { return w.resource == "events" }
func isCreation(w write) bool { return w.method == http.MethodPost && !isEvent(w) }
func isDeletion(w write) bool { return w.method == http.MethodDelete }
func isStatusPatch(w write) bool {
	return w.method == http.MethodPatch && strings.HasSuffix(w.resource, "/status")
}

func isOf(resource string) func(write) bool {
	return func(w write) bool { return w.resource == resource }
}

// writes counts the writes to an API server at the HTTP layer, also those that it refuses.
type writes struct {
	mu     sync.Mutex
	counts map[write]int
}

// count counts the writes for which all of the conditions are true.
func (w *writes) count(conditions ...func(write) bool) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	sum := 0
next:
	for kind, n := range w.counts {
		for _, holds := range conditions {
			if !holds(kind) {
				continue next
			}
		}
		sum += n
	}
	return sum
}

// wrap returns a transport that counts writes.
func (w *writes) wrap(next http.RoundTripper) http.RoundTripper { return countingTransport{next, w} }

// countingTransport counts the writes that pass it.
type countingTransport struct {
	next http.RoundTripper
	to   *writes
}

// RoundTrip implements http.RoundTripper.
func (t countingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	switch request.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		t.to.mu.Lock()
		t.to.counts[write{request.Method, resourceOf(request.URL.Path)}]++
		t.to.mu.Unlock()
	}
	return t.next.RoundTrip(request)
}

// resourceOf returns the resource that a path of the API server names, with its subresource
// but without namespace and name.
func resourceOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	skipped := 2 // api/v1
	if parts[0] == "apis" {
		skipped = 3 // apis/group/version
	}
	parts = parts[min(skipped, len(parts)):]
	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	switch len(parts) {
	case 0:
		return path
	case 3:
		return parts[0] + "/" + parts[2]
	default:
		return parts[0]
	}
}
