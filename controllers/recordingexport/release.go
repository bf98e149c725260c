package recordingexport

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// release lets a deleted export go once its analytics jobs at Genesys Cloud are
// ended. If that cannot be done in time it lets go all the same, and says so:
// Genesys Cloud expires such jobs by itself. Evidence is not touched.
func (r *Reconciler) release(ctx context.Context, export *v1alpha1.RecordingExport) (ctrl.Result, error) {
	s := &scope{export: export}
	work := prefix(s.name())
	r.Worker.Pools.Cancel(work)
	if !controllerutil.ContainsFinalizer(export, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	if r.Worker.Pools.Busy(work) {
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	err := r.endJob(ctx, s)
	if err != nil && r.Clock.Since(export.DeletionTimestamp.Time) < r.Pace.Release {
		return ctrl.Result{RequeueAfter: r.Pace.Again}, nil
	}
	if err != nil {
		r.Events.Eventf(export, nil, corev1.EventTypeWarning, "AnalyticsJobLeft", "Release",
			"gave up ending the analytics job at Genesys Cloud, which will expire: %v", err)
	}
	return ctrl.Result{}, r.holdOn(ctx, export, false)
}

// endJob ends the analytics job of the export, of which there is one at most:
// that of the day to be surveyed next.
func (r *Reconciler) endJob(ctx context.Context, s *scope) error {
	out, err := r.find(ctx, s)
	if err == nil && !out.IsDone() {
		err = errors.New(out.Message)
	}
	if err == nil {
		_, err = r.connect(ctx, s)
	}
	if err != nil {
		return err
	}
	b := r.bookOf(s.export)
	if err := b.read(ctx, s.store); err != nil {
		return err
	}
	round, at, more := b.next()
	if !more {
		return nil
	}
	return endJob(ctx, s.store, s.cloud, artifacts.JobKey(round, at))
}
