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

// Worker has pools do a reconciler's long work, and wakes the reconciler when it
// has ended.
type Worker struct {
	Pools transfer.Pools
	// Progress is between looks at work that is running.
	Progress time.Duration

	waker Waker
}

// Source is what wakes the reconciler; give it to its controller.
func (w *Worker) Source() source.Source { return w.waker.Source() }

// Task is a piece of long work.
type Task struct {
	// Pool does it, and Key tells it from all other work there.
	Pool, Key string
	Work      transfer.Work
	// Reason and Message say what is going on while it runs.
	Reason, Message string
}

// Do has a task done for an object and says how it stands. What failed is told
// until it has worked, not only until it is tried again.
func (w *Worker) Do(name types.NamespacedName, task Task) outcome.Outcome {
	state := w.Pools[task.Pool].Do(task.Key, name.String(), func() { w.waker.Wake(name) }, task.Work)
	if state.Running {
		state.After = w.Progress
	}
	if state.Err != nil {
		return outcome.Of(state.Err, state.After)
	}
	return outcome.Wait(task.Reason, task.Message, state.After)
}

// Waker puts objects into a controller's queue from outside its watches. The
// zero value is ready for use.
type Waker struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// Source hands the controller's queue to the waker.
func (w *Waker) Source() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.queue = queue
		return nil
	})
}

// Wake has the object looked at soon. Before the controller has started it does
// nothing: a start looks at every object.
func (w *Waker) Wake(name types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue != nil {
		w.queue.Add(reconcile.Request{NamespacedName: name})
	}
}
