// Package world gives a test everything that an export needs: a namespace of an
// API server, a simulated organisation over HTTP, an archive, and an operator
// that can be started and stopped.
package world

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// Day is the first of the simulator's data.
var Day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// World is one test's own.
type World struct {
	testing.TB
	Client    client.Client
	Namespace string
	Sim       *simulator.Simulator
	// Endpoint is the simulator's base URL.
	Endpoint string
	// Root is the archive root.
	Root string
	// Clock is that of the simulator and of the operators.
	Clock *Clock

	server *rest.Config
	// keyNamespace is where the artifact key is; empty for Namespace.
	keyNamespace string
}

// New makes a world around a simulated day, small and quick unless change makes
// it otherwise.
func New(t testing.TB, server *rest.Config, change func(*simulator.Options)) *World {
	t.Helper()
	options := simulator.Defaults()
	options.Conversations = 60
	options.RequestsPerMinute = 60_000
	options.HeldShare = 0.2
	options.Latency = simulator.Latency{}
	options.BatchDelay, options.AnalyticsDelay = 10*time.Millisecond, 10*time.Millisecond
	now := &Clock{}
	options.Now = now.Now
	if change != nil {
		change(&options)
	}
	sim := simulator.New(options)
	http := httptest.NewServer(sim)
	t.Cleanup(http.Close)
	if options.ExportBucket != (simulator.Bucket{}) {
		Deliver(t, sim)
	}
	api, err := client.New(server, client.Options{Scheme: operator.NewScheme(), FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatal(err)
	}
	w := &World{TB: t, Client: api, Sim: sim, Endpoint: http.URL, Root: t.TempDir(), Clock: now, server: server}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "story-"}}
	w.Create(namespace)
	w.Namespace = namespace.Name
	return w
}

// InAnotherCluster makes a world around another API server, with a namespace of the
// same name, the same simulated organisation and the same archive root.
func (w *World) InAnotherCluster(server *rest.Config) *World {
	w.Helper()
	api, err := client.New(server, client.Options{Scheme: operator.NewScheme(), FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		w.Fatal(err)
	}
	other := &World{TB: w.TB, Client: api, Namespace: w.Namespace, Sim: w.Sim, Endpoint: w.Endpoint, Root: w.Root, Clock: w.Clock, server: server}
	if err := api.Create(w.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.Namespace}}); err != nil {
		w.Fatal(err)
	}
	w.restoreArtifactKey(other)
	return other
}

// artifactKey names the Secret with the artifact key.
func (w *World) artifactKey() types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(w.keyNamespace, w.Namespace), Name: operator.DefaultArtifactKey}
}

// restoreArtifactKey copies the artifact key, if there is one, to another cluster, as a
// backup of it does.
func (w *World) restoreArtifactKey(other *World) {
	w.Helper()
	var secret corev1.Secret
	switch err := w.Client.Get(w.Context(), w.artifactKey(), &secret); {
	case err == nil:
		secret.ObjectMeta = metav1.ObjectMeta{Name: secret.Name, Namespace: secret.Namespace}
		other.Create(&secret)
	case client.IgnoreNotFound(err) != nil:
		w.Fatal(err)
	}
}

// LoseArtifactKey removes the artifact key from the world's cluster, and returns what
// restores it from a backup.
func (w *World) LoseArtifactKey() (restore func()) {
	w.Helper()
	var secret corev1.Secret
	if err := w.Client.Get(w.Context(), w.artifactKey(), &secret); err != nil {
		w.Fatal(err)
	}
	if err := w.Client.Delete(w.Context(), &secret); err != nil {
		w.Fatal(err)
	}
	return func() {
		w.Helper()
		if err := client.IgnoreNotFound(w.Client.Delete(w.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: secret.Name, Namespace: secret.Namespace}})); err != nil {
			w.Fatal(err)
		}
		secret.ObjectMeta = metav1.ObjectMeta{Name: secret.Name, Namespace: secret.Namespace}
		w.Create(&secret)
	}
}

// ReplaceArtifactKey gives the world's cluster another artifact key than it had.
func (w *World) ReplaceArtifactKey() {
	w.Helper()
	name := w.artifactKey()
	meta := metav1.ObjectMeta{Name: name.Name, Namespace: name.Namespace}
	if err := client.IgnoreNotFound(w.Client.Delete(w.Context(), &corev1.Secret{ObjectMeta: meta})); err != nil {
		w.Fatal(err)
	}
	w.Create(&corev1.Secret{ObjectMeta: meta, Data: map[string][]byte{"artifact.key": authentic.NewMaster()}})
}

