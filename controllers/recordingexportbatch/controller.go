// Package recordingexportbatch drives each batch from the metadata of its
// conversations to a sealed bag.
//
//	                 fact that ends the step            condition then True
//	metadata         the inventory is an artifact       MetadataFetched
//	restoration      archived recordings are back       (in the lane Isolated, before the inventory is taken)
//	submission       every wanted recording requested   Submitted
//	completion       the bag is sealed                  Completed, Ready
//
// A step looks at the facts alone, never at conditions. Whatever takes long is
// done by a pool, whose work leaves artifacts and wakes the reconciler.
//
// What keeps failing while others succeed leaves the batch: conversations with a
// note in the place of their metadata (metadata_work.go), recordings with a note
// that they are set aside (halving.go, completion.go). In the lane Isolated there
// is nowhere to leave to: there it is retried until the patience is used up.
package recordingexportbatch

import (
	"context"
	"math"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// Cloud is what a batch asks of Genesys Cloud.
type Cloud interface {
	recordingRestorer
	holdChecker
	batchRequester
	mediaReader
}

// Reconciler drives batches.
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
	// Worker has a pool for each lane, by its name.
	Worker *loop.Worker
	Gates  *transfer.Gates
	// Addresses tell how many recordings a batch request may name.
	Addresses *transfer.Addresses
	Intervals Intervals
	// MaxRecordings is the most recordings that one bag is to hold; a batch with
	// more is cut in two.
	MaxRecordings int
	// MinFree is how many bytes transfers leave free at every directory, whatever its spec says.
	MinFree int64
	// Reserve reserves so many bytes of what the namespace of a destination may take of a
	// volume that it shares, or is an error if it may not; nil if there is no bound.
	Reserve func(destination *v1alpha1.ExportDestination, bytes int64) (*usage.Reservation, error)

	foundings   foundingCache
	evaluations loop.Evaluations
}

// DefaultMaxRecordings is what the manager uses: a bag of so many is still listed,
// copied and checked in one go.
const DefaultMaxRecordings = 10_000

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports;genesysorganizations;exportdestinations,verbs=get;list;watch

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("recordingexportbatch").
		For(&v1alpha1.RecordingExportBatch{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.RecordingExport{}, handler.EnqueueRequestsFromMapFunc(r.ofExport), builder.WithPredicates(exportChanged)).
		Watches(&v1alpha1.GenesysOrganization{}, handler.EnqueueRequestsFromMapFunc(r.unfinished)).
		Watches(&v1alpha1.ExportDestination{}, handler.EnqueueRequestsFromMapFunc(r.unfinished)).
		WatchesRawSource(r.Worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.Workers}).
		Complete(reconcile.AsReconciler(mgr.GetClient(), r))
}

// ofExport lists the batches of an export, and forgets one that is gone.
func (r *Reconciler) ofExport(ctx context.Context, export client.Object) []reconcile.Request {
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(export), &v1alpha1.RecordingExport{})
	if apierrors.IsNotFound(err) {
		r.foundings.forget(client.ObjectKeyFromObject(export))
	}
	return r.list(ctx, client.InNamespace(export.GetNamespace()), client.MatchingLabels{v1alpha1.LabelExport: export.GetName()})
}

// unfinished lists the batches of a namespace that are not finished: those that
// an organisation or destination may matter to.
func (r *Reconciler) unfinished(ctx context.Context, obj client.Object) []reconcile.Request {
	return r.list(ctx, client.InNamespace(obj.GetNamespace()))
}

func (r *Reconciler) list(ctx context.Context, options ...client.ListOption) []reconcile.Request {
	var batches v1alpha1.RecordingExportBatchList
	if err := r.Client.List(ctx, &batches, options...); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Failed to list batches")
		return nil
	}
	var requests []reconcile.Request
	for i := range batches.Items {
		if !batches.Items[i].IsFinished() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&batches.Items[i])})
		}
	}
	return requests
}

// WakeAll has the batches of a namespace looked at soon that are not finished: an
// organisation there can be asked now.
func (r *Reconciler) WakeAll(ctx context.Context, namespace string) {
	for _, request := range r.list(ctx, client.InNamespace(namespace)) {
		r.Worker.Wake(request.NamespacedName)
	}
}

// Reconcile looks at one batch.
func (r *Reconciler) Reconcile(ctx context.Context, batch *v1alpha1.RecordingExportBatch) (ctrl.Result, error) {
	if !batch.DeletionTimestamp.IsZero() || batch.IsFinished() {
		return ctrl.Result{}, nil
	}
	before := batch.DeepCopy()
	if batch.Status.StartTime == nil {
		batch.Status.StartTime = &metav1.Time{Time: r.Clock.Now()}
	}
	s, out, untold := r.evaluate(ctx, batch, before)
	if untold {
		return loop.Result(out), nil
	}
	summarize(s.scope, out, r.Clock.Now())
	err := r.Publish(ctx, s.batch, s.former)
	if err == nil {
		r.warnOfRetentionChanges(s.scope, s.former.Status.RetentionChanged)
	}
	return loop.Requeue(loop.Result(out), err)
}

// exportChanged tells of changes of an export that matter to its batches: of its
// spec, whether it is cancelled, and whether its archive is another cluster's.
var exportChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*v1alpha1.RecordingExport)
		now, okNow := e.ObjectNew.(*v1alpha1.RecordingExport)
		return okBefore && okNow && (before.Status.Cancelled != now.Status.Cancelled || isOfAnotherCluster(before) != isOfAnotherCluster(now))
	},
})

// retrier is what the task of this key asks again with.
func (r *Reconciler) retrier(s *scope, lane v1alpha1.Lane, key string) transfer.Retrier {
	return r.Worker.Pools[string(lane)].Retrier(s.keyPrefix() + key)
}

// runWork has the pool of a lane do a step's work for the batch, and says how it stands.
func (r *Reconciler) runWork(s *scope, lane v1alpha1.Lane, step v1alpha1.BatchStep, task loop.Task) outcome.Outcome {
	task.Pool, task.Key, task.WaitLimit = string(lane), s.keyPrefix()+task.Key, s.waitLimit(step)
	out, state := r.Worker.Run(client.ObjectKeyFromObject(s.batch), task)
	s.retry, s.worked = retryOf(step, state), true
	return s.withIDs(withDeadline(out, state, task.WaitLimit.Total))
}

// waitLimit is how long a step is retried. Time that another process has used counts, as
// the status tells it. The metadata step of a late slice has none left.
func (s *scope) waitLimit(step v1alpha1.BatchStep) transfer.WaitLimit {
	patience := transfer.WaitLimit{Total: exportspec.RetryDeadline(s.export.Spec)}
	if retry := s.batch.Status.Retry; retry != nil && retry.Step == step {
		patience.Used = retry.Used.Duration
	}
	if s.state.slice.Late && step == v1alpha1.StepMetadata {
		patience.Used = patience.Total
	}
	return patience
}

// retryOf is what the status tells of a step that has failed, nil if it has not.
func retryOf(step v1alpha1.BatchStep, state transfer.State) *v1alpha1.RetryStatus {
	if state.Failures == 0 && state.Used == 0 {
		return nil
	}
	retry := &v1alpha1.RetryStatus{
		Step: step, Failures: int32(min(state.Failures, math.MaxInt32)), Used: metav1.Duration{Duration: state.Used}, //nolint:gosec // bounded
	}
	if !state.Next.IsZero() {
		retry.NextAttemptTime = &metav1.Time{Time: state.Next}
	}
	return retry
}
