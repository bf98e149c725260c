package story

import (
	"slices"
	"testing"

	dto "github.com/prometheus/client_model/go"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTheWatchdogHasItsMetrics: package health finds controllers without progress by
// these metrics of controller-runtime, which might name them otherwise one day.
func TestTheWatchdogHasItsMetrics(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	families, err := ctrlmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"workqueue_depth", "controller_runtime_reconcile_total"} {
		at := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == name })
		if at < 0 {
			t.Errorf("there is no metric %s", name)
			continue
		}
		for _, controller := range []string{"genesysorganization", "exportdestination", "recordingexport", "recordingexportbatch"} {
			if !slices.ContainsFunc(families[at].GetMetric(), func(m *dto.Metric) bool {
				return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == "controller" && l.GetValue() == controller })
			}) {
				t.Errorf("%s does not tell of the controller %s", name, controller)
			}
		}
	}
}
