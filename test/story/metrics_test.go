package story

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
)

// TestMetricsTellOfTheWork: what a scrape gets after an export agrees with the
// simulator's journal and the data.
func TestMetricsTellOfTheWork(t *testing.T) {
	w := newStory(t, nil)
	registry := prometheus.NewPedanticRegistry()
	w.CreateReferences()
	w.Start(func(o *operator.Options) { o.Metrics = registry })
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)

	got := sums(t, registry)
	// The first look at the client is not counted in its budget: whose it is was not known then.
	calls := w.Sim.Journal().Count("", 0) - 1 - w.Sim.Journal().Count(simulator.RouteLogin, 0) - w.Sim.Journal().Count(simulator.RouteDownload, 0)
	for name, want := range map[string]int{
		"recording_export_client_requests_granted_total":   calls,
		"recording_export_client_requests_throttled_total": 0,
		"recording_export_client_requests_waiting":         0,
		"recording_export_gate_requests_in_flight":         0,
		"recording_export_organization_clients":            1,
		"recording_export_recordings":                      len(w.exportable()),
		"recording_export_gaps":                            0,
	} {
		if value, there := got[name]; !there || int(value) != want {
			t.Errorf("%s is %v (told: %v), want %d", name, value, there, want)
		}
	}
	if got["recording_export_stored_bytes"] == 0 || got["recording_export_gate_requests_limit"] < 3*4 {
		t.Errorf("got %v", got)
	}
}

// sums adds up the values of each metric.
func sums(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			sums[family.GetName()] += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return sums
}
