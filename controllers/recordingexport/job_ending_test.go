package recordingexport

import (
	"context"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestWhatEndingAnalyticsJobsWaitsFor: the export's own work has to stop before. What it takes may
// be gone, and then nobody can end them.
func TestWhatEndingAnalyticsJobsWaitsFor(t *testing.T) {
	stalled := func(reason string) func(*jobEnding, *subject) []client.Object {
		return func(*jobEnding, *subject) []client.Object {
			objects := furniture()
			conditions.Stalled(objects[0].(*v1alpha1.GenesysOrganization), reason, "fix it")
			return objects
		}
	}
	tests := map[string]struct {
		given  func(*jobEnding, *subject) []client.Object
		says   string
		isGone bool
		starts bool
	}{
		"organisation is gone": {func(*jobEnding, *subject) []client.Object { return furniture()[1:] }, "GenesysOrganization", true, false},
		"destination is gone":  {func(*jobEnding, *subject) []client.Object { return furniture()[:1] }, "ExportDestination", true, false},
		"secret is gone":       {stalled(v1alpha1.ReasonSecretNotFound), "fix it", true, false},
		"login fails":          {stalled(v1alpha1.ReasonPermissionMissing), "fix it", false, false},
		"own work": {func(j *jobEnding, s *subject) []client.Object {
			j.pool.start(s, loop.Task{Key: "plan/0", Work: func(context.Context, transfer.Try) error { return nil }})
			return furniture()
		}, "stopping the work of the export", false, false},
		"nothing": {func(*jobEnding, *subject) []client.Object { return furniture() }, "ending its jobs", false, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			j, s := &jobEnding{pool: stoppedPool(t), memories: &exportMemories{}, retry: time.Second}, &subject{export: wholeExport()}
			j.references.client = newAPI(t, tt.given(j, s)...)
			out, isGone := j.endJobs(t.Context(), s)
			if out.IsDone() || out.After <= 0 || isGone != tt.isGone || !strings.Contains(out.Message, tt.says) {
				t.Errorf("%v, gone: %t", out, isGone)
			}
			if got := j.pool.worker.Pools.BusyInAny(endJobsKey(s.name())); got != tt.starts {
				t.Errorf("started: %t, want %t", got, tt.starts)
			}
			j.memories.memoryOf(s.export).setJobsEnded(true)
			if out, isGone := j.endJobs(t.Context(), s); !out.IsDone() || isGone {
				t.Errorf("once they have ended: %v, gone: %t", out, isGone)
			}
		})
	}
}

// TestASurveyWaitsForTheEndOfJobs, and afterwards there may be jobs to end.
func TestASurveyWaitsForTheEndOfJobs(t *testing.T) {
	j, s := &jobEnding{pool: stoppedPool(t), memories: &exportMemories{}}, &subject{export: wholeExport()}
	j.memories.memoryOf(s.export).setJobsEnded(true)
	if !j.stopEnding(s) || j.memories.memoryOf(s.export).haveJobsEnded() {
		t.Error("nothing runs, and a survey could not start, or its job would not be ended")
	}
}
