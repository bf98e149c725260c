package recordingexport

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// handleRequests acts upon the requests that annotations make: to cancel the export, and
// to retry. A retry has the pools try again at once whatever has failed.
func (r *Reconciler) handleRequests(_ context.Context, s *subject) (outcome.Outcome, error) {
	status := &s.export.Status
	cancel, cancelNew := loop.Request(s.export, v1alpha1.AnnotationCancel, status.LastCancelRequest)
	retry, retryNew := loop.Request(s.export, v1alpha1.AnnotationRetry, status.LastRetryRequest)
	if cancelNew {
		status.LastCancelRequest = cancel
		status.Cancelled = !s.isFinished()
	}
	if !retryNew || cancelNew && !isLater(retry, cancel) {
		return outcome.Done(), nil
	}
	status.Cancelled = false
	s.retry = retry
	if r.states.of(s.export).isNewRetry(retry) {
		r.Worker.Pools.RetryInAll(workPrefix(s.name()))
	}
	if status.Seal == nil {
		s.acceptRetry()
	}
	return outcome.Done(), nil
}

// retryCommand is what a person runs to have an export retried at once.
func retryCommand(export *v1alpha1.RecordingExport) string {
	return fmt.Sprintf("kubectl annotate rex %s -n %s --overwrite %s=$(date -u +%%FT%%TZ)", export.Name, export.Namespace, v1alpha1.AnnotationRetry)
}

// lastRequest is the last retry request, whether or not it was accepted already.
func (s *subject) lastRequest() string { return cmp.Or(s.retry, s.export.Status.LastRetryRequest) }

// acceptRetry notes that a retry was acted upon.
func (s *subject) acceptRetry() {
	s.export.Status.LastRetryRequest, s.retry = s.retry, ""
}

// isLater reports whether one request was made after another. Unless both are
// instants there is no telling.
func isLater(one, other string) bool {
	a, errA := time.Parse(time.RFC3339, one)
	b, errB := time.Parse(time.RFC3339, other)
	return errA == nil && errB == nil && a.After(b)
}

// isFinished reports whether the export has ended: all of it is sealed, and nothing more
// will come. Then nothing that it refers to is needed, whatever is edited: all that
// decides what is exported is fixed, and an edit of the rest has nothing to act upon
// but the batches that are kept.
func (s *subject) isFinished() bool {
	return s.export.Status.CompletionTime != nil && !exportspec.IsContinuous(s.export.Spec)
}

// skipIfFinished ends the evaluation of an export that is finished, but for deleting batches.
func (r *Reconciler) skipIfFinished(ctx context.Context, s *subject) (outcome.Outcome, error) {
	if !s.isFinished() || s.retry != "" {
		return outcome.Done(), nil
	}
	s.ended = true
	if s.export.Status.Batches.Planned == 0 {
		return outcome.Done(), nil
	}
	batches, err := r.listBatches(ctx, s.export)
	if err == nil {
		err = r.prune(ctx, s, nil, batches)
	}
	return outcome.Done(), err
}

// checkSuspended stops here while the export is suspended or cancelled: it needs nothing then
// but what it takes to end its analytics jobs at Genesys Cloud.
func (r *Reconciler) checkSuspended(ctx context.Context, s *subject) (outcome.Outcome, error) {
	var out outcome.Outcome
	switch {
	case s.export.Status.Cancelled:
		out = outcome.Stall(v1alpha1.ReasonCancelled, "the export was cancelled; to resume it: "+retryCommand(s.export), 0)
	case s.export.Spec.Suspend && s.export.Status.CompletionTime == nil:
		out = outcome.Wait(v1alpha1.ReasonSuspended, "spec.suspend is true", 0)
	default:
		return outcome.Done(), nil
	}
	r.cancelOwnWork(s.name())
	if !controllerutil.ContainsFinalizer(s.export, v1alpha1.Finalizer) {
		return out, nil
	}
	ending, _ := r.endJobs(ctx, s)
	if ending.IsDone() {
		return out, r.setFinalizer(ctx, s.export, false)
	}
	out.After = ending.After
	out.Message = fmt.Sprintf("%s; its analytics jobs at Genesys Cloud are not ended yet: %s", out.Message, ending.Message)
	return out, nil
}
