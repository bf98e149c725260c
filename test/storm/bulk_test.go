package storm

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// bulkConversations is how many conversations the storm over bulk jobs has, in a day.
const bulkConversations = 48

// listedAfter is how long a bulk job may be missing in the list of jobs.
const listedAfter = 3 * time.Second

// bulkRoutes are those of bulk jobs.
var bulkRoutes = []string{
	simulator.RouteJobSubmit, simulator.RouteJobs, simulator.RouteJob, simulator.RouteJobExecute, simulator.RouteJobCancel, simulator.RouteFailed,
}

// TestStormOverBulkJobs exports a day by bulk jobs while a share of all calls fail, those of jobs
// included, and while a conversation makes each job fail that names it. Every recording is exported
// once, whoever exports it, and no job is created twice for the same attempt or is left.
func TestStormOverBulkJobs(t *testing.T) {
	server, recordings := server, world.StartBucket(t)
	w := world.New(t, server, func(o *simulator.Options) {
		world.ExportTo(recordings)(o)
		o.Conversations = bulkConversations
	})
	poison(w)
	rage(w.Sim)
	for _, route := range bulkRoutes {
		inject(w.Sim, route, failing())
		inject(w.Sim, route, odd(route))
	}
	w.CreateReferences()
	w.Create(w.BucketSecret())
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Delivery = w.BulkDelivery(recordings, false)
		s.Retry.Deadline = &metav1.Duration{Duration: time.Minute}
	})
	w.Create(export)
	w.Start(hastened, func(o *operator.Options) {
		o.Intervals.Batch.Listed, o.Intervals.Export.Listed = listedAfter, listedAfter
	})
	await(w, export)
	retry(w, export)
	buckets := t.TempDir()
	recordings.Download(world.RecordingBucket, "", filepath.Join(buckets, world.RecordingBucket))
	says, sound := w.Verify(w.Archive(), "-alone", w.Root, "-buckets", buckets, "-asks", "30", "-orphans", fmt.Sprint(orphans(w)))
	if !sound {
		t.Fatalf("the verifier says:\n%s", says)
	}
	left := jobsLeft(w)
	downloads := w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK)
	fmt.Printf("storm over bulk jobs: %s; lost 0, twice 0, left behind %d; %d jobs, %d downloads, %.2f calls per recording\n",
		says, left, len(w.Sim.BulkJobs()), downloads, asked(w, export))
	if exported := int(export.Status.Recordings.Exported); downloads >= exported {
		t.Errorf("of %d recordings, %d were downloaded: no job has exported anything", exported, downloads)
	}
	if left > 0 {
		t.Errorf("%d jobs are left", left)
	}
}

// poison has a conversation make each job fail that names it.
func poison(w *world.World) {
	w.Helper()
	all := w.Sim.Dataset().Conversations
	bad := slices.IndexFunc(all, func(c simulator.Conversation) bool { return !c.Held && len(c.Recordings) == 1 })
	if err := w.Sim.SetJobTrouble(all[bad].ID, simulator.Poisoned); err != nil {
		w.Fatal(err)
	}
}

// jobsLeft counts the bulk jobs that have not ended, and checks that none was executed twice and no
// query came twice.
func jobsLeft(w *world.World) (left int) {
	w.Helper()
	queries, executed := map[string]bool{}, map[string]int{}
	for _, job := range w.Sim.BulkJobs() {
		if queries[job.Query] {
			w.Errorf("job %s was created twice", job.ID)
		}
		queries[job.Query] = true
		if !job.Ended() {
			w.Logf("job %s is %s", job.ID, job.State)
			left++
		}
	}
	for _, e := range w.Sim.Journal().Entries() {
		if e.Route == simulator.RouteJobExecute && e.Status == http.StatusOK {
			executed[e.Path]++
		}
	}
	for path, n := range executed {
		if n > 1 {
			w.Errorf("%s was executed %d times", path, n)
		}
	}
	return left
}
