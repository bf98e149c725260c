package crash

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// naming gives a file in a directory its name.
const naming = "archive/link"

// neededJobs is how many bulk jobs the export of newBulkScene needs.
const neededJobs = 5

// newBulkScene makes a day of which bulk jobs export the recordings into a bucket of the organisation,
// with the legal holds and screens of the other scenes and nothing that has to be downloaded.
func newBulkScene(t *testing.T, copies bool) *scene {
	t.Helper()
	recordings := world.StartBucket(t)
	s := newSceneOf(t, nil, func(o *simulator.Options) {
		world.ExportTo(recordings)(o)
		o.Edges, o.Conversations = simulator.Edges{}, 24
	}, func(w *world.World, spec *v1alpha1.RecordingExportSpec) {
		spec.Delivery = w.BulkDelivery(recordings, copies)
	})
	s.recordings = recordings
	s.Create(s.BucketSecret())
	return s
}

// bulkPoints are the points of bulk jobs, in the order of the life of one.
var bulkPoints = struct{ created, exported []string }{
	created: []string{
		"genesys/list-bulk-jobs", naming + "@bulk-running/", naming + "@/bulk/attempts/", "genesys/submit-bulk-job", naming + "@/bulk/created/",
	},
	exported: []string{
		"genesys/read-bulk-job", naming + "@/bulk/executed/", "genesys/execute-bulk-job", naming + "@/bulk/ended/", "archive/remove@bulk-running/",
		naming + "@/received/", naming + "@data/recordings", naming + "@/files/", naming + "@/bulk/done",
	},
}

// around are the traps before and after points.
func around(points ...string) (traps []string) {
	for _, point := range points {
		place, detail, _ := strings.Cut(point, "@")
		for _, moment := range []string{"/before", "/after"} {
			trap := place + moment
			if detail != "" {
				trap += "@" + detail
			}
			traps = append(traps, trap)
		}
	}
	return traps
}

// TestCrashesWithBulkJobs kills the manager before and after each call about a bulk job and each record
// of one, and has these calls fail. As many jobs are created as without that, each is executed
// once and exports its recordings, and none is left.
func TestCrashesWithBulkJobs(t *testing.T) {
	calm := newBulkScene(t, true)
	calm.complete()
	calm.judge()
	calm.expectEachPointPlayed()
	if n := len(calm.Sim.BulkJobs()); n != neededJobs {
		t.Errorf("%d jobs are needed, not %d", n, neededJobs)
	}
	count := &tally{}
	t.Cleanup(func() { count.print(t) })
	tests := map[string]struct {
		copies         bool
		traps, failing []string
	}{
		"while they are created": {traps: around(bulkPoints.created...)},
		"while they export":      {copies: true, traps: around(bulkPoints.exported...)},
		"failing calls": {failing: []string{
			"genesys/list-bulk-jobs/before=error", "genesys/list-bulk-jobs/after:4=error",
			"genesys/submit-bulk-job/before=error", "genesys/submit-bulk-job/after:3=error",
			"genesys/read-bulk-job/before=error", "genesys/read-bulk-job/after:3=error",
			"genesys/execute-bulk-job/before=error", "genesys/execute-bulk-job/after:3=error",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			takeTurns(t)
			s := newBulkScene(t, tt.copies)
			for _, trap := range tt.traps {
				count.tried.Add(1)
				if !s.crash(trap) {
					t.Errorf("%s was not reached", trap)
				}
			}
			s.complete(tt.failing...)
			s.judge()
			s.expectJobs(neededJobs, 0)
			if !t.Failed() {
				count.survived.Add(int64(len(tt.traps)))
			}
		})
	}
}

// expectEachPointPlayed: no call about a bulk job and no record of one is missing in bulkPoints.
func (s *scene) expectEachPointPlayed() {
	s.Helper()
	traps := around(slices.Concat(bulkPoints.created, bulkPoints.exported)...)
	for _, p := range s.passes() {
		if !strings.HasPrefix(p.place, "genesys/") && !strings.HasPrefix(p.place, naming) || !strings.Contains(p.place+p.detail, "bulk") {
			continue
		}
		if !slices.ContainsFunc(traps, func(trap string) bool {
			place, detail, _ := strings.Cut(trap, "@")
			return p.place == place && strings.Contains(p.detail, detail)
		}) {
			s.Errorf("nobody is killed at %s of %s", p.place, p.detail)
		}
	}
}

