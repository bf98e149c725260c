package recordingexportbatch

import (
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTheStateOfAJobStaysWhatWasSeen: reading the archive again does not forget what Genesys Cloud said about a job that
// runs.
func TestTheStateOfAJobStaysWhatWasSeen(t *testing.T) {
	before := []v1alpha1.BulkJobEntry{{ID: "running", State: "READY"}, {ID: "ended", State: "PROCESSING"}, {ID: "gone", State: "READY"}, {State: jobUnknown}}
	now := bulkState{jobs: []v1alpha1.BulkJobEntry{
		{ID: "running", State: jobCreated}, {ID: "ended", State: "FULFILLED", Ended: true}, {ID: "new", State: jobCreated}, {State: jobNotCreated, Ended: true},
	}}
	now.keepSeen(before)
	for i, want := range []string{"READY", "FULFILLED", jobCreated, jobNotCreated} {
		if now.jobs[i].State != want {
			t.Errorf("job %q is %s, want %s", now.jobs[i].ID, now.jobs[i].State, want)
		}
	}
}
