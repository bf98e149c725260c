package loop

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Looks waits for looks at objects, but not longer than a reconciler may be held up: a
// file system that hangs takes no notice of a context. The zero value is ready for use.
type Looks struct {
	mu sync.Mutex
	// since is when the looks began that are running.
	since map[types.NamespacedName]time.Time
}

// Look is a look at one object.
type Look struct {
	Name types.NamespacedName
	// Now is when it begins, Answer how long it is waited for, 0 without end, and Again how
	// long it is until the next one after a panic, or while it does not end.
	Now           time.Time
	Answer, Again time.Duration
	// Destination gives the name of the ExportDestination whose archive it reads.
	Destination func() string
	// Run is the look itself. It must not touch what others use: it may run on after
	// Wait has returned.
	Run func(context.Context) outcome.Outcome
}

// Wait has the look run, and returns how it came out and true, or false and what is
// waited for: it has not ended in time, or the one before has not. Until a look has
// ended there is no other at the same object.
func (l *Looks) Wait(ctx context.Context, look Look) (out outcome.Outcome, ended bool) {
	if look.Answer <= 0 {
		return look.safely(ctx), true
	}
	since, begun := l.begin(look.Name, look.Now)
	if !begun {
		return look.hangs(since), false
	}
	ctx, cancel := context.WithTimeout(ctx, look.Answer)
	defer cancel()
	done := make(chan outcome.Outcome, 1)
	go func() {
		out := look.safely(ctx)
		l.end(look.Name)
		done <- out
	}()
	select {
	case out := <-done:
		return out, true
	case <-ctx.Done():
		return look.hangs(since), false
	}
}

// begin notes that a look begins. If another one has not ended it returns since when
// that is running, and false.
func (l *Looks) begin(name types.NamespacedName, now time.Time) (since time.Time, begun bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if since, running := l.since[name]; running {
		return since, false
	}
	if l.since == nil {
		l.since = map[types.NamespacedName]time.Time{}
	}
	l.since[name] = now
	return now, true
}

func (l *Looks) end(name types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.since, name)
}

// safely turns a panic into an outcome.
func (l Look) safely(ctx context.Context) (out outcome.Outcome) {
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
func (l Look) hangs(since time.Time) outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonDestinationUnavailable, fmt.Sprintf(
		"an access to the archive has been running since %s: check that the file system or bucket of the ExportDestination %q answers; "+
			"the export continues as soon as it does, and can be deleted meanwhile",
		since.UTC().Format(time.RFC3339), l.Destination()), l.Again)
}
