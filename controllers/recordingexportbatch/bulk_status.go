package recordingexportbatch

import (
	"cmp"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
)

// summarizeBulkJobs computes what the status says about bulk jobs. A batch has a place in the queue only if
// its work said so last. Since when it waits stays until it does other work, so that neither a restart nor
// an organisation that cannot be used for a moment sends it to the end of the queue.
func (e *evaluation) summarizeBulkJobs() {
	before := e.batch.Status.BulkJob
	if e.organization == "" && before == nil || e.state != nil && len(e.state.bulk.jobs) == 0 && e.work.queued == nil && before == nil {
		return
	}
	now := &v1alpha1.BulkJobStatus{OrganizationID: e.organization}
	if before != nil {
		now.OrganizationID, now.Jobs = cmp.Or(e.organization, before.OrganizationID), before.Jobs
	}
	if e.state != nil && len(e.state.bulk.jobs) > 0 { // that of a sealed batch has none
		now.Jobs = e.state.bulk.jobs
	}
	if before != nil && (!e.work.started || e.work.beginsBulkJobs) && !e.foundFinished() {
		now.WaitingSince = before.WaitingSince
	}
	if queued := e.work.queued; queued != nil {
		now.WaitingSince, now.QueuePosition = &metav1.Time{Time: queued.since}, int32(queued.position) //nolint:gosec // at most the number of batches
	}
	e.batch.Status.BulkJob = now
}

// bulkStep returns the step of a batch's bulk jobs, nothing if it has none.
func (e *evaluation) bulkStep(finished bool, state *batchState) []loop.Step {
	if !e.hasBulkJobs {
		return nil
	}
	return []loop.Step{{
		Condition: v1alpha1.ConditionBulkExported, Succeeded: finished || state.outcome != nil || state.bulk.done,
		Message: cmp.Or(state.bulk.detail, e.saidOfBulkJobs(finished), "nothing more is expected of recording bulk jobs"),
	}}
}

// saidOfBulkJobs returns what the condition said before the bag was sealed. Nothing that is read later
// tells it.
func (e *evaluation) saidOfBulkJobs(finished bool) string {
	said := meta.FindStatusCondition(e.batch.Status.Conditions, v1alpha1.ConditionBulkExported)
	if !finished || said == nil || said.Status != metav1.ConditionTrue {
		return ""
	}
	return said.Message
}
