// Package genesysorganization sees to it that each organisation can be asked:
// the login works, and still belongs to the organisation that it first did.
package genesysorganization

import (
	"context"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Intervals is how often a login is looked at.
type Intervals struct {
	// Ready is between two looks at a login that works.
	Ready time.Duration
	// Retry is before another look at one that does not.
	Retry time.Duration
	// Timeout is how long one look may take.
	Timeout time.Duration
}

// DefaultIntervals is what the manager uses. Secrets are not watched, so Again is
// also how long it takes until a corrected one is noticed.
func DefaultIntervals() Intervals {
	return Intervals{Ready: 5 * time.Minute, Retry: time.Minute, Timeout: 30 * time.Second}
}

// Reconciler looks after organisations.
type Reconciler struct {
	loop.Publisher
	// Login logs in with what each Secret holds now, and says how each OAuth
	// client stands, in the order of the spec.
	Login func(context.Context, *v1alpha1.GenesysOrganization) ([]genesys.Login, error)
	// Forget lets go of an organisation that is gone.
	Forget func(types.NamespacedName)
	// Worker's pool named Pool logs in.
	Worker    *loop.Worker
	Intervals Intervals

	mu      sync.Mutex
	answers map[types.NamespacedName]answer
}

// Wake has an organisation looked at soon: one of its OAuth clients is out.
func (r *Reconciler) Wake(name types.NamespacedName) { r.Worker.Wake(name) }

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=genesysorganizations,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=genesysorganizations/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("genesysorganization").
		For(&v1alpha1.GenesysOrganization{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(r.Worker.Source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: loop.Workers}).
		Complete(r)
}

// Reconcile looks at one organisation.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	organization := &v1alpha1.GenesysOrganization{}
	if err := r.Client.Get(ctx, request.NamespacedName, organization); err != nil {
		if apierrors.IsNotFound(err) {
			return r.forget(request.NamespacedName), nil
		}
		return ctrl.Result{}, err
	}
	before := organization.DeepCopy()
	out, isRunning := r.look(organization)
	if isRunning {
		return loop.Result(out), nil
	}
	summarize(organization, out)
	if out.IsDone() {
		out.After = r.retryInterval(organization)
	}
	err := r.Publish(ctx, organization, before)
	if err == nil {
		r.published(request.NamespacedName)
		r.announce(organization, before)
	}
	return loop.Requeue(loop.Result(out), err)
}

// retryInterval is how long to wait before another look at an organisation that can be asked.
func (r *Reconciler) retryInterval(organization *v1alpha1.GenesysOrganization) time.Duration {
	if slices.ContainsFunc(organization.Status.Clients, isOut) {
		return r.Intervals.Retry
	}
	return r.Intervals.Ready
}

// look takes in what the last look has shown or, if that is done, begins another,
// whose end wakes the reconciler.
func (r *Reconciler) look(organization *v1alpha1.GenesysOrganization) (out outcome.Outcome, isRunning bool) {
	if shown, is := r.answered(organization); is {
		return r.take(organization, shown), false
	}
	out = r.ask(organization)
	return out, out.Reason == v1alpha1.ReasonOrganizationNotReady
}

// take takes in what a look has shown, and pins the organisation that the first
// login belongs to.
func (r *Reconciler) take(organization *v1alpha1.GenesysOrganization, shown answer) outcome.Outcome {
	if shown.err != nil {
		return outcome.Of(shown.err, r.Intervals.Retry)
	}
	logins := shown.logins
	if identity, ok := pin(logins); ok {
		organization.Status.Organization = &v1alpha1.OrganizationIdentity{
			ID: identity.OrganizationID, Name: conditions.Printable(identity.OrganizationName),
		}
	}
	organization.Status.Clients = statuses(logins)
	return judge(logins, r.Intervals.Retry)
}

// summarize computes the conditions.
func summarize(organization *v1alpha1.GenesysOrganization, out outcome.Outcome) {
	organization.Status.ObservedGeneration = organization.Generation
	name := ""
	if organization.Status.Organization != nil {
		name = organization.Status.Organization.Name
	}
	reason, message := v1alpha1.ReasonLoggedIn, "logged in to "+name
	if out.IsDone() && out.Message != "" {
		reason, message = v1alpha1.ReasonNoActiveClient, message+", but "+out.Message
	}
	loop.Mark(organization, out, reason, message)
}
