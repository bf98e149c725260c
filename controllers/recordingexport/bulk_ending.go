package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/bulkjobs"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// bulkJobEnder ends recording bulk jobs.
type bulkJobEnder interface {
	bulkjobs.Lister
	BulkJob(ctx context.Context, jobID string) (genesys.BulkJob, error)
	CancelBulkJob(ctx context.Context, job genesys.Ticket) error
}

// hasBulkJobs tells whether bulk jobs export the recordings of an export.
func hasBulkJobs(export *v1alpha1.RecordingExport) bool {
	return export.Spec.Delivery.Mode == v1alpha1.DeliveryBulkJob
}

// bulkEnding ends the recording bulk jobs of the batches of one export that does nothing else any
// more. What it records lets a batch that resumes make another attempt.
type bulkEnding struct {
	process
	store archive.Store
	cloud bulkJobEnder
	// listedAfter is how long after its attempt a job may be missing in the list of jobs.
	listedAfter time.Duration
}

// endAll ends every job that may be running.
func (e bulkEnding) endAll(ctx context.Context) error {
	all, err := artifacts.All[artifacts.BulkRunning](ctx, e.store, artifacts.BulkRunningFolder)
	for _, running := range all {
		err = errors.Join(err, e.end(ctx, running))
	}
	return err
}

// end ends one job. If no attempt is recorded it records one without a request, so that a process
// which led before makes none.
func (e bulkEnding) end(ctx context.Context, running artifacts.BulkRunning) error {
	attempt, err := artifacts.Put(ctx, e.store, artifacts.BulkAttemptKey(running.Batch, running.Part, running.Number),
		artifacts.BulkAttempt{Stamp: e.stamp(), Part: running.Part, Number: running.Number})
	if err != nil {
		return err
	}
	job, err := e.jobOf(ctx, running, attempt)
	if err != nil {
		return err
	}
	if job.ID == "" {
		return e.record(ctx, running, artifacts.BulkEnd{Why: artifacts.BulkVoid, Detail: "no job was created"})
	}
	now, err := e.cloud.BulkJob(ctx, job.ID)
	switch {
	case genesys.KindOf(err) == genesys.KindNotFound && e.clock.Now().Sub(attempt.At) < e.listedAfter:
		return fmt.Errorf("it is not known yet whether recording bulk job %s of batch %s, part %s, exists: Genesys Cloud may not know a new job", job.ID, running.Batch, running.Part)
	case err != nil && genesys.KindOf(err) != genesys.KindNotFound:
		return err
	case now.State == genesys.BulkFulfilled, now.State == genesys.BulkFailed:
		return e.forget(ctx, running) // the batch takes in what the job has exported
	case now.State != genesys.BulkCancelled: // a process that ended could have cancelled it without recording that
		if err := e.cloud.CancelBulkJob(ctx, job); err != nil {
			return err
		}
	}
	return e.record(ctx, running, artifacts.BulkEnd{
		JobID: job.ID, Why: artifacts.BulkVoid, State: genesys.BulkCancelled, Totals: now.Totals, Detail: "the export was suspended, cancelled or deleted",
	})
}

// record records the end of a job, unless another one is recorded.
func (e bulkEnding) record(ctx context.Context, running artifacts.BulkRunning, end artifacts.BulkEnd) error {
	end.Stamp, end.Part, end.Number = e.stamp(), running.Part, running.Number
	if _, err := artifacts.Put(ctx, e.store, artifacts.BulkEndKey(running.Batch, running.Part, running.Number), end); err != nil {
		return err
	}
	return e.forget(ctx, running)
}

func (e bulkEnding) forget(ctx context.Context, running artifacts.BulkRunning) error {
	return e.store.Remove(ctx, artifacts.BulkRunningKey(running.Batch, running.Part, running.Number))
}

// jobOf returns the job of an attempt, without an id if there is none. It is an error if that is not
// known yet.
func (e bulkEnding) jobOf(ctx context.Context, running artifacts.BulkRunning, attempt artifacts.BulkAttempt) (genesys.Ticket, error) {
	created, err := artifacts.Get[artifacts.BulkCreated](ctx, e.store, artifacts.BulkCreatedKey(running.Batch, running.Part, running.Number))
	if !errors.Is(err, fs.ErrNotExist) {
		return created.Job, err
	}
	known, err := e.knownJobs(ctx, running.Batch)
	if err != nil {
		return genesys.Ticket{}, err
	}
	settling := bulkjobs.Settling{Cloud: e.cloud, Known: known, ListedAfter: e.listedAfter, Now: e.clock.Now()}
	verdict, id, err := settling.Settle(ctx, attempt)
	switch {
	case err != nil:
		return genesys.Ticket{}, err
	case verdict == bulk.Created:
		return genesys.Ticket{ID: id, ClientID: attempt.ClientID}, nil
	case verdict == bulk.NotCreated:
		return genesys.Ticket{}, nil
	default:
		return genesys.Ticket{}, fmt.Errorf("it is not known yet whether Genesys Cloud has created the recording bulk job of batch %s, part %s", running.Batch, running.Part)
	}
}

// knownJobs are the ids of the jobs that attempts of a batch are known to have created.
func (e bulkEnding) knownJobs(ctx context.Context, batch string) (map[string]bool, error) {
	created, err := artifacts.All[artifacts.BulkCreated](ctx, e.store, artifacts.BulkCreatedFolder(batch))
	if err != nil {
		return nil, err
	}
	ended, err := artifacts.All[artifacts.BulkEnd](ctx, e.store, artifacts.BulkEndFolder(batch))
	known := map[string]bool{}
	for _, job := range created {
		known[job.Job.ID] = true
	}
	for _, job := range ended {
		known[job.JobID] = true
	}
	return known, err
}

// shownRunning returns the ids of the export's bulk jobs that the status of its batches shows as running.
func (j *jobEnding) shownRunning(ctx context.Context, export *v1alpha1.RecordingExport) (ids []string) {
	batches, err := existingBatches{j.references.client}.list(ctx, export)
	if err != nil {
		return nil // the note names none then
	}
	for _, batch := range batches {
		if batch.Status.BulkJob == nil || batch.IsFinished() {
			continue
		}
		for _, job := range batch.Status.BulkJob.Jobs {
			if job.ID != "" && !job.Ended {
				ids = append(ids, job.ID)
			}
		}
	}
	return ids
}

// leftNote says which bulk jobs may be left at Genesys Cloud. Its last words introduce the reason.
func leftNote(ids []string) string {
	which := "list its jobs (GET /api/v2/recording/jobs)"
	if len(ids) > 0 {
		which = "look for " + strings.Join(ids, ", ")
	}
	return "a recording bulk job may be left at Genesys Cloud, where it counts against the two that the organisation may have: " + which +
		" and cancel it (DELETE /api/v2/recording/jobs/{jobId}); the operator could not: "
}
