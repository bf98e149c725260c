package recordingexportbatch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// TestTheStatusOfBulkJobs: what is known is shown, what is not known now stays, and only a batch that waits has a place in the
// queue.
func TestTheStatusOfBulkJobs(t *testing.T) {
	since := metav1.Time{Time: bulkDay}
	shown := []v1alpha1.BulkJobEntry{{Part: "0-2", ID: "shown", State: "READY"}}
	newer := []v1alpha1.BulkJobEntry{{Part: "0-2", ID: "newer", State: "PROCESSING"}}
	waited := &v1alpha1.BulkJobStatus{OrganizationID: "org", WaitingSince: &since, QueuePosition: 3, Jobs: shown}
	kept := &v1alpha1.BulkJobStatus{OrganizationID: "org", WaitingSince: &since, Jobs: shown}
	queued := workReport{started: true, queued: &queuedError{position: 2, since: bulkDay}}
	tests := map[string]struct {
		before       *v1alpha1.BulkJobStatus
		organization string
		jobs         []v1alpha1.BulkJobEntry
		work         workReport
		sealed       bool
		want         *v1alpha1.BulkJobStatus
	}{
		"a batch without bulk jobs":       {},
		"nothing has happened yet":        {organization: "org", work: workReport{started: true, beginsBulkJobs: true}},
		"it begins to wait":               {organization: "org", work: queued, want: &v1alpha1.BulkJobStatus{OrganizationID: "org", WaitingSince: &since, QueuePosition: 2}},
		"it has a job":                    {organization: "org", jobs: newer, work: workReport{started: true}, want: &v1alpha1.BulkJobStatus{OrganizationID: "org", Jobs: newer}},
		"it has a job and waits":          {organization: "org", jobs: newer, work: queued, want: &v1alpha1.BulkJobStatus{OrganizationID: "org", Jobs: newer, WaitingSince: &since, QueuePosition: 2}},
		"it comes closer":                 {before: waited, organization: "org", work: queued, want: &v1alpha1.BulkJobStatus{OrganizationID: "org", Jobs: shown, WaitingSince: &since, QueuePosition: 2}},
		"it does other work":              {before: waited, organization: "org", jobs: newer, work: workReport{started: true}, want: &v1alpha1.BulkJobStatus{OrganizationID: "org", Jobs: newer}},
		"the operator has restarted":      {before: waited, organization: "org", work: workReport{started: true, beginsBulkJobs: true}, want: kept},
		"the organisation cannot be used": {before: waited, want: kept},
		"its bag is sealed":               {before: waited, sealed: true, want: &v1alpha1.BulkJobStatus{OrganizationID: "org", Jobs: shown}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &evaluation{batch: &v1alpha1.RecordingExportBatch{}, organization: tt.organization, work: tt.work, state: &batchState{}}
			e.batch.Status.BulkJob, e.state.bulk.jobs = tt.before.DeepCopy(), tt.jobs
			if tt.sealed {
				e.state.sealed = &evidence.Summary{}
			}
			e.summarizeBulkJobs()
			if diff := cmp.Diff(tt.want, e.batch.Status.BulkJob); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
