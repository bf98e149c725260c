package story

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/silentserver"
)

// TestAnOrganizationThatHangsDelaysNoOther: two organisations of a namespace export to the same
// destination. One of them has more work than it may have in progress, and its server never
// answers. An export of the other that is created after all of that completes.
func TestAnOrganizationThatHangsDelaysNoOther(t *testing.T) {
	w := newStory(t, nil)
	registry := prometheus.NewPedanticRegistry()
	w.CreateReferences()
	hanging := w.Organization()
	// With this budget work waits without end, even though requests time out.
	hanging.Name, hanging.Spec.Endpoint, hanging.Spec.RequestsPerMinute = "hanging", w.serverThatHangs(), 1
	w.Create(hanging)
	w.Start(func(o *operator.Options) { o.Metrics = registry })
	w.Await(hanging, v1alpha1.ReasonLoggedIn)
	exports := make([]*v1alpha1.RecordingExport, 80)
	for i := range exports {
		exports[i] = w.Export(nil)
		exports[i].Name, exports[i].Spec.OrganizationRef.Name = fmt.Sprint("hanging-", i), hanging.Name
		w.Create(exports[i])
	}
	testenv.Eventually(t, "work of the organisation that hangs waits for a place", func() bool {
		return sums(t, registry)["recording_export_work_waiting"] > 0
	})

	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	for _, export := range exports {
		if w.Refresh(export); conditions.IsReady(export) || export.Status.Survey.Conversations != 0 {
			t.Errorf("%s does not wait: the test shows nothing", export.Name)
		}
	}
}

// serverThatHangs is the server of another organisation. Clients can log in, but no request
// about conversations is ever answered.
func (w *story) serverThatHangs() (endpoint string) {
	w.Helper()
	options := w.Sim.Options()
	options.OrganizationID, options.OrganizationName = "0ff1ce00-5eed-4abc-8def-0123456789ab", "Another Organization"
	answering := simulator.New(options)
	return silentserver.Start(w, func(r *http.Request) http.Handler {
		if strings.HasPrefix(r.URL.Path, "/api/v2/analytics/") {
			return nil
		}
		return answering
	})
}
