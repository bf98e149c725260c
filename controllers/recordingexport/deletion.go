package recordingexport

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
)

// deletion lets a deleted export go once its jobs at Genesys Cloud are ended. What
// that takes may be gone, or may hang: limit after the deletion, or at once if it is gone, the
// export is still deleted, with an event that says so. Genesys Cloud expires analytics jobs by
// itself. Evidence is not touched.
type deletion struct {
	clock      clock.Clock
	events     events.EventRecorder
	pool       exportPool
	finalizers finalizers
	jobs       jobEnding
	// limit is the longest time between the deletion and the removal of the finalizer.
	limit time.Duration
}

// cancelWork stops all work for an export that is gone.
func (d *deletion) cancelWork(export types.NamespacedName) {
	d.pool.cancelWithBatches(export)
	d.jobs.cancelEnding(export)
}

// finalize evaluates an export that is being deleted. It waits neither for the archive nor for
// Genesys Cloud.
func (d *deletion) finalize(ctx context.Context, export *v1alpha1.RecordingExport) (ctrl.Result, error) {
	s := &subject{export: export}
	d.pool.cancelWithBatches(s.name())
	if !d.finalizers.isSet(export) {
		return ctrl.Result{}, nil
	}
	out, isGone := d.jobs.endJobs(ctx, s)
	left := d.limit - d.clock.Since(export.DeletionTimestamp.Time)
	if !out.IsDone() && !isGone && left > 0 {
		return ctrl.Result{RequeueAfter: min(out.After, left)}, nil
	}
	d.jobs.cancelEnding(s.name())
	if err := d.finalizers.removeFrom(ctx, export); err != nil {
		return ctrl.Result{}, err
	}
	if !out.IsDone() && hasBulkJobs(export) {
		d.events.Eventf(export, nil, corev1.EventTypeWarning, v1alpha1.ReasonBulkJobLeft, "Finalize", "%s",
			loop.Note(leftNote(d.jobs.shownRunning(ctx, export))+out.Message))
		return ctrl.Result{}, nil
	}
	if !out.IsDone() {
		d.events.Eventf(export, nil, corev1.EventTypeWarning, v1alpha1.ReasonAnalyticsJobLeft, "Finalize", "%s",
			loop.Note("an analytics job may be left at Genesys Cloud; it expires there by itself, nothing has to be done: "+out.Message))
	}
	return ctrl.Result{}, nil
}
