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
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// busyAgain is before another look at work that is being stopped.
const busyAgain = time.Second

// release lets a deleted export go once its analytics jobs at Genesys Cloud are
// ended. If that cannot be done in time, or what it takes is gone, it lets go all
// the same, and says so: Genesys Cloud expires such jobs by itself. Evidence is
// not touched.
func (r *Reconciler) release(ctx context.Context, export *v1alpha1.RecordingExport) (ctrl.Result, error) {
	s := &scope{export: export}
	work := prefix(s.name())
	r.Worker.Pools.Cancel(work)
	if !controllerutil.ContainsFinalizer(export, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	if r.Worker.Pools.Busy(work) {
		return ctrl.Result{RequeueAfter: busyAgain}, nil
	}
	err := r.endJobs(ctx, s)
	var gone *goneError
	if err != nil && !errors.As(err, &gone) && r.Clock.Since(export.DeletionTimestamp.Time) < r.Pace.Release {
		return ctrl.Result{RequeueAfter: r.Pace.Again}, nil
	}
	if err != nil {
		r.Events.Eventf(export, nil, corev1.EventTypeWarning, "AnalyticsJobLeft", "Release",
			"the analytics job at Genesys Cloud was not ended, and will expire: %v", err)
	}
	return ctrl.Result{}, r.holdOn(ctx, export, false)
}

// goneError tells that what it takes to reach Genesys Cloud is gone.
type goneError struct{ says string }

func (e *goneError) Error() string { return e.says }

// letGo takes the finalizer away once no analytics job is left. One may be left
// of a survey that nobody wants any more, because the window got an end before it.
func (r *Reconciler) letGo(ctx context.Context, s *scope) error {
	if !controllerutil.ContainsFinalizer(s.export, v1alpha1.Finalizer) || r.Worker.Pools.Busy(prefix(s.name())+surveyWorks) {
		return nil
	}
	if err := s.endJobs(ctx); err != nil {
		return err
	}
	return r.holdOn(ctx, s.export, false)
}

// endJobs finds the way to Genesys Cloud, and ends the analytics jobs of the export.
func (r *Reconciler) endJobs(ctx context.Context, s *scope) error {
	out, err := r.find(ctx, s)
	switch {
	case err != nil || out.IsDone():
	case out.Reason == v1alpha1.ReasonOrganizationNotFound, out.Reason == v1alpha1.ReasonDestinationNotFound,
		conditions.Reason(&s.organization) == v1alpha1.ReasonSecretNotFound:
		err = &goneError{out.Message}
	default:
		err = errors.New(out.Message)
	}
	if err == nil {
		_, err = r.connect(ctx, s)
	}
	if err != nil {
		return err
	}
	return s.endJobs(ctx)
}

// endJobs ends the analytics jobs that are noted down.
func (s *scope) endJobs(ctx context.Context) error {
	keys, err := artifacts.Keys(ctx, s.store, artifacts.JobFolder)
	for _, key := range keys {
		err = errors.Join(err, endJob(ctx, s.store, s.cloud, key))
	}
	return err
}
