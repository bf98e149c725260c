package loop

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

var server *rest.Config

func TestMain(m *testing.M) {
	testenv.Main(m, func(config *rest.Config) { server = config })
}

func newDestination(t *testing.T) (client.Client, *v1alpha1.ExportDestination) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(server, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	destination := &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "d-", Namespace: metav1.NamespaceDefault},
		Spec:       v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{Name: "evidence"}},
	}
	if err := api.Create(t.Context(), destination); err != nil {
		t.Fatal(err)
	}
	return api, destination
}

// told reads the events that were sent since the last time.
func told(recorder *events.FakeRecorder) []string {
	var out []string
	for {
		select {
		case event := <-recorder.Events:
			out = append(out, event)
		default:
			return out
		}
	}
}

func TestPublishWritesAndTellsOfChanges(t *testing.T) {
	api, destination := newDestination(t)
	recorder := events.NewFakeRecorder(10)
	p := Publisher{Client: api, Events: recorder}
	states := []struct {
		set  func(conditions.Object, string, string)
		want string
	}{
		{conditions.Reconciling, "Normal R m"},
		{conditions.Reconciling, ""},
		{conditions.Stalled, "Warning R m"},
		{conditions.Stalled, ""},
		{conditions.Ready, "Normal R m"},
	}
	for i, state := range states {
		before := destination.DeepCopy()
		state.set(destination, "R", "m")
		if err := p.Publish(t.Context(), destination, before); err != nil {
			t.Fatal(err)
		}
		got := ""
		if all := told(recorder); len(all) > 0 {
			got = all[0]
		}
		if got != state.want {
			t.Errorf("state %d: told %q, want %q", i, got, state.want)
		}
	}
	stored := destination.DeepCopy()
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(destination), stored); err != nil || !conditions.IsReady(stored) {
		t.Errorf("stored %+v, %v; want what was published", stored.Status, err)
	}
}

// TestPublishLosesARace: a status that was computed from an old object is not
// written, and nobody is told of it.
func TestPublishLosesARace(t *testing.T) {
	api, destination := newDestination(t)
	stale := destination.DeepCopy()
	recorder := events.NewFakeRecorder(10)
	p := Publisher{Client: api, Events: recorder}
	before := destination.DeepCopy()
	conditions.Ready(destination, "Fresh", "m")
	if err := p.Publish(t.Context(), destination, before); err != nil {
		t.Fatal(err)
	}
	told(recorder)
	before = stale.DeepCopy()
	conditions.Stalled(stale, "Stale", "m")
	err := p.Publish(t.Context(), stale, before)
	if !apierrors.IsConflict(err) || len(told(recorder)) != 0 {
		t.Errorf("Publish: %v, want a conflict and no event", err)
	}
	if result, err := Requeue(reconcile.Result{}, err); err != nil || result.RequeueAfter == 0 {
		t.Errorf("Requeue: %+v, %v; want another reconcile", result, err)
	}
}

func TestPublishToAnObjectThatIsGone(t *testing.T) {
	api, destination := newDestination(t)
	before := destination.DeepCopy()
	if err := api.Delete(t.Context(), destination.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	conditions.Ready(destination, "R", "m")
	if err := (Publisher{Client: api, Events: events.NewFakeRecorder(1)}).Publish(t.Context(), destination, before); err != nil {
		t.Errorf("Publish: %v", err)
	}
}

func TestWaker(t *testing.T) {
	var waker Waker
	name := types.NamespacedName{Namespace: "a", Name: "b"}
	waker.Wake(name)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer queue.ShutDown()
	if err := waker.Source().Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	waker.Wake(name)
	waker.Wake(name)
	if got, _ := queue.Get(); got.NamespacedName != name || queue.Len() != 0 {
		t.Errorf("queued %v and %d more, want it once", got, queue.Len())
	}
}

func TestResult(t *testing.T) {
	if got := Result(outcome.Done()); got.RequeueAfter != 0 {
		t.Errorf("an outcome without a time: %+v", got)
	}
	got := Result(outcome.Wait("R", "m", time.Minute))
	if got.RequeueAfter < time.Minute || got.RequeueAfter > 66*time.Second {
		t.Errorf("after a minute, spread: %+v", got)
	}
}
