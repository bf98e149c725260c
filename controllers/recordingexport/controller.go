// Package recordingexport drives each export from a survey of its window to a
// sealed account.
//
//	          fact that ends the step                     condition then True
//	claim     export.json is this export's, and the
//	          archive belongs to this cluster
//	survey    every day of the window is in the plan      Surveyed
//	batches   every slice has, or had, its batch          BatchesCreated
//	          every batch is finished and counted         BatchesCompleted
//	close     every entry of the plan is in a seal,       Sealed, Ready
//	          compared with a second source if asked for
//
// The plan is a log (package plan) that only grows: by the surveys of days, by
// what batches lead to (conversations that move to another lane, batches that are
// cut in two), by retries and by seals. Ordinals, slices and what a seal takes in
// follow from it, whoever reads it and whenever.
//
// The survey continues while batches of earlier days are running. A window
// without an end is sealed day by day, one with an end as a whole. A step looks
// at the facts alone, never at conditions.
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

// Cloud is what an export asks of Genesys Cloud.
type Cloud interface {
	surveyor
	holdChecker
	enumerator
}

// Intervals is how often things are looked at.
type Intervals struct {
	// Retry is before another look after an error outside the pool.
	Retry time.Duration
	// FirstPoll is before the first look at an analytics job; the wait doubles up to LastPoll.
	FirstPoll, LastPoll time.Duration
	// Reask is at least this long between two questions for a conversation that has not ended.
	Reask time.Duration
	// ForcedDeletion is how long after its deletion an export goes at the latest, even if its
	// analytics job at Genesys Cloud could not be ended.
	ForcedDeletion time.Duration
	// StepTimeout is how long a look waits for the archive; 0 is without end.
	StepTimeout time.Duration
	// LongestWait is at most between two looks at an export that waits for an instant, so
	// that a clock that was set matters soon.
	LongestWait time.Duration
}

// DefaultIntervals is what the manager uses.
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
	// Cloud gives what asks an organisation, with a share of its budget.
	Cloud func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
	// Archive opens the archive of an export.
	Archive func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// Location is where an export's archive is, relative to the archive root.
	Location func(destination *v1alpha1.ExportDestination, export string) string
	// Signer returns what signs an export at a destination, nil if nothing does.
	Signer func(ctx context.Context, destination *v1alpha1.ExportDestination, export string) (*signing.Signer, error)
	// Tool tells what this program is, for the evidence.
	Tool func() evidence.Tool
	// Worker's pools do what takes long: the one named Pool an export's own work,
	// the others that of its batches.
	Worker    *loop.Worker
	Intervals Intervals

	plans       planLogs
	states      processStates
	evaluations loop.Evaluations
	turns       turns
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/finalizers,verbs=update
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches,verbs=get;list;watch;create;delete

// forgetTurns forgets the turns of a namespace without exports.
func (r *Reconciler) forgetTurns(ctx context.Context, namespace string) {
	var exports v1alpha1.RecordingExportList
	if err := r.Client.List(ctx, &exports, client.InNamespace(namespace), client.Limit(1)); err == nil && len(exports.Items) == 0 {
		r.turns.forget(namespace)
	}
}

// Reconcile looks at one export.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	export := &v1alpha1.RecordingExport{}
	if err := r.Client.Get(ctx, request.NamespacedName, export); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.Worker.Pools.Cancel(workPrefix(request.NamespacedName))
			r.Worker.Pools.Cancel(endJobsKey(request.NamespacedName))
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
	s, out, untold := r.evaluate(ctx, export, before)
	if untold {
		return loop.Result(out), nil
	}
	out = r.withDeadline(s.subject, out)
	summarize(s.subject, s.state, out, r.Clock.Now())
	if s.ended {
		r.plans.drop(s.name())
	}
	return loop.Requeue(loop.Result(out), r.Publish(ctx, s.export, s.former))
}

// advance runs the steps in order until one is not satisfied, or the export has ended.
func (r *Reconciler) advance(ctx context.Context, e *evaluated) outcome.Outcome {
	out, err := r.runSteps(ctx, e)
	if err != nil {
		return outcome.Of(err, r.Intervals.Retry)
	}
	return out
}

