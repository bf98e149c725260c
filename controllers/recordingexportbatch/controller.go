// Package recordingexportbatch drives each batch from the metadata of its
// conversations to a sealed bag.
//
//	                 fact that ends the step            condition then True
//	metadata         the inventory is an artifact       MetadataFetched
//	restoration      archived recordings are back       (before the inventory is taken)
//	submission       every wanted recording requested   Submitted
//	completion       the bag is sealed                  Completed, Ready
//
// A step looks at the facts alone, never at conditions. Whatever takes long is
// done by a pool, whose work leaves artifacts and wakes the reconciler.
package recordingexportbatch

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
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
	// Actor names this process in the evidence.
	Actor string
	// Cloud gives what asks an organisation, with a share of its budget.
	Cloud func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
	// Archive opens the archive of an export.
	Archive func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// Location is where an export's archive is, relative to the archive root.
	Location func(destination *v1alpha1.ExportDestination, export string) string
	// Signer returns what signs at a destination, nil if nothing does.
	Signer func(context.Context, *v1alpha1.ExportDestination) (*signing.Signer, error)
	// Worker has a pool for each lane, by its name.
	Worker *loop.Worker
	Gates  *transfer.Gates
	Pace   Pace
	// MaxRecordings is the most recordings that one bag is to hold; a batch with
	// more is cut in two.
	MaxRecordings int
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
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).
		Complete(reconcile.AsReconciler(mgr.GetClient(), r))
}

// ofExport lists the batches of an export.
func (r *Reconciler) ofExport(ctx context.Context, export client.Object) []reconcile.Request {
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

// Reconcile looks at one batch.
func (r *Reconciler) Reconcile(ctx context.Context, batch *v1alpha1.RecordingExportBatch) (ctrl.Result, error) {
	if !batch.DeletionTimestamp.IsZero() || batch.IsFinished() {
		return ctrl.Result{}, nil
	}
	before := batch.DeepCopy()
	if batch.Status.StartTime == nil {
		batch.Status.StartTime = &metav1.Time{Time: r.Clock.Now()}
	}
	s := &scope{batch: batch}
	out := bounded(r.advance(ctx, s), s.deadline(), r.Clock.Now())
	summarize(s, out, r.Clock.Now())
	return loop.IgnoreConflict(loop.Result(out), r.Publish(ctx, batch, before))
}

// step takes the batch one step on, or says why it is not there yet.
type step func(context.Context, *scope) (outcome.Outcome, error)

// advance runs the steps in order until one is not satisfied, or the bag is sealed.
func (r *Reconciler) advance(ctx context.Context, s *scope) outcome.Outcome {
	for _, step := range []step{r.find, r.observe, r.mayGo, r.connect, r.restoreArchived, r.fetchMetadata, r.haveRoom, r.submit, r.complete} {
		out, err := step(ctx, s)
		if err != nil {
			return outcome.Of(err, r.Pace.Again)
		}
		if !out.IsDone() || s.facts.finished() {
			return out
		}
	}
	return outcome.Done()
}

// find gets the export and opens its archive.
func (r *Reconciler) find(ctx context.Context, s *scope) (outcome.Outcome, error) {
	name := types.NamespacedName{Namespace: s.batch.Namespace, Name: s.batch.Spec.ExportRef.Name}
	if err := r.Client.Get(ctx, name, &s.export); err != nil {
		return loop.Absent(err, v1alpha1.ReasonExportNotFound, fmt.Sprintf("create the RecordingExport %q again, or delete this batch", name.Name))
	}
	name.Name = s.export.Spec.DestinationRef.Name
	var destination v1alpha1.ExportDestination
	if err := r.Client.Get(ctx, name, &destination); err != nil {
		return loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q that the export refers to", name.Name))
	}
	store, err := r.Archive(&destination, s.export.Name)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("open archive: %w", err)
	}
	if s.batch.Spec.Lane != v1alpha1.LaneStandard {
		store = archive.Held(store)
	}
	s.signer = func(ctx context.Context) (*signing.Signer, error) { return r.Signer(ctx, &destination) }
	s.store, s.location, s.floor = store, r.Location(&destination, s.export.Name), exportspec.MinFree(destination.Spec)
	return outcome.Done(), nil
}

// mayGo stops here while the export is suspended, or once it is given up.
func (r *Reconciler) mayGo(_ context.Context, s *scope) (outcome.Outcome, error) {
	var out outcome.Outcome
	switch {
	case s.export.Status.Cancelled:
		out = outcome.Stall(v1alpha1.ReasonCancelled, "the export was cancelled; a retry of it takes this batch up again", 0)
	case s.export.Spec.Suspend:
		out = outcome.Wait(v1alpha1.ReasonSuspended, "the export is suspended", 0)
	default:
		return outcome.Done(), nil
	}
	r.Worker.Pools[string(s.batch.Spec.Lane)].Cancel(s.prefix() + s.batch.Name + "/")
	return out, nil
}

// exportChanged tells of changes of an export that matter to its batches: of its
// spec, and whether it is cancelled.
var exportChanged = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(*v1alpha1.RecordingExport)
		now, okNow := e.ObjectNew.(*v1alpha1.RecordingExport)
		return okBefore && okNow && before.Status.Cancelled != now.Status.Cancelled
	},
})

// connect finds the way to Genesys Cloud.
func (r *Reconciler) connect(ctx context.Context, s *scope) (outcome.Outcome, error) {
	name := types.NamespacedName{Namespace: s.batch.Namespace, Name: s.export.Spec.OrganizationRef.Name}
	var organization v1alpha1.GenesysOrganization
	if err := r.Client.Get(ctx, name, &organization); err != nil {
		return loop.Absent(err, v1alpha1.ReasonOrganizationNotFound, fmt.Sprintf("create the GenesysOrganization %q that the export refers to", name.Name))
	}
	switch {
	case conditions.IsStalled(&organization):
		return outcome.Stall(v1alpha1.ReasonOrganizationNotReady, fmt.Sprintf(
			"mend the GenesysOrganization %q: %s", organization.Name, conditions.Message(&organization)), 0), nil
	case organization.Status.Organization == nil:
		return outcome.Wait(v1alpha1.ReasonOrganizationNotReady, fmt.Sprintf("waiting for the login of the GenesysOrganization %q", organization.Name), 0), nil
	}
	var err error
	if s.cloud, err = r.Cloud(ctx, &organization, s.share(s.batch.Spec.Lane)); err == nil {
		s.metadata, err = r.Cloud(ctx, &organization, s.share(metadataLane(s.batch.Spec.Lane)))
	}
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", organization.Name, err)
	}
	s.organization = organization.Status.Organization.ID
	return outcome.Done(), nil
}

// again is what the task of this key asks again with.
func (r *Reconciler) again(s *scope, lane v1alpha1.Lane, key string) transfer.Again {
	return r.Worker.Pools[string(lane)].Again(s.prefix() + key)
}

// do has the pool of a lane do work for the batch, and says how it stands.
func (r *Reconciler) do(s *scope, lane v1alpha1.Lane, task loop.Task) outcome.Outcome {
	task.Pool, task.Key = string(lane), s.prefix()+task.Key
	return r.Worker.Do(client.ObjectKeyFromObject(s.batch), task)
}
