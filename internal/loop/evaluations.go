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
	// counted is how many evaluations of each namespace count towards Evaluation.PerTenant:
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
	// Answer is how long the evaluation may take. After that the status says that it hangs. If
	// it is 0, there is no limit, and the reconciler waits for the end.
	Answer time.Duration
	// Again is the wait before the next evaluation after a panic, and while one hangs.
	Again time.Duration
	// PerTenant is how many evaluations of objects of one namespace may run at the same time;
	// 0 is without a limit. Evaluations that have used up Answer are not counted.
	PerTenant int
	// Worker wakes the reconciler.
	Worker *Worker
	// HangMessage returns what to do if the evaluation has used up Answer.
	HangMessage func() string
	// Run does the evaluation. It must not touch what others use, because it may still run
	// after Wait has returned.
	Run func(context.Context) outcome.Outcome
	// Of is what Run works on.
	Of any
}

// Evaluated is what Wait found out about an object.
type Evaluated struct {
	outcome.Outcome
	// Of is the Of of the evaluation that has ended. That is the one given to Wait or, if the
	// reconciler did not wait for its end, an earlier one. It is nil if none has ended.
	Of any
	// NothingNew tells that there is nothing to publish yet. The reconciler is woken, or has to
	// reconcile the object after Outcome.After.
	NothingNew bool
}

// Wait runs an evaluation and returns its outcome. If an earlier evaluation of the object has
// ended in the meantime, Wait returns the outcome of that one instead. If the evaluation takes
// longer than shortWait, nothing is new; if it takes longer than its Answer, the outcome says
// that it hangs. An object has one evaluation at a time.
func (l *Evaluations) Wait(ctx context.Context, e Evaluation) Evaluated {
	if e.Answer <= 0 {
		return Evaluated{Outcome: e.safely(ctx), Of: e.Of}
	}
	r, answer := l.begin(ctx, e)
	if r == nil {
		return answer
	}
	done := make(chan Evaluated, 1)
	go func() { l.finish(e, r, done) }()
	timer := time.NewTimer(min(shortWait, e.Answer))
	defer timer.Stop()
	select {
	case answer := <-done:
		return answer
	case <-timer.C:
	case <-ctx.Done():
	}
	return l.leaveRunning(e, r, done)
}

// begin begins an evaluation. If it does not, it returns nil and what Wait returns.
func (l *Evaluations) begin(ctx context.Context, e Evaluation) (*running, Evaluated) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace := e.Name.Namespace
	if answer := l.ended[e.Name]; answer != nil {
		delete(l.ended, e.Name)
		l.removeWaiting(e.Name)
		if after := answer.After; after == 0 || after > e.Again {
			answer.After = e.Again // it does not know what has happened since
		}
		return nil, *answer
	}
	if r := l.running[e.Name]; r != nil {
		return nil, e.nothingNew(r)
	}
	if e.PerTenant > 0 && l.counted[namespace] >= e.PerTenant {
		if !slices.Contains(l.waiting[namespace], e.Name) {
			l.waiting[namespace] = append(l.waiting[namespace], e.Name)
		}
		// An object that is woken may begin no evaluation and wake no other object, so none
		// waits for being woken alone.
		return nil, Evaluated{NothingNew: true, Outcome: outcome.Outcome{State: outcome.Waiting, After: e.Again}}
	}
	if l.running == nil {
		l.running, l.ended = map[types.NamespacedName]*running{}, map[types.NamespacedName]*Evaluated{}
		l.counted, l.waiting = map[string]int{}, map[string][]types.NamespacedName{}
	}
	l.removeWaiting(e.Name)
	r := &running{since: e.Now}
	r.ctx, r.end = e.newContext(ctx)
	l.running[e.Name] = r
	l.counted[namespace]++
	context.AfterFunc(r.ctx, func() { l.wakeNext(e) })
	return r, Evaluated{}
}

// removeWaiting removes an object from those that wait, whatever woke it, so that another one is
// woken in its place. l.mu must be locked.
func (l *Evaluations) removeWaiting(name types.NamespacedName) {
	waiting := l.waiting[name.Namespace]
	if i := slices.Index(waiting, name); i >= 0 {
		l.waiting[name.Namespace] = slices.Delete(waiting, i, i+1)
	}
	if len(l.waiting[name.Namespace]) == 0 {
		delete(l.waiting, name.Namespace)
	}
}

// newContext returns the context of an evaluation. It ends after Answer, and with the controller.
func (e Evaluation) newContext(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.Answer)
	if e.Worker == nil || e.Worker.life() == nil {
		return own, cancel
	}
	stop := context.AfterFunc(e.Worker.life(), cancel)
	return own, func() {
		stop()
		cancel()
	}
}

// finish runs the evaluation, and gives its outcome to Wait or keeps it for the next call.
func (l *Evaluations) finish(e Evaluation, r *running, done chan<- Evaluated) {
	answer := Evaluated{Outcome: e.safely(r.ctx), Of: e.Of}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.end()
	delete(l.running, e.Name)
	if !r.leftRunning {
		done <- answer
		return
	}
	l.ended[e.Name] = &answer
	time.AfterFunc(kept, func() { l.drop(e.Name, &answer) })
	e.wake(e.Name)
}

// leaveRunning has the evaluation continue without the reconciler, unless it has just ended.
func (l *Evaluations) leaveRunning(e Evaluation, r *running, done <-chan Evaluated) Evaluated {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case answer := <-done:
		return answer
	default:
		r.leftRunning = true
		return e.nothingNew(r)
	}
}

// drop drops an outcome that nobody has taken.
func (l *Evaluations) drop(name types.NamespacedName, answer *Evaluated) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended[name] == answer {
		delete(l.ended, name)
	}
}

// nothingNew returns what Wait returns while an evaluation runs.
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
func (l *Evaluations) wakeNext(e Evaluation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace := e.Name.Namespace
	if l.counted[namespace]--; l.counted[namespace] <= 0 {
		delete(l.counted, namespace)
	}
	if waiting := l.waiting[namespace]; len(waiting) > 0 {
		next := waiting[0]
		l.removeWaiting(next)
		e.wake(next)
	}
}

// safely runs the evaluation and turns a panic into an outcome.
func (e Evaluation) safely(ctx context.Context) (out outcome.Outcome) {
	defer func() {
		if caught := recover(); caught != nil {
			err := fmt.Errorf("panic: %v", caught)
			ctrl.LoggerFrom(ctx).Error(err, "Failed to evaluate the object", "stack", string(debug.Stack()))
			out = outcome.Of(err, e.Again)
		}
	}()
	return e.Run(ctx)
}

// hangs returns the outcome of an evaluation that has used up its time.
func (e Evaluation) hangs(since time.Time) outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonDestinationUnavailable, fmt.Sprintf(
		"an access to the archive has been running since %s: %s", since.UTC().Format(time.RFC3339), e.HangMessage()), e.Again)
}

// ExportHangs returns what to do while the evaluation of an export or a batch hangs whose archive
// is at the ExportDestination of this name.
func ExportHangs(destination string) string {
	return fmt.Sprintf("check that the file system or bucket of the ExportDestination %q answers; "+
		"the export continues as soon as it does, and can be deleted meanwhile", destination)
}
