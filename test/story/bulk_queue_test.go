package story

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// queued are the batches that wait for a bulk job, in the order of their places.
func (w *story) queued() []v1alpha1.RecordingExportBatch {
	w.Helper()
	all := slices.DeleteFunc(w.batches(), func(b v1alpha1.RecordingExportBatch) bool {
		return conditions.Reason(&b) != v1alpha1.ReasonBulkJobQueued
	})
	slices.SortFunc(all, func(a, b v1alpha1.RecordingExportBatch) int {
		return int(a.Status.BulkJob.QueuePosition - b.Status.BulkJob.QueuePosition)
	})
	return all
}

// TestJobsOfOthersAreWaitedFor: while two are running, the batch says its place and what it waits for, and
// requests no job. It is exported by jobs once the others have ended.
func TestJobsOfOthersAreWaitedFor(t *testing.T) {
	w := newBulkStory(t, oneJob(false))
	w.Sim.AddJobOfOthers(time.Hour)
	w.Sim.AddJobOfOthers(time.Hour)
	export := w.bulkExport(inOneBatch)
	w.Create(export)
	w.Start()
	testenv.Eventually(t, "the batch waits", func() bool { return len(w.queued()) == 1 })
	batch := w.queued()[0]
	if message := conditions.Message(&batch); batch.Status.BulkJob.QueuePosition != 1 || batch.Status.BulkJob.WaitingSince == nil ||
		!strings.Contains(message, "position 1") || !strings.Contains(message, "2 jobs of others") {
		t.Errorf("%+v, %q", batch.Status.BulkJob, message)
	}
	if n := w.Sim.Journal().Count(simulator.RouteJobSubmit, 0); n > 0 {
		t.Errorf("%d jobs were requested", n)
	}
	w.Clock.Advance(2 * time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectDownloads(0)
}

// TestAThirdJobThatIsRefused: the list of jobs does not show yet that others run two. With whichever status
// Genesys Cloud refuses a third one, that is a wait, and the OAuth client continues to work.
func TestAThirdJobThatIsRefused(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusTooManyRequests} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w := newBulkStory(t, func(o *simulator.Options) {
				oneJob(false)(o)
				o.Limits.ThirdJobStatus = status
			})
			// The others begin when the operator has listed the jobs.
			begun := atomic.Bool{}
			w.through(func(r *http.Request) {
				if r.Method == http.MethodPost && r.URL.Path == "/api/v2/recording/jobs" && begun.CompareAndSwap(false, true) {
					w.Sim.AddJobOfOthers(time.Hour)
					w.Sim.AddJobOfOthers(time.Hour)
				}
			})
			export := w.bulkExport(inOneBatch)
			w.Create(export)
			w.Start()
			testenv.Eventually(t, "the batch waits", func() bool { return len(w.queued()) == 1 })
			w.Clock.Advance(2 * time.Hour)
			w.Await(export, v1alpha1.ReasonComplete)
			w.judge(w.exportable())
			w.expectDownloads(0)
			if refused := w.Sim.Journal().Count(simulator.RouteJobSubmit, status); refused != 1 {
				t.Errorf("%d requests were refused, want 1", refused)
			}
		})
	}
}

// through has the organisation's requests seen by a function before they reach the simulator.
func (w *bulkStory) through(see func(*http.Request)) {
	w.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		see(request)
		w.Sim.ServeHTTP(response, request)
	}))
	w.Cleanup(server.Close)
	organization := w.Organization()
	w.Refresh(organization)
	if err := w.Client.Delete(w.Context(), organization); err != nil {
		w.Fatal(err)
	}
	w.Endpoint = server.URL
	w.Create(w.Organization())
}

// beside makes a namespace with everything that an export refers to, beside that of the story.
func (w *bulkStory) beside() *bulkStory {
	w.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "story-"}}
	w.Create(namespace)
	copied := *w.World
	copied.Namespace = namespace.Name
	other := &bulkStory{&story{World: &copied}, w.recordings}
	other.CreateReferences()
	other.Create(other.BucketSecret())
	return other
}

