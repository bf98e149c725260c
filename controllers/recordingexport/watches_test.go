package recordingexport

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// watched is an API server with the reconciler in a manager. Every reconcile of an export
// whose references can be used ends at its archive, where it is counted, and is not
// repeated for hours unless a watch causes it.
type watched struct {
	*testing.T
	client.Client
	mu     sync.Mutex
	counts map[string]int
}

var errCounted = errors.New("counted")

func startWatched(t *testing.T) *watched {
	t.Helper()
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	server, skip := testenv.Start(t), true
	mgr, err := ctrl.NewManager(server, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Logger: logr.Discard(), Controller: config.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.AddIndexes(t.Context(), mgr.GetFieldIndexer()); err != nil {
		t.Fatal(err)
	}
	w := &watched{T: t, counts: map[string]int{}}
	if w.Client, err = client.New(server, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	r := New(Config{
		Publisher: loop.Publisher{Client: mgr.GetClient(), Events: mgr.GetEventRecorder("test")}, Clock: clock.RealClock{},
		Archive: w.archive, Worker: &loop.Worker{Pools: transfer.Pools{}, SilenceLimit: time.Hour},
		Intervals: Intervals{Retry: time.Hour, StepTimeout: time.Hour, LongestWait: time.Hour, ForcedDeletion: time.Hour},
	})
	if err := r.SetupWithManager(mgr); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *watched) archive(_ *v1alpha1.ExportDestination, export string) (archive.Store, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[export]++
	return nil, errCounted
}

func (w *watched) count(export string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[export]
}

// add creates an object, with its status.
func (w *watched) create(obj client.Object) {
	w.Helper()
	status, _ := obj.DeepCopyObject().(client.Object)
	if err := w.Create(w.Context(), obj); err != nil {
		w.Fatal(err)
	}
	if _, is := obj.(*corev1.Namespace); is {
		return
	}
	status.SetResourceVersion(obj.GetResourceVersion())
	if err := w.Status().Update(w.Context(), status); err != nil {
		w.Fatal(err)
	}
}

// createReferences creates an organisation, a destination and an export that refers to both, all of
// one name, and waits until the export was reconciled with them.
func (w *watched) createReferences(name string) {
	w.Helper()
	meta := metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault}
	w.create(&v1alpha1.GenesysOrganization{
		ObjectMeta: meta,
		Spec:       v1alpha1.GenesysOrganizationSpec{Region: "eu-central-1", Credentials: []v1alpha1.OAuthClient{{SecretRef: v1alpha1.LocalReference{Name: "s"}}}},
		Status:     v1alpha1.GenesysOrganizationStatus{Organization: &v1alpha1.OrganizationIdentity{ID: id(7), Name: "Acme"}},
	})
	w.create(&v1alpha1.ExportDestination{
		ObjectMeta: meta, Spec: v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{Name: name}},
		Status: v1alpha1.ExportDestinationStatus{Location: "default/" + name},
	})
	export := wholeExport()
	export.ObjectMeta = meta
	export.Spec.OrganizationRef.Name, export.Spec.DestinationRef.Name = name, name
	if err := w.Create(w.Context(), export); err != nil {
		w.Fatal(err)
	}
	testenv.Eventually(w, name+" is reconciled", func() bool { return w.count(name) > 0 })
}

// patchStatus changes the status of an object.
func patchStatus[T client.Object](w *watched, name string, obj T, change func(T)) {
	w.Helper()
	obj.SetName(name)
	obj.SetNamespace(metav1.NamespaceDefault)
	testenv.Eventually(w, "the status is changed", func() bool {
		if err := w.Get(w.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
			w.Fatal(err)
		}
		change(obj)
		return w.Status().Update(w.Context(), obj) == nil
	})
}

// settle waits until nothing is reconciled any more for a change of before: a later change
// that does matter to the export named last has been handled, and watches keep the order.
func (w *watched) settle(step string) {
	w.Helper()
	for _, kind := range []string{"organization", "destination"} {
		before := w.count("last")
		if kind == "organization" {
			patchStatus(w, "last", &v1alpha1.GenesysOrganization{}, func(o *v1alpha1.GenesysOrganization) { o.Status.Organization.Name = step })
		} else {
			patchStatus(w, "last", &v1alpha1.ExportDestination{}, func(d *v1alpha1.ExportDestination) { d.Status.Location = step })
		}
		testenv.Eventually(w, step+": the last export is reconciled", func() bool { return w.count("last") > before })
	}
}

// TestOnlyWhoRefersToAChangeIsReconciled: a change that does not matter causes no
// reconcile, and one that does only those of the exports that refer to it.
func TestOnlyWhoRefersToAChangeIsReconciled(t *testing.T) {
	w := startWatched(t)
	for _, name := range []string{"one", "two", "last"} {
		w.createReferences(name)
	}
	w.settle("first")
	steps := []struct {
		name   string
		change func()
		wakes  bool
	}{
		{"free space", func() {
			patchStatus(w, "one", &v1alpha1.ExportDestination{}, func(d *v1alpha1.ExportDestination) { d.Status.Free = resource.NewQuantity(1<<30, resource.BinarySI) })
		}, false},
		{"ready", func() {
			patchStatus(w, "one", &v1alpha1.ExportDestination{}, func(d *v1alpha1.ExportDestination) { conditions.Ready(d, "Writable", "m") })
		}, false},
		{"client", func() {
			patchStatus(w, "one", &v1alpha1.GenesysOrganization{}, func(o *v1alpha1.GenesysOrganization) {
				o.Status.Clients = []v1alpha1.OAuthClientStatus{{SecretName: "s", State: v1alpha1.ClientActive, Reason: "LoggedIn"}}
			})
		}, false},
		{"identity", func() {
			patchStatus(w, "one", &v1alpha1.GenesysOrganization{}, func(o *v1alpha1.GenesysOrganization) { o.Status.Organization.Name = "Acme Ltd" })
		}, true},
		{"location", func() {
			patchStatus(w, "one", &v1alpha1.ExportDestination{}, func(d *v1alpha1.ExportDestination) { d.Status.Location = "default/elsewhere" })
		}, true},
	}
	for _, step := range steps {
		one, two := w.count("one"), w.count("two")
		step.change()
		if step.wakes {
			testenv.Eventually(w, step.name+": who refers to it is reconciled", func() bool { return w.count("one") > one })
		}
		w.settle(step.name)
		if now := w.count("one") - one; now > 1 || (now == 1) != step.wakes {
			t.Errorf("%s: the export that refers to it was reconciled %d times", step.name, now)
		}
		if now := w.count("two") - two; now != 0 {
			t.Errorf("%s: an export that does not refer to it was reconciled %d times", step.name, now)
		}
	}
}
