package genesysorganization

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Pool is the name of the pool that logs in. A server that does not answer delays only
// logins of its own namespace, each for Intervals.Timeout at most.
const Pool = "Login"

// login is the step that logs in with all OAuth clients of an organisation. The pool does
// it, so that a slow server never blocks Reconcile; the reconcile that follows publishes
// the results.
type login struct {
	logIn   func(context.Context, *v1alpha1.GenesysOrganization) ([]genesys.LoginResult, error)
	worker  *loop.Worker
	timeout time.Duration
	runs    *loginRuns
}

// start starts logging in, unless the pool is doing so already, and tells whether that is
// running. It is not while the pool waits after logging in has panicked.
func (l login) start(organization *v1alpha1.GenesysOrganization) (out outcome.Outcome, isRunning bool) {
	name, stored := client.ObjectKeyFromObject(organization), organization.DeepCopy()
	out, state := l.worker.DoWithState(name, loop.Task{
		Pool: Pool, Key: workKey(name), Reason: v1alpha1.ReasonOrganizationNotReady, Message: "logging in",
		Work: func(ctx context.Context, _ transfer.Try) error {
			ctx, cancel := context.WithTimeout(ctx, l.timeout)
			defer cancel()
			run := loginRun{of: stored.UID, generation: stored.Generation}
			run.results, run.err = l.logIn(ctx, stored)
			l.runs.put(name, run)
			return nil
		},
	})
	return out, state.Running
}

// cancel stops logging in for an organisation that was deleted, and tells whether the
// pool has stopped.
func (l login) cancel(name types.NamespacedName) (stopped bool) {
	pool := l.worker.Pools[Pool]
	pool.Cancel(workKey(name))
	return !pool.Busy(workKey(name))
}

// workKey is the key of an organisation's logins in the pool.
func workKey(name types.NamespacedName) string { return name.String() + "/" }

// loginRun is how logging in with all clients of an organisation ended.
type loginRun struct {
	// of and generation are those of the object when the run started.
	of         types.UID
	generation int64
	results    []genesys.LoginResult
	err        error
}

// loginRuns keeps the last run of each organisation until Reconcile, which the end of the
// run wakes, has published it. The zero value is ready for use.
type loginRuns struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]loginRun
}

// put keeps a run.
func (l *loginRuns) put(name types.NamespacedName, run loginRun) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byName == nil {
		l.byName = map[types.NamespacedName]loginRun{}
	}
	l.byName[name] = run
}

// latest returns the last run of an organisation until forget is called. It forgets a run
// if the object has changed since the run started.
func (l *loginRuns) latest(organization *v1alpha1.GenesysOrganization) (run loginRun, found bool) {
	name := client.ObjectKeyFromObject(organization)
	l.mu.Lock()
	defer l.mu.Unlock()
	run, found = l.byName[name]
	if found && (run.of != organization.UID || run.generation != organization.Generation) {
		delete(l.byName, name)
		return loginRun{}, false
	}
	return run, found
}

// forget forgets the run of an organisation that was deleted, or whose status shows the
// results. No other run has started since, because none starts before this.
func (l *loginRuns) forget(name types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byName, name)
}
