package bench

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/hostile"
	"github.com/gcexport/recording-export-operator/test/world"
)

// hostileNumbers are those of the issue that this was found with.
var hostileNumbers = hostile.Numbers{Exports: 80, Organizations: 20, Every: time.Second}

// BenchmarkTenants measures the promise that no tenant slows another down: how long a
// calm tenant's export takes at the manager's own paces alone, and how long beside hostile
// tenants (package hostile). It fails if that is longer by more than hostile.Slowest.
func BenchmarkTenants(b *testing.B) {
	for b.Loop() {
		alone, beside := calmExport(b, false), calmExport(b, true)
		slowed := hostile.Slowed([]time.Duration{alone}, []time.Duration{beside})
		b.ReportMetric(alone.Seconds(), "s-alone")
		b.ReportMetric(beside.Seconds(), "s-beside-hostile-tenants")
		b.ReportMetric(slowed, "%-slower")
		if slowed > hostile.Slowest {
			b.Errorf("hostile tenants slow a calm one down by %.1f %%, want %v %% at most", slowed, hostile.Slowest)
		}
	}
}

// calmExport exports a day of the calm tenant, and returns how long it took from its
// first request to its last.
func calmExport(b *testing.B, besideHostile bool) time.Duration {
	b.Helper()
	w := world.New(b, server, func(o *simulator.Options) {
		*o = simulator.Defaults()
		o.Conversations, o.RequestsPerMinute, o.RateScope = 300, 300, simulator.PerClient
		o.Clients = []simulator.Client{hostile.Calm}
	})
	tenants := hostile.Settle(w, hostileNumbers)
	stop := w.Start(func(o *operator.Options) {
		o.Intervals, o.Manager.Cache = operator.DefaultIntervals(), cache.Options{DefaultNamespaces: tenants.Namespaces()}
	})
	defer stop()
	if besideHostile {
		tenants.Begin()
		defer tenants.End()
	}
	hostile.CreateCalmTenant(w, 300)
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Slicing.Width = &metav1.Duration{Duration: time.Hour} })
	w.Create(export)
	for !conditions.IsReady(export) {
		<-time.After(time.Second)
		w.Refresh(export)
	}
	return hostile.Took(w.Sim.Journal())
}
