package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// countRunning counts the jobs that occupy one of the organisation's two places, without those whose ids
// are known.
func (w *bulkWork) countRunning(ctx context.Context, known map[string]bool) (n int, err error) {
	for _, state := range []genesys.BulkState{genesys.BulkPending, genesys.BulkProcessing, genesys.BulkReady} {
		err = genesys.EachPage("list bulk jobs", func(skip int) (int, error) {
			page, err := w.cloud.BulkJobs(ctx, state, skip)
			for _, job := range page.Jobs {
				if w.occupiesPlace(job) && !known[job.ID] {
					n++
				}
			}
			return page.Next, err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// occupiesPlace tells whether a job occupies a place. One that is READY does while it is new, because
// its creator is about to execute it. Nothing is known about an older one, which may be forgotten.
func (w *bulkWork) occupiesPlace(job genesys.BulkJob) bool {
	return job.State.Running() || job.State == genesys.BulkReady && w.clock.Now().Sub(job.Created) < bulk.ListedAfter
}

// isFull tells whether the organisation has as many running jobs as it may, whoever created them. If
// that cannot be found out, it may have.
func (w *bulkWork) isFull(ctx context.Context) bool {
	running, err := w.countRunning(ctx, nil)
	return err != nil || running >= bulk.Limit
}
