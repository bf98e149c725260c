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

// soon is how long a reconciler waits for a look itself. One that takes longer
// continues without it, and wakes it at its end: a file system that hangs takes no
// notice of a context, and nothing that a tenant controls may hold up those that look
// for others.
const soon = 2 * time.Second

// kept is how long the outcome of a look that was not waited for is kept, for an object
// that may be gone.
const kept = time.Minute

// Evaluations are the looks at the objects of a controller. The zero value is ready for use.
type Evaluations struct {
	mu sync.Mutex
	// running are the looks that run, ended those whose outcome nobody has taken yet.
	running map[types.NamespacedName]*running
	ended   map[types.NamespacedName]*Evaluated
	// begun counts, for each namespace, the looks that are waited for by others, and
	// parked are the objects that wait for one of them to end.
	begun  map[string]int
	parked map[string][]types.NamespacedName
}

// running is a look that runs.
type running struct {
	since time.Time
	ctx   context.Context //nolint:containedctx // it tells when the look should have ended
	end   context.CancelFunc
	// alone tells that the reconciler does not wait for it any more.
	alone bool
}

// Evaluation is a look at one object.
type Evaluation struct {
	Name types.NamespacedName
	// Now is when it begins, Answer how long it may take until the object says that it
	// hangs, 0 without end, and Again how long it is until the next one after a panic, or
	// while it does not end.
	Now           time.Time
	Answer, Again time.Duration
	// PerTenant is how many looks at objects of one namespace run at a time, 0 without a
	// bound. Those that hang are not counted.
	PerTenant int
	// Worker wakes the reconciler.
	Worker *Worker
	// HangMessage says what to do while it does not end in time.
	HangMessage func() string
	// Run is the look itself. It must not touch what others use: it may run on after
	// Wait has returned. Of is what it works on.
	Run func(context.Context) outcome.Outcome
	Of  any
}

// Evaluated is what there is to tell of an object.
type Evaluated struct {
	outcome.Outcome
	// Of is that of the look that has ended: the one that was asked for or, if a reconciler
	// did not wait for its end, an earlier one. It is nil if none has ended.
	Of any
	// NothingNew tells that there is nothing to tell yet. The reconciler is woken, or looks
	// again after Outcome.After at the latest.
	NothingNew bool
}

// Wait has the look run, and returns how it came out. If an earlier look at the object
// has ended since, that is the answer. If it does not end soon there is nothing to tell,
// and once it has not ended in time, what is waited for. Until a look has ended there is
// no other at the same object.
func (l *Evaluations) Wait(ctx context.Context, look Evaluation) Evaluated {
	if look.Answer <= 0 {
		return Evaluated{Outcome: look.safely(ctx), Of: look.Of}
	}
	r, answer := l.begin(ctx, look)
	if r == nil {
		return answer
	}
	done := make(chan Evaluated, 1)
	go func() { l.end(look, r, done) }()
	timer := time.NewTimer(min(soon, look.Answer))
	defer timer.Stop()
	select {
	case answer := <-done:
		return answer
	case <-timer.C:
	case <-ctx.Done():
	}
	return l.leave(look, r, done)
}

// begin begins a look, or says why it does not.
func (l *Evaluations) begin(ctx context.Context, look Evaluation) (*running, Evaluated) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace := look.Name.Namespace
	if answer := l.ended[look.Name]; answer != nil {
		delete(l.ended, look.Name)
		l.unpark(look.Name)
		if after := answer.After; after == 0 || after > look.Again {
			answer.After = look.Again // what has happened since is not in it
		}
		return nil, *answer
	}
	if r := l.running[look.Name]; r != nil {
		return nil, look.nothingNew(r)
	}
	if look.PerTenant > 0 && l.begun[namespace] >= look.PerTenant {
		if !slices.Contains(l.parked[namespace], look.Name) {
			l.parked[namespace] = append(l.parked[namespace], look.Name)
		}
		// Whoever is woken may begin no look, and wake nobody: none waits for that alone.
		return nil, Evaluated{NothingNew: true, Outcome: outcome.Outcome{State: outcome.Waiting, After: look.Again}}
	}
	if l.running == nil {
		l.running, l.ended = map[types.NamespacedName]*running{}, map[types.NamespacedName]*Evaluated{}
		l.begun, l.parked = map[string]int{}, map[string][]types.NamespacedName{}
	}
	l.unpark(look.Name)
	r := &running{since: look.Now}
	r.ctx, r.end = look.within(ctx)
	l.running[look.Name] = r
	l.begun[namespace]++
	context.AfterFunc(r.ctx, func() { l.release(look) })
	return r, Evaluated{}
}

