package recordingexportbatch

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// queuedBatch is a batch that waits since some minutes, and has jobs.
func queuedBatch(namespace string, minutes int, jobs ...v1alpha1.BulkJobEntry) *v1alpha1.RecordingExportBatch {
	batch := &v1alpha1.RecordingExportBatch{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "b", UID: types.UID("uid of " + namespace)},
		Spec:       v1alpha1.RecordingExportBatchSpec{ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneStandard},
		Status:     v1alpha1.RecordingExportBatchStatus{BulkJob: &v1alpha1.BulkJobStatus{OrganizationID: organizationID, Jobs: jobs}},
	}
	if minutes > 0 {
		conditions.Reconciling(batch, v1alpha1.ReasonBulkJobQueued, "waits")
		batch.Status.BulkJob.WaitingSince = &metav1.Time{Time: bulkDay.Add(time.Duration(-minutes) * time.Minute)}
	}
	return batch
}

// TestTheQueueFollowsFromTheStatus: of all batches of the organisation, whatever their namespace.
func TestTheQueueFollowsFromTheStatus(t *testing.T) {
	running := v1alpha1.BulkJobEntry{Part: "0-1", ID: "running", State: "READY", CreateTime: metav1.Time{Time: bulkDay}}
	ended := v1alpha1.BulkJobEntry{Part: "0-1", ID: "ended", State: "FULFILLED", CreateTime: metav1.Time{Time: bulkDay}, Ended: true}
	elsewhere := queuedBatch("elsewhere", 99, running)
	elsewhere.Status.BulkJob.OrganizationID = "another"
	stopped := func(batch *v1alpha1.RecordingExportBatch, reason string) *v1alpha1.RecordingExportBatch {
		conditions.Stalled(batch, reason, "it does not work")
		return batch
	}
	tests := map[string]struct {
		others   []*v1alpha1.RecordingExportBatch
		own      []*bulkJob
		foreign  int
		position int
	}{
		"alone":                              {},
		"one other waits longer":             {others: []*v1alpha1.RecordingExportBatch{queuedBatch("a", 9)}},
		"two others wait longer":             {others: []*v1alpha1.RecordingExportBatch{queuedBatch("a", 9), queuedBatch("c", 8)}, position: 3},
		"one job runs, one waits longer":     {others: []*v1alpha1.RecordingExportBatch{queuedBatch("a", 9), queuedBatch("c", 0, running)}, position: 2},
		"a job that has ended does not":      {others: []*v1alpha1.RecordingExportBatch{queuedBatch("a", 9), queuedBatch("c", 0, ended)}},
		"two jobs of others run":             {foreign: 2, position: 1},
		"of another organisation":            {others: []*v1alpha1.RecordingExportBatch{elsewhere, queuedBatch("a", 9)}},
		"its own job runs, and another's":    {own: []*bulkJob{{}}, foreign: 1, position: 1},
		"its own job has ended":              {own: []*bulkJob{{end: &artifacts.BulkEnd{State: genesys.BulkFulfilled}}}, foreign: 1},
		"one that cannot take its turn":      {others: []*v1alpha1.RecordingExportBatch{stopped(queuedBatch("a", 9), v1alpha1.ReasonCredentialsRejected), queuedBatch("c", 8)}},
		"its job counts":                     {others: []*v1alpha1.RecordingExportBatch{stopped(queuedBatch("a", 9, running), v1alpha1.ReasonCredentialsRejected), queuedBatch("c", 8)}, position: 2},
		"one that was cancelled":             {others: []*v1alpha1.RecordingExportBatch{stopped(queuedBatch("a", 9, running), v1alpha1.ReasonCancelled), queuedBatch("c", 8)}},
		"a namespace without a job is first": {others: []*v1alpha1.RecordingExportBatch{queuedBatch("a", 9, running)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := v1alpha1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			own := queuedBatch("legal", 5)
			builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(own)
			for _, other := range tt.others {
				builder = builder.WithObjects(other)
			}
			turns := &bulkTurns{client: builder.Build(), clock: clocktesting.NewFakePassiveClock(bulkDay)}
			b := &connectedBatch{loadedBatch: loadedAs(nil), connection: connection{organization: organizationID}}
			b.batch = own
			queue, err := turns.queueOf(t.Context(), b, tt.own)
			if err != nil {
				t.Fatal(err)
			}
			position := 0
			if err := queue.check(tt.foreign); err != nil {
				position = err.(*queuedError).position //nolint:errorlint // it panics if not
			}
			if position != tt.position || !queue.since.Equal(own.Status.BulkJob.WaitingSince.Time) {
				t.Errorf("position %d since %v", position, queue.since)
			}
		})
	}
}

// TestOneJobIsCreatedAtATime in an organisation.
func TestOneJobIsCreatedAtATime(t *testing.T) {
	turns := &bulkTurns{}
	release, reserved := turns.reserve("a")
	if _, again := turns.reserve("a"); !reserved || again {
		t.Errorf("reserved %v, again %v", reserved, again)
	}
	if _, other := turns.reserve("b"); !other {
		t.Error("another organisation has to wait")
	}
	release()
	if _, again := turns.reserve("a"); !again {
		t.Error("it stays reserved")
	}
}

// TestACreatedJobCountsBeforeAnyStatusShowsIt, also once it is READY and not listed as running. It is
// forgotten once the status shows it, or its batch is gone or stopped.
func TestACreatedJobCountsBeforeAnyStatusShowsIt(t *testing.T) {
	batch := types.UID("of the job")
	job := createdJob{organizationID, batch, bulk.Started{Owner: bulk.Owner{Namespace: "a"}, At: bulkDay}}
	tests := map[string]struct {
		organization  string
		own           types.UID
		shown, works  bool
		counts, stays bool
	}{
		"counts":                  {organizationID, "another", false, true, true, true},
		"of the batch that looks": {organizationID, batch, false, true, false, true},
		"another organisation":    {"another", "another", false, true, false, true},
		"shown":                   {organizationID, "another", true, true, false, false},
		"of a batch that is gone": {organizationID, "another", false, false, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			turns, q := &bulkTurns{}, &bulkQueue{ids: map[string]bool{"1": tt.shown}}
			turns.remember("1", job)
			turns.addRemembered(q, tt.organization, tt.own, map[types.UID]bool{batch: tt.works})
			if (len(q.started) == 1) != tt.counts || (len(turns.created) == 1) != tt.stays {
				t.Errorf("counted %v, remembered %v", q.started, turns.created)
			}
		})
	}
}
