package recordingexport

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// heed acts upon the requests that annotations make: to give the export up, and
// to try everything again.
func (r *Reconciler) heed(_ context.Context, s *scope) (outcome.Outcome, error) {
	status := &s.export.Status
	cancel, cancelNew := loop.Request(s.export, v1alpha1.AnnotationCancel, status.LastCancelRequest)
	retry, retryNew := loop.Request(s.export, v1alpha1.AnnotationRetry, status.LastRetryRequest)
	if cancelNew {
		status.LastCancelRequest = cancel
		status.Cancelled = !s.rests()
	}
	if !retryNew || cancelNew && !later(retry, cancel) {
		return outcome.Done(), nil
	}
	status.Cancelled = false
	if s.retry = retry; status.Seal == nil {
		s.acceptRetry()
		r.Worker.Pools.Retry(prefix(s.name()))
	}
	return outcome.Done(), nil
}

// acceptRetry notes that a retry was acted upon.
func (s *scope) acceptRetry() {
	s.export.Status.LastRetryRequest, s.retry = s.retry, ""
}

// later tells whether one request was made after another. Unless both are
// instants there is no telling.
func later(one, other string) bool {
	a, errA := time.Parse(time.RFC3339, one)
	b, errB := time.Parse(time.RFC3339, other)
	return errA == nil && errB == nil && a.After(b)
}

// rests tells whether the export had ended when it was last looked at: all of it
// is sealed, and nothing more will come. Then nothing that it refers to is needed.
func (s *scope) rests() bool {
	return s.export.Status.CompletionTime != nil && s.export.Status.ObservedGeneration == s.export.Generation && !exportspec.Follows(s.export.Spec)
}

// rest ends the look at an export that rests, but for deleting batches.
func (r *Reconciler) rest(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if !s.rests() || s.retry != "" {
		return outcome.Done(), nil
	}
	s.ended = true
	if s.export.Status.Batches.Planned == 0 {
		return outcome.Done(), nil
	}
	err := r.list(ctx, s)
	if err == nil {
		err = r.prune(ctx, s)
	}
	return outcome.Done(), err
}

// mayGo stops here while the export is suspended, or once it is given up. Nothing
// of it is left running at Genesys Cloud then.
func (r *Reconciler) mayGo(ctx context.Context, s *scope) (outcome.Outcome, error) {
	var out outcome.Outcome
	switch {
	case s.export.Status.Cancelled:
		out = outcome.Stall(v1alpha1.ReasonCancelled, "the export was cancelled; annotate it with "+v1alpha1.AnnotationRetry+" to take it up again", 0)
	case s.export.Spec.Suspend && s.export.Status.CompletionTime == nil:
		out = outcome.Wait(v1alpha1.ReasonSuspended, "spec.suspend is true", 0)
	default:
		return outcome.Done(), nil
	}
	work := prefix(s.name())
	r.Worker.Pools.Cancel(work)
	if !controllerutil.ContainsFinalizer(s.export, v1alpha1.Finalizer) {
		return out, nil
	}
	if r.Worker.Pools.Busy(work) {
		out.After = busyAgain
		return out, nil
	}
	if err := r.endJobs(ctx, s); err != nil {
		out.After = r.Pace.Again
		out.Message = fmt.Sprintf("%s; its analytics job at Genesys Cloud is still to be ended: %v", out.Message, err)
		return out, nil
	}
	return out, r.holdOn(ctx, s.export, false)
}
