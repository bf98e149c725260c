package crash

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// TestCrashesWhileRestoring kills the manager around everything that restoring an
// archived recording does. However it ends, each restoration is requested at most
// once, and no other date at Genesys Cloud changes. One whose request was noted and
// never made is not restored, and says so.
func TestCrashesWhileRestoring(t *testing.T) {
	const (
		request = "genesys/restore-recording"
		name    = "archive/link"
	)
	around := func(point, detail string) []string {
		return []string{point + "/before" + detail, point + "/after" + detail}
	}
	tests := map[string]struct{ traps, failing []string }{
		"the note of an attempt":         {traps: around(name, "@/attempts/")},
		"the request, before":            {traps: []string{request + "/before"}},
		"the request, after":             {traps: []string{request + "/after", request + "/after:2"}},
		"a lost request and lost answer": {failing: []string{request + "/before=error", request + "/after:2=error"}},
		"the note of its end":            {traps: around(name, "@/ended/")},
		"the table of the bag":           {traps: around(name, "@data/retention.csv")},
		"the table of the seal":          {traps: around(name, "@seals/1/retention.csv")},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			takeTurns(t)
			s := newRestoringScene(t)
			for _, trap := range tt.traps {
				if !s.crash(trap) {
					t.Errorf("%s was not reached", trap)
				}
			}
			s.complete(tt.failing...)
			s.judge()
			s.expectRequestedOnce()
		})
	}
}

// newRestoringScene makes a scene with three archived recordings, which are restored.
func newRestoringScene(t *testing.T) *scene {
	t.Helper()
	s := newSceneOf(t, nil, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 3}
		o.RestoreDelay = 300 * time.Millisecond
	}, func(_ *world.World, spec *v1alpha1.RecordingExportSpec) {
		spec.Archived, spec.Retry.Deadline = v1alpha1.ArchivedRestore, &metav1.Duration{Duration: 5 * time.Second}
	})
	s.looks = 1000 // metadata is looked at until a recording is back
	return s
}

// expectRequestedOnce: no restoration was requested twice.
func (s *scene) expectRequestedOnce() {
	s.Helper()
	asked := map[string]int{}
	for _, e := range s.Sim.Journal().Entries() {
		if e.Route == simulator.RouteRestore {
			asked[e.Path]++
		}
	}
	for path, n := range asked {
		if n > 1 {
			s.Errorf("the restoration of %s was asked for %d times", path[strings.LastIndex(path, "/")+1:], n)
		}
	}
	if len(asked) == 0 {
		s.Error("no restoration was asked for")
	}
}
