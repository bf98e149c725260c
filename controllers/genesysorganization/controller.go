// Package genesysorganization ensures that each organisation can be called: the login
// works, and still belongs to the organisation that it first belonged to.
//
// login.go logs in, clients.go judges the results, status.go writes the status and
// events.go sends events.
package genesysorganization

import (
	"context"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Intervals are the waits between logins.
type Intervals struct {
	// Ready is the wait after logins that all worked.
	Ready time.Duration
	// Retry is the wait after a login that failed.
	Retry time.Duration
	// Timeout is how long logging in with all clients may take.
	Timeout time.Duration
}

// DefaultIntervals are what the manager uses. Secrets are not watched, so Retry is also
// how long it takes until a corrected Secret is noticed.
func DefaultIntervals() Intervals {
	return Intervals{Ready: 5 * time.Minute, Retry: time.Minute, Timeout: 30 * time.Second}
}

// Reconciler logs in to organisations.
type Reconciler struct {
	loop.Publisher
	// Login logs in with each OAuth client, as its Secret is now, and returns how each of
	// them stands, in the order of the spec.
	Login func(context.Context, *v1alpha1.GenesysOrganization) ([]genesys.LoginResult, error)
	// Forget forgets an organisation that was deleted.
	Forget func(types.NamespacedName)
	// Worker's pool named Pool logs in.
	Worker    *loop.Worker
	Intervals Intervals

	runs loginRuns
}

// Wake has an organisation reconciled soon, because one of its OAuth clients has become
// inactive.
func (r *Reconciler) Wake(name types.NamespacedName) { r.Worker.Wake(name) }

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=genesysorganizations,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=genesysorganizations/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile publishes the results of the last logins or, if that is done, logs in, which
// wakes it when it has ended.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	organization := &v1alpha1.GenesysOrganization{}
	if err := r.Client.Get(ctx, request.NamespacedName, organization); err != nil {
		if apierrors.IsNotFound(err) {
			return r.forgetDeleted(request.NamespacedName), nil
		}
		return ctrl.Result{}, err
	}
	before := organization.DeepCopy()
	out, isRunning := r.logIn(organization)
	if isRunning {
		return loop.Result(out), nil
	}
	summarize(organization, out)
	if out.IsDone() {
		out.After = r.interval(organization)
	}
	err := r.Publish(ctx, organization, before)
	if err == nil {
		r.runs.forget(request.NamespacedName)
		sendClientEvents(r.Events, organization, before)
	}
	return loop.Requeue(loop.Result(out), err)
}

// logIn applies the results of the last logins or, if that is done, starts logging in.
func (r *Reconciler) logIn(organization *v1alpha1.GenesysOrganization) (out outcome.Outcome, isRunning bool) {
	if run, found := r.runs.latest(organization); found {
		return applyLogins(organization, run, r.Intervals.Retry), false
	}
	return r.login().start(organization)
}

func (r *Reconciler) login() login {
	return login{logIn: r.Login, worker: r.Worker, timeout: r.Intervals.Timeout, runs: &r.runs}
}

// interval is the wait until the next logins to an organisation that can be called.
func (r *Reconciler) interval(organization *v1alpha1.GenesysOrganization) time.Duration {
	if slices.ContainsFunc(organization.Status.Clients, isInactive) {
		return r.Intervals.Retry
	}
	return r.Intervals.Ready
}

// forgetRetry is the wait until an organisation that was deleted can be forgotten, while
// logging in to it is still running.
const forgetRetry = time.Second

// forgetDeleted forgets an organisation that was deleted, once logging in to it has stopped.
func (r *Reconciler) forgetDeleted(name types.NamespacedName) ctrl.Result {
	if !r.login().cancel(name) {
		return ctrl.Result{RequeueAfter: forgetRetry}
	}
	r.runs.forget(name)
	r.Forget(name)
	return ctrl.Result{}
}
