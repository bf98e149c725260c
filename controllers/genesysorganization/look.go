package genesysorganization

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Pool is the name of the pool that logs in. A server that does not answer holds up
// logins of its own namespace only, each for Pace.Timeout at most.
const Pool = "Login"

// answer is what a look at an organisation has shown. It is kept until Reconcile,
// which it wakes, has published it.
type answer struct {
	// of is the object that was looked at, as it was then.
	of         types.UID
	generation int64
	logins     []genesys.Login
	err        error
}

// goneAgain is before another look at an organisation that is gone while a look at
// it is still running.
const goneAgain = time.Second

func key(name types.NamespacedName) string { return name.String() + "/" }

// ask has the pool look at an organisation, unless it is doing so. The reason is
// OrganizationNotReady unless something went wrong before.
func (r *Reconciler) ask(organization *v1alpha1.GenesysOrganization) outcome.Outcome {
	name, stored := client.ObjectKeyFromObject(organization), organization.DeepCopy()
	return r.Worker.Do(name, loop.Task{
		Pool: Pool, Key: key(name), Reason: v1alpha1.ReasonOrganizationNotReady, Message: "logging in",
		Work: func(ctx context.Context, _ transfer.Try) error {
			ctx, cancel := context.WithTimeout(ctx, r.Intervals.Timeout)
			defer cancel()
			shown := answer{of: stored.UID, generation: stored.Generation}
			shown.logins, shown.err = r.Login(ctx, stored)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.answers == nil {
				r.answers = map[types.NamespacedName]answer{}
			}
			r.answers[name] = shown
			return nil
		},
	})
}

// answered returns what the last look at an organisation has shown, until it is
// published, unless the object has changed since.
func (r *Reconciler) answered(organization *v1alpha1.GenesysOrganization) (shown answer, is bool) {
	name := client.ObjectKeyFromObject(organization)
	r.mu.Lock()
	defer r.mu.Unlock()
	shown, is = r.answers[name]
	if is && (shown.of != organization.UID || shown.generation != organization.Generation) {
		delete(r.answers, name)
		is = false
	}
	return shown, is
}

// published forgets what a look has shown: the status says it now. No other look has
// begun since, because none begins before this.
func (r *Reconciler) published(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.answers, name)
}

// forget lets go of an organisation that is gone, once no look at it is running.
func (r *Reconciler) forget(name types.NamespacedName) ctrl.Result {
	pool := r.Worker.Pools[Pool]
	if pool.Cancel(key(name)); pool.Busy(key(name)) {
		return ctrl.Result{RequeueAfter: goneAgain}
	}
	r.mu.Lock()
	delete(r.answers, name)
	r.mu.Unlock()
	r.Forget(name)
	return ctrl.Result{}
}
