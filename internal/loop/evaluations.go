package loop

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// shortWait is how long a reconciler waits for an evaluation to end. An evaluation that
// takes longer continues in a goroutine of its own and wakes the reconciler when it ends:
// a file system that hangs takes no notice of a context, and nothing that a tenant controls
// may block a reconciler that others need.
const shortWait = 2 * time.Second

// kept is how long the outcome of an evaluation is kept whose end the reconciler did not wait
// for. The object may be gone, so that nobody takes the outcome.
const kept = time.Minute

// Evaluations runs the evaluations of the objects of a controller. The zero value is ready for
// use.
type Evaluations struct {
	mu sync.Mutex
	// running has the evaluations that run, ended the outcomes that nobody has taken yet.
	running map[types.NamespacedName]*running
	ended   map[types.NamespacedName]*Evaluated
	// counted is how many evaluations of each namespace count towards Evaluation.PerNamespace:
	// those that run and have not used up their time. waiting has the objects that wait until
	// fewer are counted.
	counted map[string]int
	waiting map[string][]types.NamespacedName
}

// running is an evaluation that runs.
type running struct {
	since time.Time
	ctx   context.Context //nolint:containedctx // it ends when the time of the evaluation is used up
	end   context.CancelFunc
	// leftRunning tells that the reconciler does not wait for its end any more.
	leftRunning bool
}

// Evaluation is one evaluation of one object: what a reconcile does up to the status.
type Evaluation struct {
	Name types.NamespacedName
	// Now is when the evaluation begins.
	Now time.Time
	// Timeout is how long the evaluation may take. After that the status says that it hangs. If
	// it is 0, there is no limit, and the reconciler waits for the end.
	Timeout time.Duration
	// RetryAfter is the wait before the next evaluation after a panic, and while one hangs.
	RetryAfter time.Duration
	// PerNamespace is how many evaluations of objects of one namespace may run at the same time;
	// 0 is without a limit. Evaluations that have used up Timeout are not counted.
	PerNamespace int
	// Worker wakes the reconciler.
	Worker *Worker
	// HangMessage returns what to do if the evaluation has used up Timeout.
	HangMessage func() string
	// Run does the evaluation. It must not touch what others use, because it may still run
	// after Evaluations.Run has returned.
	Run func(context.Context) outcome.Outcome
	// Subject is what Run works on.
	Subject any
}

// Evaluated is what Evaluations.Run found out about an object.
type Evaluated struct {
	outcome.Outcome
	// Subject is the Subject of the evaluation that has ended. That is the one given to Run or, if the
	// reconciler did not wait for its end, an earlier one. It is nil if none has ended.
	Subject any
	// NothingNew tells that there is nothing to publish yet. The reconciler is woken, or has to
	// reconcile the object after Outcome.After.
	NothingNew bool
}

// Run runs an evaluation and returns its outcome. If an earlier evaluation of the object has
// ended in the meantime, Run returns the outcome of that one instead. If the evaluation takes
// longer than shortWait, nothing is new; if it takes longer than its Timeout, the outcome says
// that it hangs. An object has one evaluation at a time.
func (v *Evaluations) Run(ctx context.Context, e Evaluation) Evaluated {
	if e.Timeout <= 0 {
		return Evaluated{Outcome: e.safely(ctx), Subject: e.Subject}
	}
	r, answer := v.begin(ctx, e)
	if r == nil {
		return answer
	}
	done := make(chan Evaluated, 1)
	go func() { v.finish(e, r, done) }()
	timer := time.NewTimer(min(shortWait, e.Timeout))
	defer timer.Stop()
	select {
	case answer := <-done:
		return answer
	case <-timer.C:
	case <-ctx.Done():
	}
	return v.leaveRunning(e, r, done)
}

// begin begins an evaluation. If it does not, it returns nil and what Run returns.
func (v *Evaluations) begin(ctx context.Context, e Evaluation) (*running, Evaluated) {
	v.mu.Lock()
	defer v.mu.Unlock()
	namespace := e.Name.Namespace
	if answer := v.ended[e.Name]; answer != nil {
		delete(v.ended, e.Name)
		v.removeWaiting(e.Name)
		if after := answer.After; after == 0 || after > e.RetryAfter {
			answer.After = e.RetryAfter // it does not know what has happened since
		}
		return nil, *answer
	}
	if r := v.running[e.Name]; r != nil {
		return nil, e.nothingNew(r)
	}
	if e.PerNamespace > 0 && v.counted[namespace] >= e.PerNamespace {
		if !slices.Contains(v.waiting[namespace], e.Name) {
			v.waiting[namespace] = append(v.waiting[namespace], e.Name)
		}
		// An object that is woken may begin no evaluation and wake no other object, so none
		// waits for being woken alone.
		return nil, Evaluated{NothingNew: true, Outcome: outcome.Outcome{State: outcome.Waiting, After: e.RetryAfter}}
	}
	if v.running == nil {
		v.running, v.ended = map[types.NamespacedName]*running{}, map[types.NamespacedName]*Evaluated{}
		v.counted, v.waiting = map[string]int{}, map[string][]types.NamespacedName{}
	}
	v.removeWaiting(e.Name)
	r := &running{since: e.Now}
	r.ctx, r.end = e.newContext(ctx)
	v.running[e.Name] = r
	v.counted[namespace]++
	context.AfterFunc(r.ctx, func() { v.wakeNext(e) })
	return r, Evaluated{}
}

