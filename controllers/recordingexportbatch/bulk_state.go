package recordingexportbatch

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// bulkState is what the archive proves about the bulk jobs of a batch.
type bulkState struct {
	// done tells that nothing more is expected of them, and detail what went wrong.
	done   bool
	detail string
	// jobs are the latest ones, as the status shows them.
	jobs []v1alpha1.BulkJobEntry
}

// maxJobsShown is how many jobs the status shows. Those that are running are always among them: an
// organisation has at most two.
const maxJobsShown = 16

// The states of jobs in the status that are not those of Genesys Cloud.
const (
	jobUnknown    = "Unknown"
	jobCreated    = "Created"
	jobNotCreated = "NotCreated"
)

// summary returns the state that the record proves. It may be nil.
func (r *bulkRecord) summary() bulkState {
	if r == nil {
		return bulkState{}
	}
	s := bulkState{done: r.done != nil}
	if s.done {
		s.detail = r.done.Detail
	}
	jobs := append(slices.DeleteFunc(r.all(), func(job *bulkJob) bool { return job.end == nil }), r.running()...)
	for _, job := range jobs[max(0, len(jobs)-maxJobsShown):] {
		s.jobs = append(s.jobs, v1alpha1.BulkJobEntry{
			Part: job.Part, ID: job.id(), State: job.state(), CreateTime: metav1.Time{Time: job.At}, Ended: job.end != nil,
		})
	}
	return s
}

// state returns the state of a job, as far as it is recorded.
func (j *bulkJob) state() string {
	switch {
	case j.mayExist():
		return jobUnknown
	case j.created == nil && j.end != nil:
		return jobNotCreated
	case j.end != nil && j.end.State != "":
		return string(j.end.State)
	case j.created != nil:
		return jobCreated
	default:
		return jobUnknown
	}
}

// notExported returns the wanted recordings that no bulk job has exported.
func (a *batchArtifacts) notExported() []genesys.RecordingRef {
	exported := map[genesys.RecordingRef]bool{}
	for _, f := range a.files {
		if f.ByBulkJob {
			exported[refOf(f)] = true
		}
	}
	return slices.DeleteFunc(a.inventory.Wanted(), func(ref genesys.RecordingRef) bool { return exported[ref] })
}

// keepSeen keeps the states of running jobs as Genesys Cloud told them, which are not recorded.
func (s *bulkState) keepSeen(before []v1alpha1.BulkJobEntry) {
	for i := range s.jobs {
		for _, job := range before {
			if s.jobs[i].ID == job.ID && !s.jobs[i].Ended {
				s.jobs[i].State = job.State
			}
		}
	}
}
