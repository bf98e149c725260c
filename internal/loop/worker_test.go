package loop

import (
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// queues are those that controllers have: controller-runtime's own, and that of client-go.
var queues = map[string]func() workqueue.TypedRateLimitingInterface[reconcile.Request]{
	"priorityqueue": func() workqueue.TypedRateLimitingInterface[reconcile.Request] {
		return priorityqueue.New[reconcile.Request]("progress")
	},
	"workqueue": func() workqueue.TypedRateLimitingInterface[reconcile.Request] {
		return workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	},
}

// TestLastProgressIsReconciled: however progress and other reasons to reconcile follow each
// other, the object is reconciled at or after the last progress, and within a second of it.
func TestLastProgressIsReconciled(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct{ progress, wakes []time.Duration }{
		"once":                              {progress: []time.Duration{0}},
		"twice in a second":                 {progress: []time.Duration{0, 100 * ms}},
		"often":                             {progress: []time.Duration{0, 100 * ms, 200 * ms, 900 * ms, 1100 * ms}},
		"after another reconcile came":      {progress: []time.Duration{0, 100 * ms, 300 * ms}, wakes: []time.Duration{200 * ms}},
		"after several other reconciles":    {progress: []time.Duration{0, 100 * ms, 300 * ms, 500 * ms}, wakes: []time.Duration{200 * ms, 400 * ms}},
		"while nothing is scheduled":        {progress: []time.Duration{0, 5000 * ms}, wakes: []time.Duration{2000 * ms}},
		"before another reconcile, no more": {progress: []time.Duration{0, 100 * ms}, wakes: []time.Duration{300 * ms}},
	}
	for queue, newQueue := range queues {
		for name, tt := range tests {
			t.Run(queue+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					reconciles := reconcilesOf(t, newQueue(), tt.progress, tt.wakes)
					last := tt.progress[len(tt.progress)-1]
					for _, at := range reconciles {
						if at >= last && at <= last+statusInterval {
							return
						}
					}
					t.Errorf("reconciled at %v, none of which is within a second after %v", reconciles, last)
				})
			})
		}
	}
}

// reconcilesOf returns when an object is reconciled that progresses and is woken at the given
// times from now. It must run in a synctest bubble.
func reconcilesOf(t *testing.T, queue workqueue.TypedRateLimitingInterface[reconcile.Request], progress, wakes []time.Duration) (at []time.Duration) {
	t.Helper()
	var w Waker
	if err := w.Source().Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	name, begin := types.NamespacedName{Namespace: "tenant", Name: "a"}, time.Now()
	for _, after := range progress {
		time.AfterFunc(after, func() { w.Progress(name) })
	}
	for _, after := range wakes {
		time.AfterFunc(after, func() { w.Wake(name) })
	}
	time.AfterFunc(time.Minute, queue.ShutDown)
	for {
		request, isShutDown := queue.Get()
		if isShutDown {
			return at
		}
		at = append(at, time.Since(begin))
		queue.Done(request)
	}
}
