package story

import (
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// awaitSaid waits until an object says words for a reason.
func (w *story) awaitSaid(obj world.Object, reason string, words ...string) {
	w.Helper()
	testenv.Eventually(w, obj.GetName()+" says "+strings.Join(words, ", "), func() bool {
		w.Refresh(obj)
		said := conditions.Reason(obj) == reason
		for _, word := range words {
			said = said && strings.Contains(conditions.Message(obj), word)
		}
		return said
	})
}

// TestAnIntegrationThatIsNotReady: the export says why and what to do, before anything is surveyed. Once
// that is done it continues by itself, and no other export waits for it.
func TestAnIntegrationThatIsNotReady(t *testing.T) {
	w := newBulkStory(t, small)
	w.Start()
	const unknown = "5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857"
	_, broken := w.Sim.S3Integrations()
	for name, wrong := range map[string]struct{ id, says string }{
		"unknown": {unknown, "it has none with the id " + unknown},
		"other":   {w.Sim.OtherIntegration(), "is of another type"},
		"broken":  {broken, "correct the bucket and role of the integration"},
	} {
		export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) { spec.Delivery.BulkJob.IntegrationID = wrong.id })
		export.Name = name
		w.Create(export)
		w.awaitSaid(export, v1alpha1.ReasonIntegrationNotReady, wrong.says)
		if !conditions.IsStalled(export) {
			t.Errorf("%s is not stalled", name)
		}
	}
	export := w.bulkExport(inOneSlice)
	working := export.Spec.Delivery.BulkJob.IntegrationID
	w.setIntegration(working, "INACTIVE")
	w.Create(export)
	w.awaitSaid(export, v1alpha1.ReasonIntegrationNotReady, "activate the integration", working)
	w.setIntegration(working, "ERROR")
	w.awaitSaid(export, v1alpha1.ReasonIntegrationNotReady, "reports an error", working)
	w.setIntegration(working, "ACTIVATING")
	w.awaitSaid(export, v1alpha1.ReasonIntegrationNotReady, "waiting until the integration", working)
	permissions := []string{"integrations:integration:view", "recording:job:view"}
	w.permit(permissions, false)
	w.setIntegration(working, "ACTIVE")
	for _, missing := range permissions {
		w.awaitSaid(export, v1alpha1.ReasonPermissionMissing, "give the OAuth client a role with the permission", missing)
		if missing == "integrations:integration:view" {
			w.exportOtherwise()
		}
		w.permit([]string{missing}, true)
	}
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeReferences(w.exportable())
}

func (w *bulkStory) setIntegration(id, state string) {
	w.Helper()
	if err := w.Sim.SetIntegrationState(id, state); err != nil {
		w.Fatal(err)
	}
}

// exportOtherwise: an export without bulk jobs does not need what those need.
func (w *bulkStory) exportOtherwise() {
	w.Helper()
	export := w.Export(inOneSlice)
	export.Name = "downloaded"
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
}
