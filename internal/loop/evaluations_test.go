package loop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// evaluationOf makes an evaluation of an object of a namespace.
func evaluationOf(worker *Worker, namespace, name string, run func(context.Context) outcome.Outcome) Evaluation {
	return Evaluation{
		Name: types.NamespacedName{Namespace: namespace, Name: name}, Now: time.Unix(0, 0), Timeout: time.Hour, RetryAfter: time.Minute, PerNamespace: 2,
		Worker: worker, HangMessage: func() string { return ExportHangs("evidence") }, Run: run, Subject: name,
	}
}

func works(context.Context) outcome.Outcome { return outcome.Wait("Works", "", 0) }

// queued is a worker that has been started, and its queue.
func queued(t *testing.T, ctx context.Context) (*Worker, workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	t.Helper()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	t.Cleanup(queue.ShutDown)
	worker := &Worker{}
	if err := worker.Source().Start(ctx, queue); err != nil {
		t.Fatal(err)
	}
	return worker, queue
}

// TestAnEvaluationThatHangs is waited for a moment only, and not begun a second time; once it
// has not ended in time the object says so. Another object is evaluated meanwhile,
// and one at the same once the first has ended.
func TestAnEvaluationThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var evaluations Evaluations
		worker, queue := queued(t, t.Context())
		until, begun := make(chan struct{}), 0
		hanging := evaluationOf(worker, "a", "hangs", func(context.Context) outcome.Outcome {
			begun++
			<-until
			return outcome.Wait("Ended", "", 0)
		})
		start := time.Now()
		for range 2 {
			if answer := evaluations.Run(t.Context(), hanging); !answer.NothingNew || answer.After > time.Hour {
				t.Errorf("%+v, want nothing to tell for an hour", answer)
			}
		}
		if took := time.Since(start); took != shortWait {
			t.Errorf("waited %v, want %v once", took, shortWait)
		}
		if answer := evaluations.Run(t.Context(), evaluationOf(worker, "a", "works", works)); answer.Reason != "Works" || answer.Subject != "works" {
			t.Errorf("another evaluation: %+v", answer)
		}
		<-time.After(time.Hour)
		answer := evaluations.Run(t.Context(), hanging)
		if answer.NothingNew || answer.Subject != nil || answer.After != time.Minute ||
			!strings.Contains(answer.Message, `since 1970-01-01T00:00:00Z: check that the file system or bucket of the ExportDestination "evidence"`) {
			t.Errorf("after an hour: %+v", answer)
		}
		close(until)
		synctest.Wait()
		if item, _ := queue.Get(); item.NamespacedName != hanging.Name {
			t.Errorf("%v was woken", item)
		}
		if answer := evaluations.Run(t.Context(), evaluationOf(worker, "a", "hangs", works)); answer.Reason != "Ended" || answer.After != time.Minute {
			t.Errorf("after its end: %+v, want how it came out, and another evaluation after a minute", answer)
		}
		if answer := evaluations.Run(t.Context(), evaluationOf(worker, "a", "hangs", works)); answer.Reason != "Works" || begun != 1 {
			t.Errorf("then: %+v, begun %d times", answer, begun)
		}
	})
}

// TestEvaluationsOfANamespaceWaitForEachOther, and nobody else's for them, whether or not they
// ever end.
func TestEvaluationsOfANamespaceWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var evaluations Evaluations
		worker, queue := queued(t, t.Context())
		var begun atomic.Int32
		until := make(chan struct{})
		waits := func(context.Context) outcome.Outcome { begun.Add(1); <-until; return outcome.Done() }
		start := time.Now()
		for i := range 50 {
			if answer := evaluations.Run(t.Context(), evaluationOf(worker, "mallory", fmt.Sprint(i), waits)); !answer.NothingNew || answer.After <= 0 {
				t.Errorf("evaluation %d: %+v", i, answer)
			}
		}
		if took := time.Since(start); begun.Load() != 2 || took != 2*shortWait {
			t.Errorf("%d evaluations were begun, which took %v; want 2, and %v", begun.Load(), took, 2*shortWait)
		}
		if answer := evaluations.Run(t.Context(), evaluationOf(worker, "calm", "a", works)); answer.Reason != "Works" {
			t.Errorf("another namespace's: %+v", answer)
		}
		<-time.After(time.Hour) // the two hang: two others are evaluated
		synctest.Wait()
		for _, want := range []string{"2", "3"} { // in the order in which they came
			if item, _ := queue.Get(); item.Name != want {
				t.Errorf("%s was woken, want %s", item.Name, want)
			}
		}
		close(until)
		synctest.Wait()
		<-time.After(2 * kept)
		evaluations.mu.Lock()
		defer evaluations.mu.Unlock()
		if len(evaluations.running)+len(evaluations.ended)+len(evaluations.counted) != 0 {
			t.Errorf("what nobody asks for any more is remembered: %v %v %v", evaluations.running, evaluations.ended, evaluations.counted)
		}
	})
}

// TestAnEvaluationThatBeginsByItselfIsNotWokenToo: its place is free for who waits behind it.
func TestAnEvaluationThatBeginsByItselfIsNotWokenToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var evaluations Evaluations
		worker, _ := queued(t, t.Context())
		first, second := make(chan struct{}), make(chan struct{})
		until := func(ch chan struct{}) func(context.Context) outcome.Outcome {
			return func(context.Context) outcome.Outcome { <-ch; return outcome.Done() }
		}
		ask := func(name string, run func(context.Context) outcome.Outcome) {
			evaluation := evaluationOf(worker, "a", name, run)
			evaluation.PerNamespace = 1
			evaluations.Run(t.Context(), evaluation)
		}
		ask("1", until(first))
		ask("2", works)
		ask("3", until(second))
		close(first)
		synctest.Wait() // 2 is woken
		ask("3", until(second))
		ask("2", works) // has to wait again
		evaluations.mu.Lock()
		defer evaluations.mu.Unlock()
		if waiting := fmt.Sprint(evaluations.waiting["a"]); waiting != "[a/2]" {
			t.Errorf("%s wait, want 2 alone: it is the next to be woken", waiting)
		}
		close(second)
	})
}

// TestAnEvaluationEndsWithItsController, also one that is not waited for.
func TestAnEvaluationEndsWithItsController(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var evaluations Evaluations
		ctx, cancel := context.WithCancel(t.Context())
		worker, _ := queued(t, ctx)
		var ended error
		evaluations.Run(t.Context(), evaluationOf(worker, "a", "a", func(ctx context.Context) outcome.Outcome {
			<-ctx.Done()
			ended = ctx.Err()
			return outcome.Done()
		}))
		cancel()
		synctest.Wait()
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("ended with %v", ended)
		}
	})
}

// TestAnEvaluationThatPanics has an outcome.
func TestAnEvaluationThatPanics(t *testing.T) {
	var evaluations Evaluations
	answer := evaluations.Run(t.Context(), evaluationOf(nil, "a", "a", func(context.Context) outcome.Outcome { panic(errors.New("broken")) }))
	if answer.State != outcome.Waiting || !strings.Contains(answer.Message, "panic: broken") {
		t.Errorf("%+v", answer)
	}
}
