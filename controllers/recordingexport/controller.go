// Package recordingexport drives each export from a survey of its window to a
// sealed account.
//
//	          fact that ends the step                     condition then True
//	claim     export.json is this export's
//	survey    every day of the window has its plan        Surveyed
//	batches   every slice has, or had, its batch          BatchesCreated
//	          every batch is finished and counted         BatchesCompleted
//	seal      the account is sealed                       Sealed, Ready
//
// The survey goes on while batches of the days before are at work. A step looks
// at the facts alone, never at conditions.
package recordingexport

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Pool is the name of the pool that does an export's own work.
const Pool = "Survey"

// Cloud is what an export asks of Genesys Cloud.
type Cloud interface {
	surveyor
	holdChecker
}

// Pace is how often things are looked at.
type Pace struct {
	// Again is before another look after an error outside the pool.
	Again time.Duration
	// FirstPoll is before the first look at an analytics job; the wait doubles up to LastPoll.
	FirstPoll, LastPoll time.Duration
	// Reask is at least this long between two questions for a conversation that has not ended.
	Reask time.Duration
	// Release is how long a deleted export tries to end its analytics job.
	Release time.Duration
}

// DefaultPace is what the manager uses.
func DefaultPace() Pace {
	return Pace{
		Again: 10 * time.Second, FirstPoll: time.Second, LastPoll: 15 * time.Second,
		Reask: 15 * time.Minute, Release: 10 * time.Minute,
	}
}

// Reconciler drives exports.
type Reconciler struct {
	loop.Publisher
	Clock clock.Clock
	// Actor names this process in the evidence.
	Actor string
	// ClusterID tells this cluster from others.
	ClusterID func(context.Context) (string, error)
	// Cloud gives the client that asks an organisation.
	Cloud func(context.Context, *v1alpha1.GenesysOrganization) (Cloud, error)
	// Archive opens the archive of an export.
	Archive func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// Location is where an export's archive is, relative to the archive root.
	Location func(destination *v1alpha1.ExportDestination, export string) string
	// Worker's pools do what takes long: the one named Pool an export's own work,
	// the others that of its batches.
	Worker *loop.Worker
	Pace   Pace

	mu    sync.Mutex
	books map[types.NamespacedName]*book
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/finalizers,verbs=update
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches,verbs=get;list;watch;create;delete
// +kubebuilder:rbac:groups="",resources=namespaces,resourceNames=kube-system,verbs=get

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("recordingexport").
		For(&v1alpha1.RecordingExport{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&v1alpha1.RecordingExportBatch{}).
		Watches(&v1alpha1.GenesysOrganization{}, handler.EnqueueRequestsFromMapFunc(r.inNamespace)).
		Watches(&v1alpha1.ExportDestination{}, handler.EnqueueRequestsFromMapFunc(r.inNamespace)).
		WatchesRawSource(r.Worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2}).
		Complete(r)
}

// inNamespace lists the exports that an organisation or destination may matter to.
func (r *Reconciler) inNamespace(ctx context.Context, obj client.Object) []reconcile.Request {
	var exports v1alpha1.RecordingExportList
	if err := r.Client.List(ctx, &exports, client.InNamespace(obj.GetNamespace())); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list exports")
		return nil
	}
	requests := make([]reconcile.Request, len(exports.Items))
	for i := range exports.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&exports.Items[i])
	}
	return requests
}

// Reconcile looks at one export.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	export := &v1alpha1.RecordingExport{}
	if err := r.Client.Get(ctx, request.NamespacedName, export); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.Worker.Pools.Cancel(prefix(request.NamespacedName))
			r.forget(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !export.DeletionTimestamp.IsZero() {
		return loop.IgnoreConflict(r.release(ctx, export))
	}
	before := export.DeepCopy()
	if export.Status.StartTime == nil {
		export.Status.StartTime = &metav1.Time{Time: r.Clock.Now()}
	}
	s := &scope{export: export}
	out := r.advance(ctx, s)
	s.summarize(out, r.Clock.Now())
	return loop.IgnoreConflict(loop.Result(out), r.Publish(ctx, export, before))
}

// step takes the export one step on, or says why it is not there yet.
type step func(context.Context, *scope) (outcome.Outcome, error)

// advance runs the steps in order until one is not satisfied, or the export is sealed.
func (r *Reconciler) advance(ctx context.Context, s *scope) outcome.Outcome {
	for _, step := range []step{r.find, r.mayGo, r.connect, r.claim, r.observe, r.work, r.seal} {
		out, err := step(ctx, s)
		if err != nil {
			return outcome.Of(err, r.Pace.Again)
		}
		if !out.IsDone() || s.account != nil {
			return out
		}
	}
	return outcome.Done()
}

// work has the survey and the batches go on side by side.
func (r *Reconciler) work(ctx context.Context, s *scope) (outcome.Outcome, error) {
	survey, err := r.survey(ctx, s)
	if err != nil {
		return outcome.Outcome{}, err
	}
	batches, err := r.runBatches(ctx, s)
	if err != nil {
		return outcome.Outcome{}, err
	}
	s.surveyed = survey.IsDone()
	return combine(survey, batches), nil
}

// combine tells of the survey and the batches together. What needs a person
// comes first, then the batches, because they are what is waited for.
func combine(survey, batches outcome.Outcome) outcome.Outcome {
	if survey.IsDone() {
		return batches
	}
	first := survey
	if survey.State != outcome.Stalled && !batches.IsDone() && batches.Reason != v1alpha1.ReasonBatchesStalled {
		first = batches
	}
	if batches.After > 0 && (first.After == 0 || batches.After < first.After) {
		first.After = batches.After
	}
	if survey.After > 0 && (first.After == 0 || survey.After < first.After) {
		first.After = survey.After
	}
	return first
}

// prefix begins the keys of all work for an export.
func prefix(export types.NamespacedName) string { return export.String() + "/" }