// runSteps is advance. Each step has what those before it returned.
func (r *Reconciler) runSteps(ctx context.Context, e *evaluated) (outcome.Outcome, error) {
	if out, err := inOrder(ctx, e.subject, r.handleRequests, r.skipIfFinished, r.checkSuspended); err != nil || !out.IsDone() || e.ended {
		return out, err
	}
	references, out, err := r.resolveReferences(ctx, e.subject)
	if err := isOver(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	clients, out, err := r.openClients(ctx, references)
	if err := isOver(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	claimed, out, err := r.claimArchive(ctx, clients)
	if err := isOver(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	e.state, out, err = r.loadState(ctx, claimed)
	e.isReadingPlan = e.state == nil && err == nil
	if err := isOver(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	return r.workInParallel(ctx, e.state)
}

// inOrder runs steps in order until one is not satisfied, or the export has ended.
func inOrder(ctx context.Context, s *subject, steps ...func(context.Context, *subject) (outcome.Outcome, error)) (out outcome.Outcome, err error) {
	for _, step := range steps {
		if out, err = step(ctx, s); err != nil || s.ended {
			return out, err // it has ended, however long that took
		}
		if err := isOver(ctx, out, err); err != nil || !out.IsDone() {
			return out, err
		}
	}
	return out, nil
}

// isOver is the error of a step or, if the step is satisfied and took all of the evaluation's
// time, that of the context: then no further step is run.
func isOver(ctx context.Context, out outcome.Outcome, err error) error {
	if err == nil && out.IsDone() {
		return ctx.Err()
	}
	return err
}

// workInParallel has the plan grow, the batches continue and complete parts be sealed, side by side.
func (r *Reconciler) workInParallel(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	var outs []outcome.Outcome
	for _, step := range []func(context.Context, *loaded) (outcome.Outcome, error){r.sealWhatIsComplete, r.planFollowUps, r.surveyNext, r.runBatches} {
		out, err := step(ctx, s)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return outcome.Outcome{}, err
		}
		outs = append(outs, out)
	}
	closing, growing, survey, batches := outs[0], outs[1], outs[2], outs[3]
	if closing.IsDone() && growing.IsDone() && !isSurveying(survey) {
		var err error
		if closing, err = r.removeFinalizerIfIdle(ctx, s.clients); err != nil || !closing.IsDone() {
			s.ended = false // it is looked at again
		}
		if err != nil {
			return outcome.Outcome{}, err
		}
	}
	return s.combineOutcomes(closing, growing, survey, batches), nil
}

// isSurveying tells whether a survey is being made, rather than waited for.
func isSurveying(survey outcome.Outcome) bool {
	return !survey.IsDone() && survey.Reason != v1alpha1.ReasonAwaitingSettlement && survey.Reason != v1alpha1.ReasonAwaitingConversationEnd
}

// combineOutcomes reports everything that runs side by side, and looks again when the
// first of it is worth a look.
func (s *loaded) combineOutcomes(closing, growing, survey, batches outcome.Outcome) outcome.Outcome {
	first := s.mostImportant(closing, growing, survey, batches)
	for _, out := range []outcome.Outcome{closing, growing, survey, batches} {
		if out.After > 0 && (first.After == 0 || out.After < first.After) {
			first.After = out.After
		}
	}
	return first
}

// mostImportant is what is to be told. What needs a person comes first, then sealing,
// then the batches, because they are what is waited for. An export without an end
// that has caught up waits for nothing that matters now.
func (s *loaded) mostImportant(closing, growing, survey, batches outcome.Outcome) outcome.Outcome {
	running := !batches.IsDone() && batches.Reason != v1alpha1.ReasonBatchesStalled
	switch {
	case survey.State == outcome.Stalled:
		return survey
	case growing.State == outcome.Stalled:
		return growing
	case !closing.IsDone():
		return closing
	case batches.State == outcome.Stalled && (survey.IsDone() || s.caughtUp()):
		return batches
	case s.caughtUp():
		return outcome.Done()
	case running:
		return batches
	case survey.IsDone():
		return growing
	default:
		return survey
	}
}

// workPrefix begins the keys of all work for an export.
func workPrefix(export types.NamespacedName) string { return export.String() + "/" }
