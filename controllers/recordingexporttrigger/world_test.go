package recordingexporttrigger

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	kevents "k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/events"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/receiver"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

var config *rest.Config

func TestMain(m *testing.M) {
	testenv.Main(m, func(c *rest.Config) { config = c })
}

const (
	organization = "1f4d2b7e-3c64-4a0e-8f43-5f1f0f2d9a01"
	foreign      = "2a4d2b7e-3c64-4a0e-8f43-5f1f0f2d9a02"
	secretA      = "the secret A, at least 32 bytes long"
	secretB      = "the secret B, at least 32 bytes long"
)

// world is a namespace with a trigger, its references and its secrets.
type world struct {
	t         *testing.T
	api       client.Client
	clock     *clocktesting.FakePassiveClock
	namespace string
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}

// newWorld makes a world, in which it is ten minutes past an hour: windows of an hour do not end by themselves.
func newWorld(t *testing.T, edit func(*v1alpha1.RecordingExportTrigger)) *world {
	t.Helper()
	api, err := client.New(config, client.Options{Scheme: newScheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, api: api, clock: clocktesting.NewFakePassiveClock(time.Now().Truncate(time.Hour).Add(10 * time.Minute))}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "rext-"}}
	w.create(namespace)
	w.namespace = namespace.Name
	w.secret("a", secretA)
	w.secret("b", secretB)
	gcorg := &v1alpha1.GenesysOrganization{ObjectMeta: w.meta("emea"), Spec: v1alpha1.GenesysOrganizationSpec{
		Region: "eu-west-1", Credentials: []v1alpha1.OAuthClient{{SecretRef: v1alpha1.LocalReference{Name: "oauth"}}},
	}}
	w.create(gcorg)
	gcorg.Status.Organization = &v1alpha1.OrganizationIdentity{ID: organization, Name: "Acme"}
	if err := api.Status().Update(t.Context(), gcorg); err != nil {
		t.Fatal(err)
	}
	w.create(&v1alpha1.ExportDestination{ObjectMeta: w.meta("evidence"), Spec: v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{Name: "evidence"}}})
	trigger := &v1alpha1.RecordingExportTrigger{ObjectMeta: w.meta("held"), Spec: v1alpha1.RecordingExportTriggerSpec{
		SecretRefs: []v1alpha1.LocalReference{{Name: "a"}},
		Debounce:   v1alpha1.Debounce{Window: &metav1.Duration{Duration: time.Hour}},
		Template: v1alpha1.ExportTemplate{
			OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
			MediaTypes: []v1alpha1.Medium{v1alpha1.MediumScreen},
		},
	}}
	if edit != nil {
		edit(trigger)
	}
	w.create(trigger)
	return w
}

func (w *world) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: w.namespace, Name: name}
}

func (w *world) create(obj client.Object) {
	w.t.Helper()
	if err := w.api.Create(w.t.Context(), obj); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) secret(name, value string) {
	w.t.Helper()
	w.create(&corev1.Secret{ObjectMeta: w.meta(name), StringData: map[string]string{secretKey: value}})
}

// name of the trigger.
func (w *world) name() types.NamespacedName {
	return types.NamespacedName{Namespace: w.namespace, Name: "held"}
}

func (w *world) trigger() *v1alpha1.RecordingExportTrigger {
	w.t.Helper()
	trigger := &v1alpha1.RecordingExportTrigger{}
	if err := w.api.Get(w.t.Context(), w.name(), trigger); err != nil {
		w.t.Fatal(err)
	}
	return trigger
}

