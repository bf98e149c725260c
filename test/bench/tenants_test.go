package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/world"
)

const (
	// hostileExports wait for a budget of 1 request a minute, hostileOrganizations for
	// logins that are never answered.
	hostileExports       = 80
	hostileOrganizations = 20
)

// BenchmarkTenants measures the promise that no tenant slows another down: how long a
// calm tenant's export takes alone, and how long beside 80 exports that wait for their
// own client's budget, 20 organisations whose server never answers, and one with the
// calm tenant's client id, a wrong secret and 1 request a minute.
func BenchmarkTenants(b *testing.B) {
	for b.Loop() {
		alone, beside := calmExport(b, false), calmExport(b, true)
		b.ReportMetric(alone.Seconds(), "s-alone")
		b.ReportMetric(beside.Seconds(), "s-beside-hostile-tenants")
		b.ReportMetric(100*(beside.Seconds()/alone.Seconds()-1), "%-slower")
	}
}

// calmExport exports a day of the calm tenant, and returns how long it took from its
// first request to its last.
func calmExport(b *testing.B, besideHostile bool) time.Duration {
	b.Helper()
	w := world.New(b, server, func(o *simulator.Options) {
		*o = simulator.Defaults()
		o.Conversations, o.RequestsPerMinute, o.RateScope = 300, 300, simulator.PerClient
		o.Clients = []simulator.Client{{ID: "calm", Secret: "secret-calm"}, {ID: "mallory", Secret: "secret-mallory"}}
	})
	stop := w.Start(func(o *operator.Options) { o.Paces, o.Manager.Cache = operator.DefaultPaces(), cache.Options{} })
	defer stop()
	if besideHostile {
		beHostile(w)
	}
	withClient(w, "calm", "secret-calm", 300)
	w.Create(w.Destination())
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Slicing.Width = &metav1.Duration{Duration: time.Hour} })
	w.Create(export)
	for !conditions.IsReady(export) {
		<-time.After(time.Second)
		w.Refresh(export)
	}
	return ofCalm(w)
}

// ofCalm is how long it took from the first request of the calm tenant's client to the
// last, its media included, which nobody else fetches.
func ofCalm(w *world.World) time.Duration {
	var first, last time.Time
	for _, e := range w.Sim.Journal().Entries() {
		if e.ClientID != "calm" && e.Route != simulator.RouteDownload || e.Status >= http.StatusBadRequest {
			continue
		}
		if first.IsZero() {
			first = e.Time
		}
		last = e.Time
	}
	return last.Sub(first)
}

// withClient makes an organisation with an OAuth client.
func withClient(w *world.World, id, secret string, requestsPerMinute int32) {
	held := w.Secret(secret)
	held.StringData["clientId"] = id
	w.Create(held)
	organization := w.Organization()
	organization.Spec.RequestsPerMinute = requestsPerMinute
	w.Create(organization)
}

// beHostile makes three tenants that do what they can.
func beHostile(w *world.World) {
	w.Helper()
	greedy, silent, guessing := another(w), another(w), another(w)
	withClient(greedy, "mallory", "secret-mallory", 1)
	greedy.Create(greedy.Destination())
	for i := range hostileExports {
		export := greedy.Export(nil)
		export.Name = fmt.Sprint("slow-", i)
		greedy.Create(export)
	}
	until := make(chan struct{})
	never := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-until:
		case <-r.Context().Done():
		}
	}))
	w.Cleanup(func() {
		close(until)
		never.CloseClientConnections()
		never.Close()
	})
	silent.Create(silent.Secret("any"))
	for i := range hostileOrganizations {
		organization := silent.Organization()
		organization.Name, organization.Spec.Endpoint = fmt.Sprint("silent-", i), never.URL
		silent.Create(organization)
	}
	withClient(guessing, "calm", "guessed", 1)
}

// another is the world of another tenant.
func another(w *world.World) *world.World {
	w.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "hostile-"}}
	if err := w.Client.Create(w.Context(), namespace); err != nil {
		w.Fatal(err)
	}
	other := *w
	other.Namespace = namespace.Name
	return &other
}