// atNoon is where the windows of the two exports meet.
var atNoon = day.Add(12 * time.Hour)

// TestTwoNamespacesShareAnOrganization: at no time are more than two jobs PENDING, PROCESSING or READY. The exports
// take turns. A restart changes nobody's place.
func TestTwoNamespacesShareAnOrganization(t *testing.T) {
	w := newBulkStory(t, func(o *simulator.Options) { o.HeldShare = 0 })
	tooMany := atomic.Int64{}
	w.through(func(r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/api/v2/recording/jobs" {
			if running := slices.DeleteFunc(w.Sim.BulkJobs(), simulator.BulkJob.Ended); len(running) >= 2 {
				tooMany.Add(1)
			}
		}
	})
	other := w.beside()
	both := func(o *operator.Options) { o.Manager.Cache.DefaultNamespaces[other.Namespace] = cache.Config{} }
	w.Sim.AddJobOfOthers(time.Hour)
	w.Sim.AddJobOfOthers(time.Hour)
	exports := map[*bulkStory]*v1alpha1.RecordingExport{
		w: w.bulkExport(halfOf(day, atNoon)), other: other.bulkExport(halfOf(atNoon, day.AddDate(0, 0, 1))),
	}
	for s, export := range exports {
		s.Create(export)
	}
	stop := w.Start(both)
	allQueued := func() bool { return len(w.queued()) == 3 && len(other.queued()) == 3 }
	testenv.Eventually(t, "all batches wait", allQueued)
	before := waitingSince(w, other)
	stop()
	w.Start(both)
	asked := w.Sim.Journal().Count(simulator.RouteJobs, 0)
	testenv.Eventually(t, "all batches wait after a restart", func() bool {
		return allQueued() && w.Sim.Journal().Count(simulator.RouteJobs, 0) > asked
	})
	for name, since := range waitingSince(w, other) {
		if !since.Equal(before[name]) {
			t.Errorf("%s waits since %v, before the restart %v", name, since, before[name])
		}
	}
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteJob, State: "PENDING"})
	w.Clock.Advance(2 * time.Hour)
	testenv.Eventually(t, "two jobs run", func() bool { return len(w.intervals()) == 2 })
	if of := w.intervals(); (of[0] < atNoon.Format(time.DateOnly+"T15")) == (of[1] < atNoon.Format(time.DateOnly+"T15")) {
		t.Errorf("both jobs are of one export: %v", of)
	}
	w.Sim.ClearFaults()
	for s, export := range exports {
		s.Await(export, v1alpha1.ReasonComplete)
	}
	if n := tooMany.Load(); n > 0 {
		t.Errorf("%d jobs were requested while two were running", n)
	}
	if n := len(w.intervals()); n != 6 {
		t.Errorf("%d jobs were created, want 6", n)
	}
	w.expectNoJobLeft()
}

// halfOf has an export of a window be three batches of one lane.
func halfOf(start, end time.Time) func(*v1alpha1.RecordingExportSpec) {
	return func(spec *v1alpha1.RecordingExportSpec) {
		spec.Window = world.Window(start, end)
		spec.Delivery.BulkJob.Copy = true
	}
}

// waitingSince is since when each queued batch waits.
func waitingSince(stories ...*bulkStory) map[string]time.Time {
	since := map[string]time.Time{}
	for _, w := range stories {
		for _, batch := range w.queued() {
			since[batch.Namespace+"/"+batch.Name] = batch.Status.BulkJob.WaitingSince.Time
		}
	}
	return since
}

// intervals are those of the jobs of exports, in the order of their creation.
func (w *bulkStory) intervals() (all []string) {
	w.Helper()
	for _, job := range w.Sim.BulkJobs() {
		var query struct {
			ConversationQuery struct{ Interval string }
		}
		if err := json.Unmarshal([]byte(job.Query), &query); err != nil {
			w.Fatal(err)
		}
		if interval := query.ConversationQuery.Interval; interval != "" {
			all = append(all, interval)
		}
	}
	return all
}