// removeWaiting removes an object from those that wait, whatever woke it, so that another one is
// woken in its place. v.mu must be locked.
func (v *Evaluations) removeWaiting(name types.NamespacedName) {
	waiting := v.waiting[name.Namespace]
	if i := slices.Index(waiting, name); i >= 0 {
		v.waiting[name.Namespace] = slices.Delete(waiting, i, i+1)
	}
	if len(v.waiting[name.Namespace]) == 0 {
		delete(v.waiting, name.Namespace)
	}
}

// newContext returns the context of an evaluation. It ends after Timeout, and with the controller.
func (e Evaluation) newContext(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.Timeout)
	if e.Worker == nil || e.Worker.life() == nil {
		return own, cancel
	}
	stop := context.AfterFunc(e.Worker.life(), cancel)
	return own, func() {
		stop()
		cancel()
	}
}

// finish runs the evaluation, and gives its outcome to Run or keeps it for the next call.
func (v *Evaluations) finish(e Evaluation, r *running, done chan<- Evaluated) {
	answer := Evaluated{Outcome: e.safely(r.ctx), Subject: e.Subject}
	v.mu.Lock()
	defer v.mu.Unlock()
	r.end()
	delete(v.running, e.Name)
	if !r.leftRunning {
		done <- answer
		return
	}
	v.ended[e.Name] = &answer
	time.AfterFunc(kept, func() { v.drop(e.Name, &answer) })
	e.wake(e.Name)
}

// leaveRunning has the evaluation continue without the reconciler, unless it has just ended.
func (v *Evaluations) leaveRunning(e Evaluation, r *running, done <-chan Evaluated) Evaluated {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case answer := <-done:
		return answer
	default:
		r.leftRunning = true
		return e.nothingNew(r)
	}
}

// drop drops an outcome that nobody has taken.
func (v *Evaluations) drop(name types.NamespacedName, answer *Evaluated) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended[name] == answer {
		delete(v.ended, name)
	}
}

// nothingNew returns what Run returns while an evaluation runs.
func (e Evaluation) nothingNew(r *running) Evaluated {
	if r.ctx.Err() != nil {
		return Evaluated{Outcome: e.hangs(r.since)}
	}
	deadline, _ := r.ctx.Deadline()
	left := time.Until(deadline) //nolint:forbidigo // a context's deadline is in the machine's time
	return Evaluated{NothingNew: true, Outcome: outcome.Outcome{State: outcome.Waiting, After: max(left, time.Millisecond)}}
}

func (e Evaluation) wake(name types.NamespacedName) {
	if e.Worker != nil {
		e.Worker.Wake(name)
	}
}

// wakeNext no longer counts an evaluation, and wakes the next object of its namespace that waits.
func (v *Evaluations) wakeNext(e Evaluation) {
	v.mu.Lock()
	defer v.mu.Unlock()
	namespace := e.Name.Namespace
	if v.counted[namespace]--; v.counted[namespace] <= 0 {
		delete(v.counted, namespace)
	}
	if waiting := v.waiting[namespace]; len(waiting) > 0 {
		next := waiting[0]
		v.removeWaiting(next)
		e.wake(next)
	}
}

// safely runs the evaluation and turns a panic into an outcome.
func (e Evaluation) safely(ctx context.Context) (out outcome.Outcome) {
	defer func() {
		if caught := recover(); caught != nil {
			err := fmt.Errorf("panic: %v", caught)
			ctrl.LoggerFrom(ctx).Error(err, "Failed to evaluate the object", "stack", string(debug.Stack()))
			out = outcome.Of(err, e.RetryAfter)
		}
	}()
	return e.Run(ctx)
}

// hangs returns the outcome of an evaluation that has used up its time.
func (e Evaluation) hangs(since time.Time) outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonDestinationUnavailable, fmt.Sprintf(
		"an access to the archive has been running since %s: %s", words.Time(since), e.HangMessage()), e.RetryAfter)
}

// ExportHangs returns what to do while the evaluation of an export or a batch hangs whose archive
// is at the ExportDestination of this name.
func ExportHangs(destination string) string {
	return fmt.Sprintf("check that the file system or bucket of the ExportDestination %q answers; "+
		"the export continues as soon as it does, and can be deleted meanwhile", destination)
}
