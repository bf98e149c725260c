package storm

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/world"
)

var minutes = flag.Float64("minutes", 0.2, "how many minutes the soak takes, without its warm-up")

const (
	// warmUp is the share of the time in which caches fill and connections open; it
	// is not looked at.
	warmUp = 0.3
	// The most that may be held on to, by growth over the time looked at: a part of
	// what was held at first, or so little that it may be chance.
	mostGrowth     = 0.15
	littleHeap     = 4 << 20 // bytes
	fewGoroutines  = 30
	conversations  = 60
	faultsPerRoute = 0.05
)

// sample is what the process holds on to after an export.
type sample struct {
	at               time.Duration
	heap, goroutines float64
}

// changing is a simulator that can be exchanged, so that what its journal holds
// on to is not taken for the operator's.
type changing struct {
	atomic.Pointer[simulator.Simulator]
}

func (c *changing) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.Load().ServeHTTP(w, r) }

// TestSoak has one operator make export after export while some calls fail, and
// fails if it holds on to more and more. "make soak MINUTES=5" does so for longer.
func TestSoak(t *testing.T) {
	w := world.New(t, server, func(o *simulator.Options) { o.Conversations = conversations })
	options := w.Sim.Options()
	var cloud changing
	cloud.Store(w.Sim)
	endpoint := httptest.NewServer(&cloud)
	t.Cleanup(endpoint.Close)
	w.Endpoint, w.Sim = endpoint.URL, nil
	w.Furnish()
	w.Start(func(o *operator.Options) { o.Paces.Patience.Most = 500 * time.Millisecond })

	var samples []sample
	began, length := time.Now(), time.Duration(*minutes/(1-warmUp)*float64(time.Minute))
	for n := 1; time.Since(began) < length || len(samples) < fewestSamples; n++ {
		sim := simulator.New(options)
		drizzle(sim)
		cloud.Store(sim)
		one(w, fmt.Sprintf("soak-%d", n))
		samples = append(samples, take(time.Since(began)))
	}
	looked := samples[int(warmUp*float64(len(samples))):]
	heap := growth(looked, func(s sample) float64 { return s.heap })
	goroutines := growth(looked, func(s sample) float64 { return s.goroutines })
	fmt.Printf("soak: %d exports in %v; heap %.1f MiB and %+.1f MiB, %.0f goroutines and %+.1f\n", len(samples),
		time.Since(began).Round(time.Second), looked[0].heap/(1<<20), heap/(1<<20), looked[0].goroutines, goroutines)
	if heap > max(littleHeap, mostGrowth*looked[0].heap) {
		t.Errorf("the heap grows by %.1f MiB", heap/(1<<20))
	}
	if goroutines > max(fewGoroutines, mostGrowth*looked[0].goroutines) {
		t.Errorf("there are %.1f goroutines more", goroutines)
	}
}

// fewestSamples are enough to see a slope.
const fewestSamples = 6

// drizzle lets a small share of all calls fail.
func drizzle(sim *simulator.Simulator) {
	for _, route := range routes {
		sim.InjectFault(simulator.Fault{Route: route, Status: http.StatusServiceUnavailable, Probability: faultsPerRoute / 2})
		sim.InjectFault(simulator.Fault{Route: route, Body: simulator.Truncated, Probability: faultsPerRoute / 2})
	}
	sim.InjectFault(simulator.Fault{Route: simulator.RouteDownload, Reset: true, Probability: faultsPerRoute})
}

// one makes one export, has it judged, and deletes it.
func one(w *world.World, name string) {
	w.Helper()
	export := w.Export(nil)
	export.Name = name
	w.Create(export)
	await(w, export)
	archive := filepath.Join(filepath.Dir(w.Archive()), name)
	if says, sound := w.Verify(archive, "-asks", "10", "-orphans", "3"); !sound {
		w.Fatalf("%s: the verifier says:\n%s", name, says)
	}
	w.Delete(export)
	// There is no garbage collector that would delete what it owned.
	if err := w.Client.DeleteAllOf(w.Context(), &v1alpha1.RecordingExportBatch{}, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
}

// take measures what is held on to, not what waits to be collected.
func take(at time.Duration) sample {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return sample{at, float64(now.HeapAlloc), float64(runtime.NumGoroutine())}
}

// growth is by how much a figure grows over the time of the samples, along the
// straight line that fits them best.
func growth(samples []sample, of func(sample) float64) float64 {
	var at, figure float64
	for _, s := range samples {
		at += s.at.Seconds() / float64(len(samples))
		figure += of(s) / float64(len(samples))
	}
	var both, square float64
	for _, s := range samples {
		both += (s.at.Seconds() - at) * (of(s) - figure)
		square += (s.at.Seconds() - at) * (s.at.Seconds() - at)
	}
	if square == 0 {
		return 0
	}
	return both / square * (samples[len(samples)-1].at - samples[0].at).Seconds()
}

func TestGrowth(t *testing.T) {
	heap := func(s sample) float64 { return s.heap }
	tests := map[string]struct {
		heaps []float64
		want  float64
	}{
		"level":         {[]float64{5, 5, 5, 5}, 0},
		"grows":         {[]float64{1, 2, 3, 4}, 3},
		"shrinks":       {[]float64{4, 3, 2, 1}, -3},
		"up and down":   {[]float64{1, 3, 3, 1}, 0},
		"a single peak": {[]float64{1, 9, 9, 1}, 0},
		"one sample":    {[]float64{7}, 0},
	}
	for name, tt := range tests {
		var samples []sample
		for i, h := range tt.heaps {
			samples = append(samples, sample{at: time.Duration(i) * time.Minute, heap: h})
		}
		if got := growth(samples, heap); got < tt.want-1e-9 || got > tt.want+1e-9 {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
