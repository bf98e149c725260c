package recordingexport

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// maxAhead is how many slices may wait for a batch before the survey pauses, so
// that what it found is not too old by the time it is fetched.
const maxAhead = 500

// survey asks for the conversations of the window, a UTC day at a time.
func (r *Reconciler) survey(ctx context.Context, s *scope) (outcome.Outcome, error) {
	number, at, more := s.book.next()
	if !more {
		return outcome.Done(), r.holdOn(ctx, s.export, false)
	}
	if wait := s.book.due(exportspec.SettleAfter(s.export.Spec)).Sub(r.Clock.Now()); wait > 0 {
		return s.awaits(number, wait), r.holdOn(ctx, s.export, false)
	}
	if len(s.book.slices)-int(s.export.Status.Batches.Completed) > maxAhead {
		return outcome.Wait(v1alpha1.ReasonSurveying, "the survey goes on once some batches have finished", 0), nil
	}
	if err := r.holdOn(ctx, s.export, true); err != nil {
		return outcome.Outcome{}, err
	}
	work := &surveyWork{
		store: s.store, cloud: s.cloud, clock: r.Clock, actor: r.Actor, pace: r.Pace,
		export: s.export.Name, spec: s.book.spec, round: number, day: at, days: s.book.rounds[number].days,
		settleAfter: exportspec.SettleAfter(s.export.Spec), openDeadline: exportspec.OpenDeadline(s.export.Spec),
	}
	return r.do(s, loop.Task{
		Key: fmt.Sprintf("survey/%d/%s", number, at.Format(time.DateOnly)), Work: work.run,
		Reason: v1alpha1.ReasonSurveying, Message: "asking for the conversations of " + at.Format(time.DateOnly),
	}), nil
}

// awaits says what the survey waits for.
func (s *scope) awaits(number int, wait time.Duration) outcome.Outcome {
	if number > 0 {
		return outcome.Wait(v1alpha1.ReasonAwaitingConversationEnd, "conversations of the window have not ended yet; they are asked for again", wait)
	}
	return outcome.Wait(v1alpha1.ReasonAwaitingSettlement,
		fmt.Sprintf("the window is surveyed once it is %v old (settleAfter)", exportspec.SettleAfter(s.export.Spec)), wait)
}

// do has the pool do work for the export, and says how it stands.
func (r *Reconciler) do(s *scope, task loop.Task) outcome.Outcome {
	task.Pool, task.Key = Pool, prefix(s.name())+task.Key
	return r.Worker.Do(s.name(), task)
}

// holdOn sets or removes the finalizer, which is there only while there may be
// an analytics job at Genesys Cloud that a deletion would have to end.
func (r *Reconciler) holdOn(ctx context.Context, export *v1alpha1.RecordingExport, hold bool) error {
	before := export.DeepCopy()
	change := controllerutil.RemoveFinalizer
	if hold {
		change = controllerutil.AddFinalizer
	}
	if !change(export, v1alpha1.Finalizer) {
		return nil
	}
	status := export.Status.DeepCopy()
	err := r.Client.Patch(ctx, export, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	status.DeepCopyInto(&export.Status)
	return err
}