// change changes the trigger.
func (w *world) change(edit func(*v1alpha1.RecordingExportTrigger)) {
	w.t.Helper()
	trigger := w.trigger()
	before := trigger.DeepCopy()
	edit(trigger)
	if err := w.api.Patch(w.t.Context(), trigger, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

// exports are those that the trigger created, by name.
func (w *world) exports() []v1alpha1.RecordingExport {
	w.t.Helper()
	list, err := exportsOf(w.t.Context(), w.api, w.name())
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// named counts the exports by the conversations that they name.
func (w *world) named() map[string]int {
	found := map[string]int{}
	for i := range w.exports() {
		for _, id := range conversations(&w.exports()[i]) {
			found[string(id)]++
		}
	}
	return found
}

// reconciler is that of the leader, which the test drives by hand.
func (w *world) reconciler() *Reconciler {
	return &Reconciler{
		Publisher: loop.Publisher{Client: w.api, Events: kevents.NewFakeRecorder(100)}, Clock: w.clock, Receives: true,
		Secrets: &Secrets{Reader: w.api, Clock: w.clock},
	}
}

func (w *world) reconcile(r *Reconciler) ctrl.Result {
	w.t.Helper()
	result, err := r.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: w.name()})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// replica is a manager with a receiver.
type replica struct {
	world   *world
	url     string
	client  *http.Client
	handler *receiver.Handler
}

// replica starts a manager, as each replica runs it, and waits until it knows the trigger.
func (w *world) replica() *replica {
	w.t.Helper()
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: newScheme(w.t), Metrics: metricsserver.Options{BindAddress: "0"},
		Client: client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	handler := receiver.NewHandler(&Triggers{
		Client: mgr.GetClient(), Secrets: &Secrets{Reader: mgr.GetAPIReader(), Clock: w.clock},
		Collector: &Collector{Client: mgr.GetClient(), Fresh: mgr.GetAPIReader(), Clock: w.clock, roundTimeout: time.Minute},
	}, w.clock.Now, mgr.GetLogger())
	listening := make(chan net.Addr, 1)
	if err := mgr.Add(&receiver.Server{Address: "127.0.0.1:0", Handler: handler, Log: mgr.GetLogger(), Listening: func(a net.Addr) { listening <- a }}); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 64}
	w.t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	r := &replica{world: w, url: "https://" + (<-listening).String(), client: &http.Client{Transport: transport}, handler: handler}
	testenv.Eventually(w.t, "the replica knows the trigger", func() bool { return r.send(message{}).Status == http.StatusUnauthorized })
	return r
}

// message is a request to the receiver.
type message struct {
	method, path, kind, body string
	header                   http.Header
}

// reply is its answer.
type reply struct {
	Status                  int `json:"-"`
	Result, Message, Export string
}

func (r reply) String() string {
	return fmt.Sprintf("%d %s: %s %s", r.Status, r.Result, r.Message, r.Export)
}

// event is an unsigned message about a conversation.
func event(id, conversation string) message {
	return message{body: fmt.Sprintf(
		`{"event_type":"conversation:recording:completed","event_id":%q,"time":"2026-11-29T12:00:00Z","payload":{"legal_hold":true,"media_type":"screen","conversation_id":%q,"organization_id":%q}}`,
		id, conversation, organization)}
}

// signed signs a message at an instant.
func (m message) signed(secret string, at time.Time) message {
	m.header = m.header.Clone()
	if m.header == nil {
		m.header = http.Header{}
	}
	events.Sign([]byte(secret), at, m.header, []byte(m.body))
	return m
}

// send sends a message.
func (r *replica) send(m message) reply {
	method, path, kind := m.method, m.path, m.kind
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = receiver.Name(r.world.name()).Path()
	}
	if kind == "" {
		kind = "application/json"
	}
	request, err := http.NewRequestWithContext(r.world.t.Context(), method, r.url+path, strings.NewReader(m.body))
	if err != nil {
		return reply{Message: err.Error()}
	}
	for name, values := range m.header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", kind)
	response, err := r.client.Do(request)
	if err != nil {
		return reply{Message: err.Error()}
	}
	defer response.Body.Close()
	var buffer bytes.Buffer
	if _, err := buffer.ReadFrom(response.Body); err != nil {
		return reply{Message: err.Error()}
	}
	got := reply{Status: response.StatusCode}
	if err := json.Unmarshal(buffer.Bytes(), &got); err != nil {
		got.Message = err.Error()
	}
	return got
}

// conversation is the id of a conversation by its number.
func conversation(n int) string { return fmt.Sprintf("7c1cfe6c-5a3b-4f0e-9a52-%012x", n) }
