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

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/hostile"
	"github.com/gcexport/recording-export-operator/test/world"
)

var (
	minutes = flag.Float64("minutes", 0.2, "how many minutes the soak takes, at least")
	compare = flag.Bool("compare", false, "answer as slowly as Genesys Cloud does, and fail if hostile tenants slow a calm one down too much")
)

const (
	// inPhase is how many exports are made alone, and then as many beside hostile tenants.
	inPhase = 2
	// The first pairs of phases, in which caches fill and connections open, are not looked
	// at. With fewestPairs there are enough samples to see a slope.
	warmUp, fewestPairs = 1, 3
	// The most that may be kept, by growth over the time looked at: a part of
	// what was kept at first, or so little that it may be chance.
	mostGrowth     = 0.15
	littleHeap     = 4 << 20 // bytes
	fewGoroutines  = 60      // what requests in flight may explain
	conversations  = 60
	faultsPerRoute = 0.05
	// mostMemory is what config/manager gives the manager, in MiB. Here the simulators
	// and the test itself have to do with it as well.
	mostMemory = 1024
)

// numbers of what hostile tenants do in a soak.
var numbers = hostile.Numbers{Exports: 30, Organizations: 10, Every: time.Second}

// latency is about what Genesys Cloud's answers take. With it an export takes its time
// from waiting, as real ones do, and not from a busy machine.
var latency = simulator.Latency{
	Login: 200 * time.Millisecond, Analytics: 400 * time.Millisecond, Metadata: 200 * time.Millisecond,
	HeldScreenMetadata: time.Second, HeldScreenTimeout: time.Second, Protection: 200 * time.Millisecond,
	Batch: 300 * time.Millisecond, Media: 200 * time.Millisecond, Other: 100 * time.Millisecond,
}

// sample is what the process keeps after an export.
type sample struct {
	at               time.Duration
	heap, goroutines float64
}

// changing is a simulator that can be exchanged, so that what its journal contains
// on to is not taken for the operator's.
type changing struct {
	atomic.Pointer[simulator.Simulator]
}

func (c *changing) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.Load().ServeHTTP(w, r) }

// soak is one operator that makes export after export.
type soak struct {
	*world.World
	cloud   changing
	options simulator.Options
	tenants *hostile.Tenants
	began   time.Time
	exports int
	// samples are taken while the calm tenant is alone.
	samples       []sample
	alone, beside []time.Duration
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{}
	s.World = world.New(t, server, func(o *simulator.Options) {
		o.Conversations, o.Clients = conversations, []simulator.Client{hostile.Calm}
		if *compare {
			o.Latency = latency
		}
	})
	s.options = s.Sim.Options()
	s.cloud.Store(s.Sim)
	endpoint := httptest.NewServer(&s.cloud)
	t.Cleanup(endpoint.Close)
	s.Endpoint, s.Sim = endpoint.URL, nil
	hostile.CreateCalmTenant(s.World, 10_000)
	s.tenants = hostile.Settle(s.World, numbers)
	s.Start(func(o *operator.Options) {
		o.Intervals.Retries.Most = 500 * time.Millisecond
		// Who waits is looked at no more often than by the manager: hostile tenants have much
		// that waits, the calm one little.
		manager := operator.DefaultIntervals()
		o.Intervals.SilenceLimit, o.Intervals.Export.Retry, o.Intervals.Organization.Retry = manager.SilenceLimit, manager.Export.Retry, 5*time.Second
		o.Manager.Cache = cache.Options{DefaultNamespaces: s.tenants.Namespaces()}
		o.Manager.Controller.RecoverPanic = ptr.To(false)
	})
	s.began = time.Now()
	return s
}

// TestSoak has one operator make export after export while some calls fail, in turn
// beside hostile tenants and alone. Every export has to be sound, nobody may be throttled,
// and the operator may not keep more and more, nor ever take more memory than it
// has in a cluster. "make soak MINUTES=5" does so for longer, and also fails if the calm
// tenant's exports are slower beside hostile tenants than alone by more than hostile.Slowest.
func TestSoak(t *testing.T) {
	peak := watchMemory(t)
	s := newSoak(t)
	length := time.Duration(*minutes * float64(time.Minute))
	for pair := 0; pair < fewestPairs || time.Since(s.began) < length; pair++ {
		if pair == warmUp {
			s.samples, s.alone, s.beside = nil, nil, nil
		}
		s.tenants.Begin()
		s.beside = append(s.beside, s.phase(false)...)
		s.tenants.End()
		s.alone = append(s.alone, s.phase(true)...)
	}
	s.expectLevel()
	slowed := hostile.Slowed(s.alone, s.beside)
	fmt.Printf("soak: %d exports beside hostile tenants and as many alone; %d MiB at most; slowed by %.1f %%\n", len(s.beside), peak(), slowed)
	if peak() > mostMemory {
		t.Errorf("%d MiB were taken, want %d at most", peak(), mostMemory)
	}
	if *compare && slowed > hostile.Slowest {
		t.Errorf("hostile tenants slow a calm one down by %.1f %%, want %v %% at most", slowed, hostile.Slowest)
	}
}

// expectLevel: heap and goroutines do not grow with time.
func (s *soak) expectLevel() {
	s.Helper()
	heap := growth(s.samples, func(s sample) float64 { return s.heap })
	goroutines := growth(s.samples, func(s sample) float64 { return s.goroutines })
	first := s.samples[0]
	fmt.Printf("soak: %d exports in %v; heap %.1f MiB and %+.1f MiB, %.0f goroutines and %+.1f\n", s.exports,
		time.Since(s.began).Round(time.Second), first.heap/(1<<20), heap/(1<<20), first.goroutines, goroutines)
	if heap > max(littleHeap, mostGrowth*first.heap) {
		s.Errorf("the heap grows by %.1f MiB", heap/(1<<20))
	}
	if goroutines > max(fewGoroutines, mostGrowth*first.goroutines) {
		s.Errorf("there are %.1f goroutines more", goroutines)
	}
}

// phase makes some exports, one after the other, and returns how long each took. After each
// one it takes a sample, if it is to.
func (s *soak) phase(sampled bool) []time.Duration {
	s.Helper()
	var took []time.Duration
	for range inPhase {
		s.exports++
		sim := simulator.New(s.options)
		drizzle(sim)
		s.cloud.Store(sim)
		one(s.World, fmt.Sprintf("soak-%d", s.exports))
		if throttled := sim.Journal().Throttled(); throttled > 0 {
			s.Errorf("%d calls were throttled", throttled)
		}
		took = append(took, hostile.Took(sim.Journal()))
		if sampled {
			s.samples = append(s.samples, take(time.Since(s.began)))
		}
	}
	return took
}

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

// take measures what is kept, not what waits to be collected.
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