// ClusterID is what tells the world's cluster from others.
func (w *World) ClusterID() string {
	w.Helper()
	system := &corev1.Namespace{}
	if err := w.Client.Get(w.Context(), client.ObjectKey{Name: metav1.NamespaceSystem}, system); err != nil {
		w.Fatal(err)
	}
	return string(system.UID)
}

// ShortIntervals are the operator's intervals for tests that wait for it.
func ShortIntervals() operator.Intervals {
	p := operator.DefaultIntervals()
	p.Organization.Ready, p.Organization.Retry = time.Minute, 200*time.Millisecond
	p.Destination.Retry, p.Destination.Verifying = 200*time.Millisecond, 200*time.Millisecond
	p.Export.Retry, p.Export.FirstPoll = 200*time.Millisecond, 20*time.Millisecond
	p.Export.Reask, p.Export.LongestWait = 200*time.Millisecond, 200*time.Millisecond
	p.Batch.Retry, p.Batch.FirstPoll = 200*time.Millisecond, 20*time.Millisecond
	p.Batch.Missing, p.Batch.NoProgress = 300*time.Millisecond, time.Second
	p.Batch.Queue = 200 * time.Millisecond
	p.Isolation.MinInterval = 20 * time.Millisecond
	p.Retries.First, p.Retries.FirstIsolated, p.Retries.Most, p.Retries.NeedsPerson = 50*time.Millisecond, 50*time.Millisecond, time.Second, 200*time.Millisecond
	return p
}

// Start starts an operator for the world's namespace, with ShortIntervals unless
// change sets others, and returns what stops it.
func (w *World) Start(change ...func(*operator.Options)) (stop func()) {
	w.Helper()
	options := operator.Options{
		ArchiveRoot: w.Root, Endpoints: egress.Any(), Intervals: ShortIntervals(), Clock: w.Clock,
		ArtifactKey: w.artifactKey(),
		Manager: ctrl.Options{
			Metrics:    metricsserver.Options{BindAddress: "0"},
			Controller: config.Controller{SkipNameValidation: ptr.To(true)},
			Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{w.Namespace: {}}},
		},
	}
	for _, c := range change {
		c(&options)
	}
	mgr, err := operator.New(w.server, options)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("operator: %v", err)
		}
	})
	w.Cleanup(stop)
	return stop
}

// Impersonate has operators that are started from now on act as somebody else
// than an administrator.
func (w *World) Impersonate(who rest.ImpersonationConfig) {
	w.server = rest.CopyConfig(w.server)
	w.server.Impersonate = who
}

// WrapTransport has operators that are started from now on send their requests to the API
// server through what wrap returns. Those of the test itself do not go through it.
func (w *World) WrapTransport(wrap func(http.RoundTripper) http.RoundTripper) {
	w.server = rest.CopyConfig(w.server)
	w.server.Wrap(wrap)
}

// Object is what a test can wait for.
type Object interface {
	client.Object
	conditions.Object
}

// Create creates an object, in the world's namespace unless it names another.
func (w *World) Create(obj client.Object) {
	w.Helper()
	if obj.GetNamespace() == "" {
		obj.SetNamespace(w.Namespace)
	}
	if err := w.Client.Create(w.Context(), obj); err != nil {
		w.Fatal(err)
	}
}

// Update updates an object.
func (w *World) Update(obj client.Object) {
	w.Helper()
	if err := w.Client.Update(w.Context(), obj); err != nil {
		w.Fatal(err)
	}
}

// Refresh reads an object again.
func (w *World) Refresh(obj client.Object) {
	w.Helper()
	if err := w.Client.Get(w.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
		w.Fatal(err)
	}
}

// Await waits until the Ready condition of an object has a reason.
func (w *World) Await(obj Object, reason string) {
	w.Helper()
	defer func() {
		if w.Failed() {
			w.Logf("%s: %s: %s", obj.GetName(), conditions.Reason(obj), conditions.Message(obj))
		}
	}()
	testenv.Eventually(w, fmt.Sprintf("%T %s has reason %s", obj, obj.GetName(), reason), func() bool {
		w.Refresh(obj)
		return conditions.Reason(obj) == reason
	})
	if err := conditions.Check(obj); err != nil {
		w.Error(err)
	}
}

// Delete deletes an object and waits until it is gone.
func (w *World) Delete(obj client.Object) {
	w.Helper()
	if err := w.Client.Delete(w.Context(), obj); err != nil {
		w.Fatal(err)
	}
	testenv.Eventually(w, obj.GetName()+" is gone", func() bool {
		err := w.Client.Get(w.Context(), client.ObjectKeyFromObject(obj), obj)
		return err != nil && client.IgnoreNotFound(err) == nil
	})
}

// Archive is the directory of the export's archive.
func (w *World) Archive() string { return filepath.Join(w.Root, w.Namespace, "evidence", "case-1") }
