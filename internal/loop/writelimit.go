package loop

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// WriteLimit bounds how often the status of an object is written: once a second. A write
// that is a turning point is never postponed.
type WriteLimit struct {
	// Clock is the one by which postponed writes are made: the machine's own, as the
	// queues of controllers have no other.
	Clock clock.PassiveClock

	mu     sync.Mutex
	writes spacing[types.UID]
}

// postponement is how long a write of an object's status is postponed, 0 if it is made now. A nil
// limit postpones nothing.
func (l *WriteLimit) postponement(obj, before Object) time.Duration {
	if l == nil || IsTurningPoint(obj, before) {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes.wait(obj.GetUID(), l.Clock.Now())
}

// recordWrite records that an object's status was written.
func (l *WriteLimit) recordWrite(obj Object) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Clock.Now()
	l.writes.record(obj.GetUID(), now, now)
}

// IsTurningPoint reports whether the status of an object has changed in more than words or
// numbers: a condition was added or removed, or has another status, reason or generation, for
// example because a step has succeeded.
func IsTurningPoint(obj, before Object) bool {
	now, was := *obj.GetConditions(), *before.GetConditions()
	if len(now) != len(was) {
		return true
	}
	for _, condition := range now {
		old := meta.FindStatusCondition(was, condition.Type)
		if old == nil || old.Status != condition.Status || old.Reason != condition.Reason || old.ObservedGeneration != condition.ObservedGeneration {
			return true
		}
	}
	return false
}

// postponedError is why a status was not written: that is done after so long. It is an
// error because what follows a write must not be done then.
type postponedError struct{ wait time.Duration }

func (e *postponedError) Error() string {
	return fmt.Sprintf("the status is written in %v: it was written less than %v ago", e.wait, statusInterval)
}
