// Package story tells whole stories of the operator: a real API server, the
// real client over HTTP, the simulator in the place of Genesys Cloud, and real
// files. Each test can be run alone, from an editor too.
package story

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/connection"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// server is the API server that all stories share.
var server *rest.Config

func TestMain(m *testing.M) {
	ctrl.SetLogger(testenv.Logger())
	testenv.Main(m, func(config *rest.Config) { server = config })
}

// day is the first of the simulator's data.
var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// world is one story's own: a namespace, an organisation at Genesys Cloud, and
// an archive.
type world struct {
	t         *testing.T
	client    client.Client
	namespace string
	sim       *simulator.Simulator
	endpoint  string
	root      string
}

// newWorld makes a world around a simulated day, small and quick unless change
// makes it otherwise.
func newWorld(t *testing.T, change func(*simulator.Options)) *world {
	t.Helper()
	options := simulator.Defaults()
	options.Conversations = 60
	options.RequestsPerMinute = 60_000
	options.HeldShare = 0.2
	options.Latency = simulator.Latency{}
	options.BatchDelay, options.AnalyticsDelay = 10*time.Millisecond, 10*time.Millisecond
	if change != nil {
		change(&options)
	}
	sim := simulator.New(options)
	http := httptest.NewServer(sim)
	t.Cleanup(http.Close)
	api, err := client.New(server, client.Options{Scheme: operator.NewScheme(), FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, client: api, sim: sim, endpoint: http.URL, root: t.TempDir()}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "story-"}}
	w.create(namespace)
	w.namespace = namespace.Name
	return w
}

// paces are the operator's, in a hurry.
func paces() operator.Paces {
	p := operator.DefaultPaces()
	p.Organization.Ready, p.Organization.Again = time.Minute, 200*time.Millisecond
	p.Destination.Again = 200 * time.Millisecond
	p.Export.Progress, p.Export.Again, p.Export.FirstPoll = 200*time.Millisecond, 200*time.Millisecond, 20*time.Millisecond
	p.Export.Reask = 200 * time.Millisecond
	p.Batch.Progress, p.Batch.Again, p.Batch.FirstPoll = 200*time.Millisecond, 200*time.Millisecond, 20*time.Millisecond
	p.Batch.Missing, p.Batch.Patience = 300*time.Millisecond, time.Second
	p.Patience.First, p.Patience.Most, p.Patience.Person = 50*time.Millisecond, time.Second, 200*time.Millisecond
	return p
}

// start starts an operator for the world's namespace, and returns what stops it.
func (w *world) start(change ...func(*operator.Options)) (stop func()) {
	w.t.Helper()
	options := operator.Options{
		ArchiveRoot: w.root, Endpoints: connection.Endpoints{Any: true}, Paces: paces(),
		Manager: ctrl.Options{
			Metrics:    metricsserver.Options{BindAddress: "0"},
			Controller: config.Controller{SkipNameValidation: ptr.To(true)},
			Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{w.namespace: {}}},
		},
	}
	for _, c := range change {
		c(&options)
	}
	mgr, err := operator.New(server, options)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("operator: %v", err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) create(obj client.Object) {
	w.t.Helper()
	if obj.GetNamespace() == "" {
		obj.SetNamespace(w.namespace)
	}
	if err := w.client.Create(w.t.Context(), obj); err != nil {
		w.t.Fatal(err)
	}
}

// secret holds the OAuth client that the simulator knows.
func (w *world) secret(secret string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "genesys-oauth"},
		StringData: map[string]string{"clientId": simulator.DefaultClientID, "clientSecret": secret},
	}
}

func (w *world) organization() *v1alpha1.GenesysOrganization {
	return &v1alpha1.GenesysOrganization{
		ObjectMeta: metav1.ObjectMeta{Name: "emea"},
		Spec: v1alpha1.GenesysOrganizationSpec{
			Endpoint: w.endpoint, RequestsPerMinute: 10_000,
			Credentials: []v1alpha1.OAuthClient{{SecretRef: v1alpha1.LocalReference{Name: "genesys-oauth"}}},
		},
	}
}

func (w *world) destination() *v1alpha1.ExportDestination {
	return &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Name: "evidence"},
		Spec:       v1alpha1.ExportDestinationSpec{Directory: v1alpha1.DirectoryDestination{Name: "evidence"}},
	}
}

// export is one of every medium of the simulator's day.
func (w *world) export(change func(*v1alpha1.RecordingExportSpec)) *v1alpha1.RecordingExport {
	export := &v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{Name: "case-1"},
		Spec: v1alpha1.RecordingExportSpec{
			OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
			MediaTypes: []v1alpha1.Medium{"Call", "Screen", "Chat", "Email", "Message"},
			Window:     v1alpha1.Window{Start: metav1.NewTime(day), End: metav1.NewTime(day.Add(24 * time.Hour))},
			Slicing:    v1alpha1.Slicing{Width: &metav1.Duration{Duration: 4 * time.Hour}},
			Attributes: map[string]v1alpha1.AttributeValue{"caseId": "4711"},
		},
	}
	if change != nil {
		change(&export.Spec)
	}
	return export
}

// furnish makes everything that an export refers to.
func (w *world) furnish() {
	w.t.Helper()
	w.create(w.secret(simulator.DefaultClientSecret))
	w.create(w.organization())
	w.create(w.destination())
}

// refresh reads an object again.
func (w *world) refresh(obj client.Object) {
	w.t.Helper()
	if err := w.client.Get(w.t.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
		w.t.Fatal(err)
	}
}

// object is what the stories wait for.
type object interface {
	client.Object
	conditions.Object
}

// await waits until an object is ready, stalled or otherwise has a reason.
func (w *world) await(obj object, reason string) {
	w.t.Helper()
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%s: %s: %s", obj.GetName(), conditions.Reason(obj), conditions.Message(obj))
		}
	}()
	testenv.Eventually(w.t, fmt.Sprintf("%T %s has reason %s", obj, obj.GetName(), reason), func() bool {
		w.refresh(obj)
		return conditions.Reason(obj) == reason
	})
	if err := conditions.Check(obj); err != nil {
		w.t.Error(err)
	}
}

// archive is the directory of the export's archive.
func (w *world) archive() string { return filepath.Join(w.root, w.namespace, "evidence", "case-1") }

func (w *world) read(path ...string) []byte {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{w.archive()}, path...)...))
	if err != nil {
		w.t.Fatal(err)
	}
	return content
}

// find returns a condition, nil if there is none.
func find(conditions []metav1.Condition, kind string) *metav1.Condition {
	return meta.FindStatusCondition(conditions, kind)
}
