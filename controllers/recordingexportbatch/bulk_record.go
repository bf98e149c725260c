package recordingexportbatch

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// bulkRecord is what was recorded about the bulk jobs of a batch. It is read once for each attempt
// at the work.
type bulkRecord struct {
	// jobs are those of each part, by its name, in the order of their attempts.
	jobs map[string][]*bulkJob
	// done is nil until nothing more is expected of bulk jobs.
	done *artifacts.BulkDone
}

// bulkJob is one attempt to have a bulk job, with what became of it.
type bulkJob struct {
	artifacts.BulkAttempt
	// created is nil while it is not known whether there is a job.
	created *artifacts.BulkCreated
	// end is nil until nothing more is expected of the job.
	end *artifacts.BulkEnd
}

// readBulkRecord reads the record of a batch.
func readBulkRecord(ctx context.Context, store archive.Store, batch string) (*bulkRecord, error) {
	r := &bulkRecord{jobs: map[string][]*bulkJob{}}
	attempts, err := artifacts.All[artifacts.BulkAttempt](ctx, store, artifacts.BulkAttemptFolder(batch))
	if err != nil {
		return nil, err
	}
	created, err := artifacts.All[artifacts.BulkCreated](ctx, store, artifacts.BulkCreatedFolder(batch))
	if err != nil {
		return nil, err
	}
	ended, err := artifacts.All[artifacts.BulkEnd](ctx, store, artifacts.BulkEndFolder(batch))
	if err != nil {
		return nil, err
	}
	done, err := artifacts.Get[artifacts.BulkDone](ctx, store, artifacts.BulkDoneKey(batch))
	if err == nil {
		r.done = &done
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	r.add(attempts, created, ended)
	return r, nil
}

// add puts together what was recorded.
func (r *bulkRecord) add(attempts []artifacts.BulkAttempt, created []artifacts.BulkCreated, ended []artifacts.BulkEnd) {
	slices.SortFunc(attempts, func(a, b artifacts.BulkAttempt) int { return cmp.Compare(a.Number, b.Number) })
	for _, attempt := range attempts {
		r.jobs[attempt.Part] = append(r.jobs[attempt.Part], &bulkJob{BulkAttempt: attempt})
	}
	for i := range created {
		if job := r.job(created[i].Part, created[i].Number); job != nil {
			job.created = &created[i]
		}
	}
	for i := range ended {
		if job := r.job(ended[i].Part, ended[i].Number); job != nil {
			job.end = &ended[i]
		}
	}
}

// job returns an attempt, nil if it is not recorded.
func (r *bulkRecord) job(part string, number int) *bulkJob {
	for _, job := range r.jobs[part] {
		if job.Number == number {
			return job
		}
	}
	return nil
}

// last returns the last attempt for a part, nil if there was none.
func (r *bulkRecord) last(part bulk.Part) *bulkJob {
	jobs := r.jobs[part.Name()]
	if len(jobs) == 0 {
		return nil
	}
	return jobs[len(jobs)-1]
}

// failed tells whether the job of a part has failed.
func (r *bulkRecord) failed(part bulk.Part) bool {
	last := r.last(part)
	return last != nil && last.endedBecause(artifacts.BulkFailed)
}

// parts returns the parts of so many conversations that have a job, or are to have one.
func (r *bulkRecord) parts(conversations int) []bulk.Part {
	jobs, _ := bulk.Leaves(bulk.Whole(conversations), genesys.MaxBulkConversations, r.failed)
	return jobs
}

// needsJob tells whether a part needs an attempt.
func (r *bulkRecord) needsJob(part bulk.Part) bool {
	last := r.last(part)
	return last == nil || last.endedBecause(artifacts.BulkVoid) || last.endedBecause(artifacts.BulkRelisted)
}

// all returns all attempts, the earliest first.
func (r *bulkRecord) all() []*bulkJob {
	var all []*bulkJob
	for _, jobs := range r.jobs {
		all = append(all, jobs...)
	}
	slices.SortFunc(all, func(a, b *bulkJob) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Number, b.Number))
	})
	return all
}

// running returns the attempts of which something is expected.
func (r *bulkRecord) running() []*bulkJob {
	return slices.DeleteFunc(r.all(), func(job *bulkJob) bool { return job.end != nil })
}

// endedBecause tells whether nothing more is expected of the job, for this reason.
func (j *bulkJob) endedBecause(why artifacts.BulkWhy) bool { return j.end != nil && j.end.Why == why }

// mayExist tells whether there may be a job of an attempt that has ended.
func (j *bulkJob) mayExist() bool {
	return j.created == nil && j.endedBecause(artifacts.BulkUnfinished) && !j.end.Refused
}

// id returns the id of the job, empty if it is not known.
func (j *bulkJob) id() string {
	if j.created == nil {
		return ""
	}
	return j.created.Job.ID
}

// refusesOnlyScreens tells whether Genesys Cloud has refused a job for screen recordings alone.
func (r *bulkRecord) refusesOnlyScreens() bool {
	return slices.ContainsFunc(r.all(), func(job *bulkJob) bool { return job.end != nil && job.end.RefusesOnlyScreens })
}

// failed returns the recordings that the job could not export, by their refKeys. They are downloaded.
func (j *bulkJob) failed() map[genesys.RecordingRef]bool {
	failed := map[genesys.RecordingRef]bool{}
	for _, ref := range j.end.FailedRecordings {
		failed[refKey(ref)] = true
	}
	return failed
}

// refKey returns a recording in lower case: ids of Genesys Cloud may be in capitals.
func refKey(ref genesys.RecordingRef) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: strings.ToLower(ref.ConversationID), RecordingID: strings.ToLower(ref.RecordingID)}
}

// suspect adds the recordings that jobs could not export: those that jobs list as failed, and those of
// conversations whose own job has failed.
func (r *bulkRecord) suspect(plan bulkPlan, suspects map[genesys.RecordingRef]bool) {
	failed := map[genesys.RecordingRef]bool{}
	for _, job := range r.all() {
		if job.end != nil {
			maps.Copy(failed, job.failed())
		}
	}
	_, alone := bulk.Leaves(bulk.Whole(len(plan.conversations)), genesys.MaxBulkConversations, r.failed)
	for _, part := range alone {
		for _, c := range plan.of(part) {
			for _, ref := range plan.wanted[c.ID] {
				suspects[ref] = true
			}
		}
	}
	for _, refs := range plan.wanted {
		for _, ref := range refs {
			if failed[refKey(ref)] {
				suspects[ref] = true
			}
		}
	}
}

// knownJobs are the ids of the jobs that attempts are known to have created.
func (r *bulkRecord) knownJobs() map[string]bool {
	known := map[string]bool{}
	for _, job := range r.all() {
		known[job.id()] = true
		if job.end != nil {
			known[job.end.JobID] = true
		}
	}
	return known
}
