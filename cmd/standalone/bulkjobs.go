package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// stateFailed is the state of a recording bulk job that failed, as Genesys Cloud calls it.
const stateFailed = "FAILED"

// seenJobs are the recording bulk jobs of an export that this program has seen, by their batches and
// when they were created: the status of a batch shows only the latest ones.
type seenJobs map[string]v1alpha1.BulkJobEntry

// add adds the jobs of a batch.
func (s seenJobs) add(batch *v1alpha1.RecordingExportBatch) {
	if batch.Status.BulkJob == nil {
		return
	}
	for _, job := range batch.Status.BulkJob.Jobs {
		s[fmt.Sprint(batch.Name, job.Part, job.CreateTime.UnixNano())] = job
	}
}

// String returns how many jobs there are, and how many of them failed.
func (s seenJobs) String() string {
	failed := 0
	for _, job := range s {
		if job.State == stateFailed {
			failed++
		}
	}
	text := words.Count(len(s), "recording bulk job")
	if failed > 0 {
		text += fmt.Sprintf(", %d of them failed", failed)
	}
	return text
}

// laneJobs is how the recording bulk jobs of the batches of one lane are doing.
type laneJobs struct {
	// states are those of the jobs that have not ended.
	states []string
	// queued is how many batches wait for a job, and position is the first place of one of them.
	queued   int
	position int32
}

// add adds a batch in progress.
func (j *laneJobs) add(batch *v1alpha1.RecordingExportBatch) {
	status := batch.Status.BulkJob
	if status == nil {
		return
	}
	for _, job := range status.Jobs {
		if !job.Ended {
			j.states = append(j.states, job.State)
		}
	}
	if status.QueuePosition > 0 {
		j.queued++
		if j.position == 0 || status.QueuePosition < j.position {
			j.position = status.QueuePosition
		}
	}
}

// String describes the jobs, and the place in the queue; it is empty if there is nothing to tell.
func (j *laneJobs) String() string {
	var parts []string
	if len(j.states) > 0 {
		slices.Sort(j.states)
		parts = append(parts, words.Count(len(j.states), "bulk job")+" ("+strings.Join(j.states, ", ")+")")
	}
	if j.queued > 0 {
		parts = append(parts, fmt.Sprintf("%s queued for a bulk job, position %d", words.Count(j.queued, "batch"), j.position))
	}
	return strings.Join(parts, "; ")
}

// runningJobs describes the jobs of all batches of an export that are in progress.
func runningJobs(v snapshot) string {
	var all laneJobs
	for i := range v.batches {
		if v.batches[i].Status.Bag == nil {
			all.add(&v.batches[i])
		}
	}
	return all.String()
}

// noteJobs prints how many recording bulk jobs the export had, if it had any.
func noteJobs(out *screen, v snapshot) {
	if len(v.jobs) > 0 {
		out.note("  %s", v.jobs)
	}
}

// noteReferenced prints what of the archive is in buckets outside it.
func noteReferenced(out *screen, account evidence.Account) {
	for _, r := range account.Referenced {
		out.note("  Outside the archive, in s3://%s: %s in %s, %s. Keep the bucket as long as the archive.",
			r.Bucket, words.Count(r.Recordings, "recording"), words.Count(r.Files, "file"), words.Bytes(r.Bytes))
	}
}