// unpark takes an object out of those that wait, whatever woke it: another one is to be
// woken in its place. l.mu is held.
func (l *Evaluations) unpark(name types.NamespacedName) {
	waiting := l.parked[name.Namespace]
	if i := slices.Index(waiting, name); i >= 0 {
		l.parked[name.Namespace] = slices.Delete(waiting, i, i+1)
	}
	if len(l.parked[name.Namespace]) == 0 {
		delete(l.parked, name.Namespace)
	}
}

// within is the context of a look: it ends in time, and with the controller.
func (l Evaluation) within(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Answer)
	if l.Worker == nil || l.Worker.waker.life() == nil {
		return own, cancel
	}
	stop := context.AfterFunc(l.Worker.waker.life(), cancel)
	return own, func() {
		stop()
		cancel()
	}
}

// end has the look run, and hands on how it came out.
func (l *Evaluations) end(look Evaluation, r *running, done chan<- Evaluated) {
	answer := Evaluated{Outcome: look.safely(r.ctx), Of: look.Of}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.end()
	delete(l.running, look.Name)
	if !r.alone {
		done <- answer
		return
	}
	l.ended[look.Name] = &answer
	time.AfterFunc(kept, func() { l.drop(look.Name, &answer) })
	look.wake(look.Name)
}

// leave has a look run on alone, unless it has just ended.
func (l *Evaluations) leave(look Evaluation, r *running, done <-chan Evaluated) Evaluated {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case answer := <-done:
		return answer
	default:
		r.alone = true
		return look.nothingNew(r)
	}
}

// drop forgets an outcome that nobody has taken.
func (l *Evaluations) drop(name types.NamespacedName, answer *Evaluated) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended[name] == answer {
		delete(l.ended, name)
	}
}

// nothingNew is what there is to tell while a look runs.
func (l Evaluation) nothingNew(r *running) Evaluated {
	if r.ctx.Err() != nil {
		return Evaluated{Outcome: l.hangs(r.since)}
	}
	deadline, _ := r.ctx.Deadline()
	left := time.Until(deadline) //nolint:forbidigo // a context's deadline is told in the machine's time
	return Evaluated{NothingNew: true, Outcome: outcome.Outcome{State: outcome.Waiting, After: max(left, time.Millisecond)}}
}

func (l Evaluation) wake(name types.NamespacedName) {
	if l.Worker != nil {
		l.Worker.Wake(name)
	}
}

// release has another look at an object of the namespace begin.
func (l *Evaluations) release(look Evaluation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace := look.Name.Namespace
	if l.begun[namespace]--; l.begun[namespace] <= 0 {
		delete(l.begun, namespace)
	}
	if waiting := l.parked[namespace]; len(waiting) > 0 {
		next := waiting[0]
		l.unpark(next)
		look.wake(next)
	}
}

// safely turns a panic into an outcome.
func (l Evaluation) safely(ctx context.Context) (out outcome.Outcome) {
	defer func() {
		if caught := recover(); caught != nil {
			err := fmt.Errorf("panic: %v", caught)
			ctrl.LoggerFrom(ctx).Error(err, "Failed to look at the object", "stack", string(debug.Stack()))
			out = outcome.Of(err, l.Again)
		}
	}()
	return l.Run(ctx)
}

// hangs is the outcome while a look does not end.
func (l Evaluation) hangs(since time.Time) outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonDestinationUnavailable, fmt.Sprintf(
		"an access to the archive has been running since %s: %s", since.UTC().Format(time.RFC3339), l.HangMessage()), l.Again)
}

// ExportHangs says what to do while the look at an export or a batch does not end,
// whose archive is at the ExportDestination of this name.
func ExportHangs(destination string) string {
	return fmt.Sprintf("check that the file system or bucket of the ExportDestination %q answers; "+
		"the export continues as soon as it does, and can be deleted meanwhile", destination)
}
