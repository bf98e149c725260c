// Package recordingexport drives each export from a survey of its window to a
// sealed account.
//
//	          ends when                                   condition then True
//	claim     export.json is this export's, and the
//	          archive belongs to this cluster
//	survey    every day of the window is in the plan      Surveyed
//	batches   every slice has, or had, its batch          BatchesCreated
//	          every batch is finished and counted         BatchesCompleted
//	seal      every entry of the plan is in a seal,       Sealed, Ready
//	          compared with a second source if asked for
//
// The plan is a log (package plan) that only grows: by the surveys of days, by
// what batches lead to (conversations that move to another lane, batches that are
// cut in two), by retries and by seals. Ordinals, slices and what a seal takes in
// follow from it, the same for everybody who reads it.
//
// The survey continues while batches of earlier days are running. A window
// without an end is sealed day by day, one with an end as a whole. A step decides
// by what the archive holds and what the API server says, never by conditions.
package recordingexport

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// Pool is the name of the pool that does an export's own work.
const Pool = "Survey"

// Cloud is the part of Genesys Cloud that exports use.
type Cloud interface {
	surveyor
	holdChecker
	enumerator
}

// Intervals are waits and time limits.
type Intervals struct {
	// Retry is the wait before the next evaluation after an error outside the pool.
	Retry time.Duration
	// FirstPoll is the wait before the first poll of an analytics job. It doubles after each
	// poll. LastPoll is the longest wait between two polls.
	FirstPoll, LastPoll time.Duration
	// Reask is the shortest time between two surveys that ask for a conversation that has not
	// ended.
	Reask time.Duration
	// ForcedDeletion is the longest time between the deletion of an export and the removal of
	// its finalizer, even if its analytics job at Genesys Cloud could not be ended.
	ForcedDeletion time.Duration
	// StepTimeout is the longest time that an evaluation of an export may take; 0 is without
	// end.
	StepTimeout time.Duration
	// LongestWait is the longest time between two evaluations of an export that waits for an
	// instant, so that setting the clock has an effect soon.
	LongestWait time.Duration
}

// DefaultIntervals returns the intervals that the manager uses.
func DefaultIntervals() Intervals {
	return Intervals{
		Retry: 10 * time.Second, FirstPoll: time.Second, LastPoll: 15 * time.Second,
		Reask: 15 * time.Minute, ForcedDeletion: 10 * time.Minute, StepTimeout: 90 * time.Second, LongestWait: 15 * time.Minute,
	}
}

// Reconciler drives exports.
type Reconciler struct {
	loop.Publisher
	Clock clock.Clock
	// InstanceID names this process in the evidence.
	InstanceID string
	// ClusterID tells this cluster from others.
	ClusterID func(context.Context) (string, error)
	// Cloud returns a client for an organisation that uses a share of its request budget.
	Cloud func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
	// Archive opens the archive of an export.
	Archive func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// Location is where an export's archive is, relative to the archive root.
	Location func(destination *v1alpha1.ExportDestination, export string) string
	// Signer returns the signer of an export at a destination, nil if nothing is signed.
	Signer func(ctx context.Context, destination *v1alpha1.ExportDestination, export string) (*signing.Signer, error)
	// Tool returns the name and version of this program for the evidence.
	Tool func() evidence.Tool
	// Worker has the pool named Pool, which does the slow work of exports, and the pools of
	// their batches, whose failed work a retry request restarts.
	Worker    *loop.Worker
	Intervals Intervals

	plans            planLogs
	states           processStates
	evaluations      loop.Evaluations
	enumerationTurns enumerationTurns
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/finalizers,verbs=update
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches,verbs=get;list;watch;create;delete

// forgetTurns forgets the turns of a namespace without exports.
func (r *Reconciler) forgetTurns(ctx context.Context, namespace string) {
	var exports v1alpha1.RecordingExportList
	if err := r.Client.List(ctx, &exports, client.InNamespace(namespace), client.Limit(1)); err == nil && len(exports.Items) == 0 {
		r.enumerationTurns.forget(namespace)
	}
}

// Reconcile evaluates one export.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	export := &v1alpha1.RecordingExport{}
	if err := r.Client.Get(ctx, request.NamespacedName, export); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.Worker.Pools.CancelInAll(workPrefix(request.NamespacedName))
			r.Worker.Pools.CancelInAll(endJobsKey(request.NamespacedName))
			r.plans.drop(request.NamespacedName)
			r.states.forget(request.NamespacedName)
			r.forgetTurns(ctx, request.Namespace)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !export.DeletionTimestamp.IsZero() {
		return loop.Requeue(r.finalize(ctx, export))
	}
	before := export.DeepCopy()
	if export.Status.StartTime == nil {
		export.Status.StartTime = &metav1.Time{Time: r.Clock.Now()}
	}
	s, out, nothingNew := r.evaluate(ctx, export, before)
	if nothingNew {
		return loop.Result(out), nil
	}
	out = r.withDeadline(s.subject, out)
	summarize(s.subject, s.state, out, r.Clock.Now())
	err := r.Publish(ctx, s.export, s.former)
	if err == nil && s.ended {
		r.plans.drop(s.name())
	}
	return loop.Requeue(loop.Result(out), err)
}

