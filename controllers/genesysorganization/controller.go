// Package genesysorganization sees to it that each organisation can be asked:
// the login works, and still belongs to the organisation that it first did.
package genesysorganization

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Pace is how often a login is looked at.
type Pace struct {
	// Ready is between two looks at a login that works.
	Ready time.Duration
	// Again is before another look at one that does not.
	Again time.Duration
	// Timeout is how long one look may take.
	Timeout time.Duration
}

// DefaultPace is what the manager uses. Secrets are not watched, so Again is
// also how long it takes until a corrected one is noticed.
func DefaultPace() Pace {
	return Pace{Ready: 5 * time.Minute, Again: time.Minute, Timeout: 30 * time.Second}
}

// Reconciler looks after organisations.
type Reconciler struct {
	loop.Publisher
	// Login logs in with what the Secret holds now, and says as whom.
	Login func(context.Context, *v1alpha1.GenesysOrganization) (genesys.Identity, error)
	// Forget lets go of an organisation that is gone.
	Forget func(types.NamespacedName)
	Pace   Pace
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=genesysorganizations,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=genesysorganizations/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// SetupWithManager adds the reconciler to a manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("genesysorganization").
		For(&v1alpha1.GenesysOrganization{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Complete(r)
}

// Reconcile looks at one organisation.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	organization := &v1alpha1.GenesysOrganization{}
	if err := r.Client.Get(ctx, request.NamespacedName, organization); err != nil {
		if apierrors.IsNotFound(err) {
			r.Forget(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	before := organization.DeepCopy()
	out := r.look(ctx, organization)
	summarize(organization, out)
	if out.IsDone() {
		out.After = r.Pace.Ready
	}
	return loop.IgnoreConflict(loop.Result(out), r.Publish(ctx, organization, before))
}

// look logs in and pins the organisation that the first login belongs to.
func (r *Reconciler) look(ctx context.Context, organization *v1alpha1.GenesysOrganization) outcome.Outcome {
	ctx, cancel := context.WithTimeout(ctx, r.Pace.Timeout)
	defer cancel()
	identity, err := r.Login(ctx, organization)
	if err != nil {
		return outcome.Of(err, r.Pace.Again)
	}
	pinned := organization.Status.Organization
	if pinned != nil && pinned.ID != identity.OrganizationID {
		return outcome.Stall(v1alpha1.ReasonOrganizationMismatch, fmt.Sprintf(
			"restore the credentials of organisation %s, or create another GenesysOrganization: the login belongs to %s (%s)",
			pinned.ID, identity.OrganizationID, identity.OrganizationName), r.Pace.Again)
	}
	organization.Status.Organization = &v1alpha1.OrganizationIdentity{
		ID: identity.OrganizationID, Name: conditions.Printable(identity.OrganizationName),
	}
	return outcome.Done()
}

// summarize computes the conditions.
func summarize(organization *v1alpha1.GenesysOrganization, out outcome.Outcome) {
	organization.Status.ObservedGeneration = organization.Generation
	name := ""
	if organization.Status.Organization != nil {
		name = organization.Status.Organization.Name
	}
	loop.Mark(organization, out, v1alpha1.ReasonLoggedIn, "logged in to "+name)
}
