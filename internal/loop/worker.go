package loop

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// ConcurrentReconciles is how many objects of a kind are reconciled at the same time. Nothing that a tenant
// controls occupies a worker for long: pools do slow work.
const ConcurrentReconciles = 8

// Worker has pools do a reconciler's long work, and wakes the reconciler when it
// has ended.
type Worker struct {
	Pools transfer.Pools
	// SilenceLimit is how long until the object is reconciled while work for it is running and
	// reports no progress.
	SilenceLimit time.Duration

	Waker
}

// Task is a piece of long work.
type Task struct {
	// Pool does it, and Key tells it from all other work there.
	Pool, Key string
	// Dependency names what the work depends on, with OrganizationDependency or
	// DestinationDependency. One that hangs blocks only the work that depends on it.
	Dependency string
	Work       transfer.Work
	// Reason and Message describe the work while it runs.
	Reason, Message string
	// WaitLimit with it; the zero value is without end.
	WaitLimit transfer.WaitLimit
}

// OrganizationDependency is the dependency of work that calls the Genesys Cloud of a
// GenesysOrganization, whichever destination it stores in: so an organisation has no more places
// because it has many destinations.
func OrganizationDependency(name string) string { return "GenesysOrganization/" + name }

// DestinationDependency is the dependency of work that only uses archives of an ExportDestination.
func DestinationDependency(name string) string { return "ExportDestination/" + name }

// Do has a pool do a task for an object, and returns its progress. After a failure the outcome
// reports the failure until the task has succeeded, not only until it is retried.
func (w *Worker) Do(name types.NamespacedName, task Task) outcome.Outcome {
	out, _ := w.DoWithState(name, task)
	return out
}

// DoWithState is Do, and also returns how often the task has failed and when it is retried.
func (w *Worker) DoWithState(name types.NamespacedName, task Task) (outcome.Outcome, transfer.State) {
	state := w.Pools[task.Pool].Do(transfer.Job{
		Key: task.Key, Tenant: name.Namespace, Dependency: task.Dependency, Owner: name.String(), Work: task.Work, WaitLimit: task.WaitLimit,
		Wake: func() { w.Wake(name) }, Progress: func() { w.Progress(name) },
	})
	after := state.After
	if state.Running {
		after = w.SilenceLimit
	}
	if state.Err != nil {
		return outcome.Of(state.Err, after), state
	}
	return outcome.Wait(task.Reason, task.Message, after), state
}

// Waker puts objects into a controller's queue from outside its watches. The
// zero value is ready for use.
type Waker struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
	ctx   context.Context //nolint:containedctx // the controller's, which ends when it stops
	// progress are the times at which objects are reconciled because of progress.
	progress spacing[types.NamespacedName]
}

// life ends when the controller stops; nil before it has started.
func (w *Waker) life() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ctx
}

// Source is what wakes the reconciler; give it to its controller. It hands the queue of the
// controller to the waker.
func (w *Waker) Source() source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.queue, w.ctx = queue, ctx
		return nil
	})
}

// Progress has the object reconciled because work for it has reported progress: at once or,
// if that was less than a second ago, a second after it. The queue is told each time, also
// of a reconcile that is still to come: it keeps one entry of an object, so that another
// reconcile, which came earlier, may have taken the place of that one.
func (w *Waker) Progress(name types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue == nil {
		return
	}
	// The queue's delays are in the machine's time, too.
	wait := w.progress.schedule(name, time.Now()) //nolint:forbidigo // see above
	w.queue.AddAfter(reconcile.Request{NamespacedName: name}, wait)
}

// Wake has the object reconciled soon. Before the controller has started it does
// nothing: a start reconciles every object.
func (w *Waker) Wake(name types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue != nil {
		w.queue.Add(reconcile.Request{NamespacedName: name})
	}
}