// expectJobs: so many bulk jobs were needed, and created, besides so many that were cancelled. Each
// of the others was executed once, and exported its recordings: nothing was downloaded. Nothing is
// left.
func (s *scene) expectJobs(needed, cancelled int) {
	s.Helper()
	executed := map[string]int{}
	for _, e := range s.Sim.Journal().Entries() {
		if e.Route == simulator.RouteJobExecute && e.Status == http.StatusOK {
			executed[filepath.Base(e.Path)]++
		}
	}
	jobs, ended := s.Sim.BulkJobs(), map[string]int{}
	for _, job := range jobs {
		ended[job.State]++
		if fulfilled := job.State == "FULFILLED"; fulfilled && executed[job.ID] != 1 || !fulfilled && executed[job.ID] > 0 {
			s.Errorf("job %s is %s and was executed %d times", job.ID, job.State, executed[job.ID])
		}
	}
	if ended["FULFILLED"] != needed || ended["CANCELLED"] != cancelled || len(jobs) != needed+cancelled {
		s.Errorf("%d jobs: %v; %d were needed, and %d to be cancelled", len(jobs), ended, needed, cancelled)
	}
	if n := s.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK); n > 0 {
		s.Errorf("%d media were downloaded", n)
	}
	if left := s.runningJobs(); left > 0 {
		s.Errorf("%d jobs are recorded as running", left)
	}
}

// runningJobs is how many jobs are recorded as running.
func (s *scene) runningJobs() int {
	s.Helper()
	entries, err := os.ReadDir(filepath.Join(s.Archive(), ".work", "bulk-running"))
	if err != nil && !os.IsNotExist(err) {
		s.Fatal(err)
	}
	return len(entries)
}

// TestCrashesWhileEndingBulkJobs suspends an export whose jobs are running, and kills the manager
// around each step of ending them. They are cancelled, and after the suspension new jobs export what
// they were to export.
func TestCrashesWhileEndingBulkJobs(t *testing.T) {
	takeTurns(t)
	s := newBulkScene(t, false)
	s.Sim.InjectFault(simulator.Fault{Route: simulator.RouteJob, State: "PROCESSING"})
	former := s.start("")
	testenv.Eventually(s, "two jobs are running", func() bool { s.finished(); return len(s.created()) == 2 })
	s.kill(former)
	s.interrupted++
	s.suspend(true)
	s.Sim.ClearFaults()
	for _, trap := range around("genesys/cancel-bulk-job", naming+"@/bulk/ended/", "archive/remove@bulk-running/") {
		if !s.crash(trap) {
			t.Errorf("%s was not reached", trap)
		}
	}
	last := s.start("")
	testenv.Eventually(s, "no job is running", func() bool { return s.runningJobs() == 0 })
	s.kill(last)
	for _, job := range s.Sim.BulkJobs() {
		if job.State != "CANCELLED" {
			t.Errorf("job %s is %s while the export is suspended", job.ID, job.State)
		}
	}
	s.suspend(false)
	s.complete()
	s.judge()
	s.expectJobs(neededJobs, 2)
}

func (s *scene) created() []string {
	s.Helper()
	names, err := filepath.Glob(filepath.Join(s.Archive(), ".work", "batches", "*", "bulk", "created", "*"))
	if err != nil {
		s.Fatal(err)
	}
	return names
}

func (s *scene) suspend(suspend bool) {
	s.Helper()
	s.Refresh(s.export)
	patch := client.MergeFrom(s.export.DeepCopy())
	s.export.Spec.Suspend = suspend
	if err := s.Client.Patch(s.Context(), s.export, patch); err != nil {
		s.Fatal(err)
	}
}
