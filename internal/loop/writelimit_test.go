package loop

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

func TestTurningPoints(t *testing.T) {
	condition := func(kind, status, reason, message string, generation int64) metav1.Condition {
		return metav1.Condition{Type: kind, Status: metav1.ConditionStatus(status), Reason: reason, Message: message, ObservedGeneration: generation}
	}
	before := []metav1.Condition{condition("Ready", "False", "Running", "1/7", 1)}
	tests := map[string]struct {
		now    []metav1.Condition
		number int32
		want   bool
	}{
		"nothing":              {before, 0, false},
		"a number":             {before, 7, false},
		"a message":            {[]metav1.Condition{condition("Ready", "False", "Running", "2/7", 1)}, 2, false},
		"a reason":             {[]metav1.Condition{condition("Ready", "False", "Waiting", "1/7", 1)}, 0, true},
		"a status":             {[]metav1.Condition{condition("Ready", "True", "Running", "1/7", 1)}, 0, true},
		"a generation":         {[]metav1.Condition{condition("Ready", "False", "Running", "1/7", 2)}, 0, true},
		"one more condition":   {append(before[:1:1], condition("Stalled", "True", "R", "m", 1)), 0, true},
		"another condition":    {[]metav1.Condition{condition("Stalled", "False", "Running", "1/7", 1)}, 0, true},
		"no condition anymore": {nil, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			old, now := &v1alpha1.RecordingExportBatch{}, &v1alpha1.RecordingExportBatch{}
			old.Status.Conditions, now.Status.Conditions, now.Status.Metadata = before, test.now, test.number
			if got := IsTurningPoint(now, old); got != test.want {
				t.Errorf("turning point: %t, want %t", got, test.want)
			}
		})
	}
}

// TestStatusIsWrittenOnceASecond unless it is a turning point, and a postponed write is
// made by a later reconcile.
func TestStatusIsWrittenOnceASecond(t *testing.T) {
	api, destination := newDestination(t)
	now := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
	p := Publisher{Client: api, Events: events.NewFakeRecorder(100), Writes: &WriteLimit{Clock: now}}
	conditions.Reconciling(destination, "Running", "0")
	steps := []struct {
		after           time.Duration
		reason, message string
		written         bool
		wait            time.Duration
	}{
		{0, "Running", "1", true, 0},
		{300 * time.Millisecond, "Running", "2", false, 700 * time.Millisecond},
		{300 * time.Millisecond, "Running", "3", false, 400 * time.Millisecond},
		{0, "Waiting", "3", true, 0},
		{400 * time.Millisecond, "Waiting", "4", false, 600 * time.Millisecond},
		{600 * time.Millisecond, "Waiting", "5", true, 0},
	}
	for _, step := range steps {
		now.SetTime(now.Now().Add(step.after))
		before := stored(t, api, destination)
		obj := before.DeepCopy()
		conditions.Reconciling(obj, step.reason, step.message)
		err := p.Publish(t.Context(), obj, before)
		result, failed := Requeue(reconcile.Result{RequeueAfter: time.Hour}, err)
		if failed != nil || (err == nil) != step.written {
			t.Fatalf("%+v: %v, %v", step, err, failed)
		}
		if err != nil && result.RequeueAfter != step.wait {
			t.Errorf("%+v: reconciled again after %v", step, result.RequeueAfter)
		}
		if says := conditions.Message(stored(t, api, destination)); (says == step.message) != step.written {
			t.Errorf("%+v: the status says %q", step, says)
		}
	}
}

func stored(t *testing.T, api client.Client, destination *v1alpha1.ExportDestination) *v1alpha1.ExportDestination {
	t.Helper()
	there := &v1alpha1.ExportDestination{}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(destination), there); err != nil {
		t.Fatal(err)
	}
	return there
}

func TestRequeueKeepsAnEarlierReconcile(t *testing.T) {
	result, err := Requeue(reconcile.Result{RequeueAfter: time.Millisecond}, &postponedError{time.Second})
	if err != nil || result.RequeueAfter != time.Millisecond {
		t.Errorf("%+v, %v", result, err)
	}
	other := errors.New("other")
	if _, err := Requeue(reconcile.Result{}, other); !errors.Is(err, other) {
		t.Errorf("another error became %v", err)
	}
}

// TestProgressWakesOnceASecond: at once, and a second later for all that came meanwhile.
func TestProgressWakesOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waker Waker
		name := types.NamespacedName{Namespace: "a", Name: "b"}
		waker.Progress(name)
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		defer queue.ShutDown()
		if err := waker.Source().Start(t.Context(), queue); err != nil {
			t.Fatal(err)
		}
		reconciled := func(after time.Duration) (n int) {
			for end := time.After(after); ; {
				synctest.Wait()
				for ; queue.Len() > 0; n++ {
					item, _ := queue.Get()
					queue.Done(item)
				}
				select {
				case <-end:
					return n
				case <-time.After(10 * time.Millisecond):
					waker.Progress(name)
				}
			}
		}
		if n := reconciled(3 * time.Second); n < 3 || n > 4 {
			t.Errorf("reconciled %d times in 3 s with progress every 10 ms, want once a second", n)
		}
	})
}
