package recordingexport

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// maxAhead is how many slices may wait for a batch before the survey pauses, so
// that what it found is not too old by the time it is fetched.
const maxAhead = 500

// surveyWorks begins the keys of surveys, after the export's prefix.
const surveyWorks = "survey/"

// surveyNext has the plan grow by what the conversations of the window are, a UTC day
// at a time.
func (r *Reconciler) surveyNext(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	settleAfter := exportspec.SettleAfter(s.export.Spec)
	next, more := s.plan.NextSurvey(settleAfter)
	if !more && exportspec.IsContinuous(s.export.Spec) {
		next, more = s.plan.FirstSurveyAfter(settleAfter), true
	}
	if !more {
		return outcome.Done(), nil
	}
	if wait := next.Due.Sub(r.Clock.Now()); wait > 0 {
		return s.awaitSettlement(next, min(wait, r.Intervals.LongestWait)), nil
	}
	if s.waitingSlices() > maxAhead {
		return outcome.Wait(v1alpha1.ReasonSurveying, "the survey continues once some batches have finished", 0), nil
	}
	return r.startSurvey(ctx, s, next)
}

// waitingSlices is how many slices wait for a batch in the lane that moves fastest, so
// that a lane that stands still does not hold up the survey for the others.
func (s *loaded) waitingSlices() int {
	spec, fastest := s.plan.Spec(), slicing.Standard
	if spec.Scope == slicing.Only {
		fastest = spec.Lanes(true)[0]
	}
	return s.plan.SlicesIn(fastest) - s.counted[fastest].Len()
}

// startSurvey has the pool survey a day. The finalizer is there while it may have an
// analytics job at Genesys Cloud.
func (r *Reconciler) startSurvey(ctx context.Context, s *loaded, due plan.DueSurvey) (outcome.Outcome, error) {
	if r.isStillEndingJobs(s.subject) {
		return outcome.Wait(v1alpha1.ReasonSurveying, "ending earlier analytics jobs at Genesys Cloud", stopInterval), nil
	}
	if err := r.setFinalizer(ctx, s.export, true); err != nil {
		return outcome.Outcome{}, err
	}
	m, spec := r.states.of(s.export), s.export.Spec
	m.setSurveyDeadline(exportspec.SurveyDeadline(spec))
	key := fmt.Sprintf("%s%s/%d", surveyWorks, due.Day.Format(time.DateOnly), due.Pass)
	work := &surveyWork{
		planner: r.planner(s), cloud: s.cloud, retrier: r.retrier(s.subject, key), clock: r.Clock, intervals: r.Intervals,
		DueSurvey: due, entry: s.plan.EntryCount(),
		settleAfter: exportspec.SettleAfter(spec), openDeadline: exportspec.OpenDeadline(spec), deadline: m.getSurveyDeadline,
		request: s.lastRequest(), retryCommand: retryCommand(s.export),
	}
	task := loop.Task{
		Key: key, Group: s.organizationGroup(), Work: work.run,
		Reason: v1alpha1.ReasonSurveying, Message: "listing the conversations of " + due.Day.Format(time.DateOnly) + surveyTimeLimit(spec),
	}
	if due.Purpose == plan.PurposeReview {
		task.Reason, task.Message = v1alpha1.ReasonReviewing, "surveying "+due.Day.Format(time.DateOnly)+" once more, with its legal holds, before it is sealed"+surveyTimeLimit(spec)
	}
	return r.runWork(s.subject, task), nil
}

// surveyTimeLimit says how long an analytics job is waited for.
func surveyTimeLimit(spec v1alpha1.RecordingExportSpec) string {
	return fmt.Sprintf("; each analytics job is polled for up to %v", exportspec.SurveyDeadline(spec))
}

// planner writes the export's plan.
func (r *Reconciler) planner(s *loaded) planner {
	return planner{
		store: s.store, export: s.export.Name, spec: s.plan.Spec(),
		stamp: func() artifacts.Stamp { return artifacts.NewStamp(r.Clock.Now(), r.InstanceID) },
	}
}

// awaitSettlement says what the survey waits for.
func (s *subject) awaitSettlement(next plan.DueSurvey, wait time.Duration) outcome.Outcome {
	spec := s.export.Spec
	if next.Purpose == plan.PurposeDeferred {
		return outcome.Wait(v1alpha1.ReasonAwaitingConversationEnd, fmt.Sprintf(
			"conversations of %s have not ended yet; the operator asks again at %s, and lists those as unavailable that have not ended %v after their start (openDeadline)",
			next.Day.Format(time.DateOnly), stamp(next.Due), exportspec.OpenDeadline(spec)), wait)
	}
	return outcome.Wait(v1alpha1.ReasonAwaitingSettlement, fmt.Sprintf(
		"a day will be surveyed %v after it ends (settleAfter), the next one at %s", exportspec.SettleAfter(spec), stamp(next.Due)), wait)
}

// retrier is what the task of this key asks again with.
func (r *Reconciler) retrier(s *subject, key string) transfer.Retrier {
	return r.Worker.Pools[Pool].Retrier(workPrefix(s.name()) + key)
}

// organizationGroup is the group of work that calls Genesys Cloud.
func (s *subject) organizationGroup() string {
	return loop.OrganizationGroup(s.export.Spec.OrganizationRef.Name)
}

// runWork has the pool do work for the export, and says how it stands. Work that names no group
// only uses the archive.
func (r *Reconciler) runWork(s *subject, task loop.Task) outcome.Outcome {
	task.Pool, task.Key = Pool, workPrefix(s.name())+task.Key
	task.Group = cmp.Or(task.Group, loop.DestinationGroup(s.export.Spec.DestinationRef.Name))
	return r.Worker.Do(s.name(), task)
}

// setFinalizer sets or removes the finalizer, which is there only while there may be
// an analytics job at Genesys Cloud that a deletion would have to end.
func (r *Reconciler) setFinalizer(ctx context.Context, export *v1alpha1.RecordingExport, present bool) error {
	before := export.DeepCopy()
	change := controllerutil.RemoveFinalizer
	if present {
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
