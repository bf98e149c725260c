package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// stopInterval is the wait before the next evaluation while work is being stopped.
const stopInterval = time.Second

// endJobsKey is the key of the work that ends an export's analytics jobs. It does
// not begin with the prefix of all other work, which is cancelled before it starts.
// No name of Kubernetes has a colon.
func endJobsKey(export types.NamespacedName) string { return export.String() + ":jobs" }

// finalize lets a deleted export go once its analytics jobs at Genesys Cloud are
// ended. What that takes may be gone, or may hang: Intervals.ForcedDeletion after the deletion,
// or at once if it is gone, the export goes all the same, with an event that says
// so. Genesys Cloud expires such jobs by itself. Evidence is not touched.
//
// Nothing here waits for the archive or for Genesys Cloud.
func (r *Reconciler) finalize(ctx context.Context, export *v1alpha1.RecordingExport) (ctrl.Result, error) {
	s := &subject{export: export}
	r.Worker.Pools.CancelInAll(workPrefix(s.name()))
	if !controllerutil.ContainsFinalizer(export, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	out, isGone := r.endJobs(ctx, s)
	left := r.Intervals.ForcedDeletion - r.Clock.Since(export.DeletionTimestamp.Time)
	if !out.IsDone() && !isGone && left > 0 {
		return ctrl.Result{RequeueAfter: min(out.After, left)}, nil
	}
	r.Worker.Pools.CancelInAll(endJobsKey(s.name()))
	if err := r.setFinalizer(ctx, export, false); err != nil {
		return ctrl.Result{}, err
	}
	if !out.IsDone() {
		r.Events.Eventf(export, nil, corev1.EventTypeWarning, "AnalyticsJobLeft", "Release", "%s",
			loop.Note("an analytics job may be left at Genesys Cloud; it expires there by itself, nothing has to be done: "+out.Message))
	}
	return ctrl.Result{}, nil
}

// removeFinalizerIfIdle takes the finalizer away once no analytics job is left. One may be left
// that no survey ended: of a process that was killed, or of a day that is not in
// the window any more.
func (r *Reconciler) removeFinalizerIfIdle(ctx context.Context, s *clients) (outcome.Outcome, error) {
	if !controllerutil.ContainsFinalizer(s.export, v1alpha1.Finalizer) {
		return outcome.Done(), nil
	}
	keys, err := artifacts.Keys(ctx, s.store, artifacts.JobFolder)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if len(keys) > 0 {
		return r.startEndingJobs(s.references), nil
	}
	return outcome.Done(), r.setFinalizer(ctx, s.export, false)
}

// endJobs has the pool end the analytics jobs of an export that does nothing else
// any more. It is done once none is left. isGone tells that what it takes is gone.
func (r *Reconciler) endJobs(ctx context.Context, s *subject) (out outcome.Outcome, isGone bool) {
	if r.states.of(s.export).haveJobsEnded() {
		return outcome.Done(), false
	}
	found, out, err := r.resolveReferences(ctx, s)
	switch {
	case err != nil:
		out = outcome.Of(err, r.Intervals.Retry)
	case !out.IsDone():
		isGone = out.Reason == v1alpha1.ReasonOrganizationNotFound || out.Reason == v1alpha1.ReasonDestinationNotFound ||
			conditions.Reason(&found.organization) == v1alpha1.ReasonSecretNotFound
	case r.hasOwnWork(s.name()):
		out = outcome.Wait(v1alpha1.ReasonSurveying, "stopping the work of the export", stopInterval)
	default:
		out = r.startEndingJobs(found)
	}
	if out.After <= 0 {
		out.After = r.Intervals.Retry
	}
	return out, isGone
}

// startEndingJobs has the pool end the analytics jobs that are noted down.
func (r *Reconciler) startEndingJobs(s *references) outcome.Outcome {
	m := r.states.of(s.export)
	name, organization, destination := s.name(), s.organization.DeepCopy(), s.destination.DeepCopy()
	return r.Worker.Do(name, loop.Task{
		Pool: Pool, Key: endJobsKey(name), Group: s.organizationGroup(), Reason: v1alpha1.ReasonSurveying, Message: "ending its analytics jobs at Genesys Cloud",
		Work: func(ctx context.Context, _ transfer.Try) error {
			store, err := r.Archive(destination, name.Name)
			if err != nil {
				return fmt.Errorf("open archive: %w", err)
			}
			if mine, err := r.isMine(ctx, store); err != nil || !mine {
				m.setJobsEnded(err == nil)
				return err // what is noted down is for the cluster to end that owns the archive
			}
			cloud, err := r.Cloud(ctx, organization, exportspec.SurveyShare(name))
			if err != nil {
				return fmt.Errorf("connect to organisation %s: %w", organization.Name, err)
			}
			if err := endAllJobs(ctx, store, cloud); err != nil {
				return err
			}
			m.setJobsEnded(true)
			return ctx.Err()
		},
	})
}

// isStillEndingJobs reports whether analytics jobs are being ended, which it stops: a
// survey that starts meanwhile could lose the note of its job to that.
func (r *Reconciler) isStillEndingJobs(s *subject) bool {
	key := endJobsKey(s.name())
	r.Worker.Pools.CancelInAll(key)
	if r.Worker.Pools.BusyInAny(key) {
		return true
	}
	r.states.of(s.export).setJobsEnded(false)
	return false
}

// endAllJobs ends the analytics jobs that are noted down.
func endAllJobs(ctx context.Context, store archive.Store, cloud jobEnder) error {
	keys, err := artifacts.Keys(ctx, store, artifacts.JobFolder)
	for _, key := range keys {
		err = errors.Join(err, endJob(ctx, store, cloud, key))
	}
	return err
}
