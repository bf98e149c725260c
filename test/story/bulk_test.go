package story

import (
	"net/http"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/test/world"
)

// bulkStory is a story in which bulk jobs export into a bucket of the organisation.
type bulkStory struct {
	*story
	recordings *s3server.Server
}

// newBulkStory makes the bucket and everything that an export refers to.
func newBulkStory(t *testing.T, change func(*simulator.Options)) *bulkStory {
	t.Helper()
	server := world.StartBucket(t)
	w := &bulkStory{newStory(t, func(o *simulator.Options) {
		world.ExportTo(server)(o)
		if change != nil {
			change(o)
		}
	}), server}
	w.openReferenced = openObject(server)
	w.CreateReferences()
	w.Create(w.BucketSecret())
	return w
}

// bulkExport is an export that bulk jobs deliver.
func (w *bulkStory) bulkExport(change func(*v1alpha1.RecordingExportSpec)) *v1alpha1.RecordingExport {
	return w.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.Delivery = w.BulkDelivery(w.recordings, false)
		if change != nil {
			change(spec)
		}
	})
}

// expectNoJobLeft: every bulk job has ended.
func (w *bulkStory) expectNoJobLeft() {
	w.Helper()
	for _, job := range w.Sim.BulkJobs() {
		if !job.Ended() {
			w.Errorf("bulk job %s is %s", job.ID, job.State)
		}
	}
}

// failedJobs counts the bulk jobs that failed.
func (w *bulkStory) failedJobs() (n int) {
	for _, job := range w.Sim.BulkJobs() {
		if job.State == "FAILED" {
			n++
		}
	}
	return n
}

// TestBulkJobs: everything of a day is exported by bulk jobs into the bucket, and copied into the archive.
func TestBulkJobs(t *testing.T) {
	w := newBulkStory(t, nil)
	w.Start()
	export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) { spec.Delivery.BulkJob.Copy = true })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if n := w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK); n > 0 {
		t.Errorf("%d media were downloaded", n)
	}
	if n := w.failedJobs(); n > 0 {
		t.Errorf("%d bulk jobs failed", n)
	}
	w.expectNoJobLeft()
}

// TestNoJobsForScreensAlone: the organisation cannot give a date to screen recordings alone. A job about those
// under hold is about the calls of their conversations, too, and fails. Everything is exported.
func TestNoJobsForScreensAlone(t *testing.T) {
	w := newBulkStory(t, func(o *simulator.Options) { o.OnlyScreenJobs = simulator.QuirkOff })
	w.Start()
	export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) { spec.Delivery.BulkJob.Copy = true })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if refused := w.Sim.Journal().Count(simulator.RouteJobSubmit, http.StatusNotImplemented); refused == 0 || w.failedJobs() == 0 {
		t.Errorf("%d bulk jobs were refused, %d failed", refused, w.failedJobs())
	}
	w.expectNoJobLeft()
}
