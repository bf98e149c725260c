// Package storm exports while a third of all calls to Genesys Cloud fail, in
// every way in which they can, and has the verifier judge what comes of it.
// "make storm" does so with ten thousand recordings, "make test" with fewer;
// "make soak" exports one window after another, in turn alone and beside hostile
// tenants, and watches what the operator keeps and how fast it is.
package storm

import (
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

const day = 24 * time.Hour

// enough is for how long what fails is retried: dozens of attempts.
const enough = 10 * time.Second

var (
	days   = flag.Int("days", 3, "how many days the storm exports")
	perDay = flag.Int("perday", 250, "how many conversations start on a day, with about two recordings each")
	slow   = flag.Bool("slow", false, "have calls take longer than any client waits, and be told to wait for three minutes")

	// farFuture is after all data.
	farFuture = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	server    *rest.Config
)

func TestMain(m *testing.M) {
	testenv.Main(m, func(config *rest.Config) { server = config })
}

// scale makes a world of as many days as are to be exported.
func scale(t *testing.T) *world.World {
	t.Helper()
	return world.New(t, server, func(o *simulator.Options) {
		o.Days, o.Conversations = *days, *perDay
		o.Limits.AsyncPageSize, o.Limits.RefuseLargePages = 100, true
	})
}

// hastened are the paces of a test in which a lot is tried again.
func hastened(o *operator.Options) {
	o.Intervals.Retries.First, o.Intervals.Retries.Most = 20*time.Millisecond, 200*time.Millisecond
	o.Intervals.Batch.LastPoll, o.Intervals.Export.LastPoll = 200*time.Millisecond, 200*time.Millisecond
}

// begin starts an operator and an export of all days.
func begin(w *world.World) *v1alpha1.RecordingExport {
	w.Helper()
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Window = world.Window(world.Day, world.Day.AddDate(0, 0, *days))
		s.Slicing.Width = &metav1.Duration{Duration: 12 * time.Hour}
		s.Lanes.Standard.Parallelism, s.Lanes.LegalHold.Parallelism = 16, 8
		s.Retry.Deadline = &metav1.Duration{Duration: enough}
	})
	w.Create(export)
	w.Start(hastened)
	return export
}

// await waits, as long as the test may run, until the export has ended.
func await(w *world.World, export *v1alpha1.RecordingExport) {
	w.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		w.Refresh(export)
		reason := conditions.Reason(export)
		if conditions.IsReady(export) && (reason == v1alpha1.ReasonComplete || reason == v1alpha1.ReasonCompleteWithGaps) {
			return
		}
	}
}

// asked is how many calls were made for each recording.
func asked(w *world.World, export *v1alpha1.RecordingExport) float64 {
	return float64(w.Sim.Journal().Count("", 0)) / float64(export.Status.Recordings.Exported)
}

// watchMemory measures the most memory that the process, in which the simulator
// is too, has taken since then, in MiB.
func watchMemory(t *testing.T) (peak func() uint64) {
	t.Helper()
	var most atomic.Uint64
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	go func() {
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.Sys-now.HeapReleased))
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ended:
				return
			}
		}
	}()
	return func() uint64 { return most.Load() >> 20 }
}

// TestStorm exports the same days in calm and in storm. In the storm every
// recording still arrives, except for those that never can: only those are
// gaps.
func TestStorm(t *testing.T) {
	calm := calls(t)
	w := scale(t)
	var d damage
	d.breakSome(t, w.Sim)
	rage(w.Sim)
	if *slow {
		drag(w.Sim)
	}
	peak := watchMemory(t)
	export := begin(w)
	await(w, export)
	retry(w, export)
	explained := orphans(w)
	says, sound := w.Verify(w.Archive(), "-alone", w.Root, "-asks", "30",
		"-orphans", strconv.Itoa(explained), "-unavailable", strings.Join(d.lasting, ","))
	if !sound {
		t.Fatalf("the verifier says:\n%s", says)
	}
	fmt.Printf("storm: %s; lost 0, twice 0, unexplained 0; %.2f calls per recording, %.2f in calm; %d MiB at most\n",
		says, asked(w, export), calm, peak())
	isolated := isolatedBatches(export)
	fmt.Printf("storm: %d isolated batches, %d things were bad\n", isolated, bad)
	if most := 2*bad + *days**perDay/20; isolated == 0 || isolated > most {
		t.Errorf("%d isolated batches, want some, and %d at most", isolated, most)
	}
	if export.Status.Gaps != int64(len(d.lasting)) {
		t.Errorf("%d gaps are stated, want those of %d recordings and conversations", export.Status.Gaps, len(d.lasting))
	}
}

// isolatedBatches counts the batches of the lane Isolated: a storm must not isolate
// what fails by chance.
func isolatedBatches(export *v1alpha1.RecordingExport) int {
	for _, lane := range export.Status.Lanes {
		if lane.Lane == v1alpha1.LaneIsolated {
			return int(lane.Batches)
		}
	}
	return 0
}

// calls exports in calm, and returns how many calls each recording took.
func calls(t *testing.T) float64 {
	t.Helper()
	w := scale(t)
	export := begin(w)
	await(w, export)
	if says, sound := w.Verify(w.Archive(), "-alone", w.Root); !sound {
		t.Fatalf("in calm the verifier says:\n%s", says)
	}
	return asked(w, export)
}

// drag has calls take longer than the SDK waits, and the client be told to wait
// for longer than the SDK minds.
func drag(sim *simulator.Simulator) {
	sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Delay: 17 * time.Second, Nth: 50, Count: 3})
	sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, Delay: 17 * time.Second, Nth: 10, Count: 2})
	sim.InjectFault(simulator.Fault{Status: http.StatusTooManyRequests, RetryAfter: 181 * time.Second, Nth: 3000, Count: 1})
}

// retry asks for what was unavailable once more, as a person does who has seen
// the gaps: what was refused only once comes now.
func retry(w *world.World, export *v1alpha1.RecordingExport) {
	w.Helper()
	if conditions.Reason(export) == v1alpha1.ReasonComplete {
		return
	}
	patch := client.MergeFrom(export.DeepCopy())
	metav1.SetMetaDataAnnotation(&export.ObjectMeta, v1alpha1.AnnotationRetry, "now")
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		w.Fatal(err)
	}
	testenv.Eventually(w, "the retry is taken up", func() bool { w.Refresh(export); return export.Status.LastRetryRequest == "now" })
	await(w, export)
}

// orphans is how many analytics jobs the storm made nobody could learn the id of:
// those whose answer it spoilt.
func orphans(w *world.World) int {
	return w.Sim.Fired(func(f simulator.Fault) bool { return f.Route == simulator.RouteDetailsSubmit && f.Body != "" })
}