// advance runs the steps until one is not satisfied, or the export has ended. An error becomes
// the outcome that it asks for.
func (r *Reconciler) advance(ctx context.Context, e *evaluated) outcome.Outcome {
	out, err := r.runSteps(ctx, e)
	if err != nil {
		return outcome.Of(err, r.Intervals.Retry)
	}
	return out
}

// runSteps runs the steps in order. Each step is given what the steps before it returned.
func (r *Reconciler) runSteps(ctx context.Context, e *evaluated) (outcome.Outcome, error) {
	if out, err := inOrder(ctx, e.subject, r.handleRequests, r.skipIfFinished, r.checkSuspended); err != nil || !out.IsDone() || e.ended {
		return out, err
	}
	references, out, err := r.resolveReferences(ctx, e.subject)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	clients, out, err := r.openClients(ctx, references)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	claimed, out, err := r.claimArchive(ctx, clients)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	e.state, out, err = r.loadState(ctx, claimed)
	e.isReadingPlan = e.state == nil && err == nil
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	return r.runIndependentSteps(ctx, e.state)
}

// inOrder runs steps in order until one is not satisfied, or the export has ended.
func inOrder(ctx context.Context, s *subject, steps ...func(context.Context, *subject) (outcome.Outcome, error)) (out outcome.Outcome, err error) {
	for _, step := range steps {
		if out, err = step(ctx, s); err != nil || s.ended {
			return out, err // it has ended, however long that took
		}
		if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
			return out, err
		}
	}
	return out, nil
}

// orTimeUp returns the error of a step or, if the step is satisfied and took all of the evaluation's
// time, that of the context: then no further step is run.
func orTimeUp(ctx context.Context, out outcome.Outcome, err error) error {
	if err == nil && out.IsDone() {
		return ctx.Err()
	}
	return err
}

// runIndependentSteps runs the steps that do not wait for each other: sealing what is complete,
// planning what follows from batches, surveying, and creating and deleting batches.
func (r *Reconciler) runIndependentSteps(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	var outs []outcome.Outcome
	for _, step := range []func(context.Context, *loaded) (outcome.Outcome, error){r.sealWhatIsComplete, r.planFollowUps, r.surveyNext, r.runBatches} {
		out, err := step(ctx, s)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			s.ended = false // it is evaluated again: only then is the finalizer removed
			return outcome.Outcome{}, err
		}
		outs = append(outs, out)
	}
	sealing, planning, survey, batches := outs[0], outs[1], outs[2], outs[3]
	if sealing.IsDone() && planning.IsDone() && !isSurveying(survey) {
		var err error
		if sealing, err = r.removeFinalizerIfIdle(ctx, s.clients); err != nil || !sealing.IsDone() {
			s.ended = false // it is evaluated again
		}
		if err != nil {
			return outcome.Outcome{}, err
		}
	}
	return s.combineOutcomes(sealing, planning, survey, batches), nil
}

// isSurveying reports whether a survey is being made, rather than waited for.
func isSurveying(survey outcome.Outcome) bool {
	return !survey.IsDone() && survey.Reason != v1alpha1.ReasonAwaitingSettlement && survey.Reason != v1alpha1.ReasonAwaitingConversationEnd
}

// combineOutcomes returns the most important of the outcomes, with the shortest wait of all four.
func (s *loaded) combineOutcomes(sealing, planning, survey, batches outcome.Outcome) outcome.Outcome {
	first := s.mostImportant(sealing, planning, survey, batches)
	for _, out := range []outcome.Outcome{sealing, planning, survey, batches} {
		if out.After > 0 && (first.After == 0 || out.After < first.After) {
			first.After = out.After
		}
	}
	return first
}

// mostImportant returns the outcome to report: first a stalled survey or plan, then sealing, then
// stalled batches (once nothing is left to survey), then running batches, then the rest. An export
// without an end that has caught up is done for now.
func (s *loaded) mostImportant(sealing, planning, survey, batches outcome.Outcome) outcome.Outcome {
	running := !batches.IsDone() && batches.Reason != v1alpha1.ReasonBatchesStalled
	switch {
	case survey.State == outcome.Stalled:
		return survey
	case planning.State == outcome.Stalled:
		return planning
	case !sealing.IsDone():
		return sealing
	case batches.State == outcome.Stalled && (survey.IsDone() || s.caughtUp()):
		return batches
	case s.caughtUp():
		return outcome.Done()
	case running:
		return batches
	case survey.IsDone():
		return planning
	default:
		return survey
	}
}

// workPrefix begins the keys of all work for an export, in the pools of its batches too.
func workPrefix(export types.NamespacedName) string { return export.String() + "/" }

// cancelOwnWork stops an export's own work, which is all that may start an analytics job. Its
// batches stop theirs themselves, once their states are read: cancelling that work here, each
// time that the export is evaluated, would never let it end.
func (r *Reconciler) cancelOwnWork(export types.NamespacedName) {
	r.Worker.Pools[Pool].Cancel(workPrefix(export))
}

// hasOwnWork reports whether an export's own work is running.
func (r *Reconciler) hasOwnWork(export types.NamespacedName) bool {
	return r.Worker.Pools[Pool].Busy(workPrefix(export))
}
