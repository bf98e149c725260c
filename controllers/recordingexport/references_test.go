package recordingexport

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestReferencesThatCannotBeUsed: the outcome names the object, and what to do about it.
func TestReferencesThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct {
		change func(*v1alpha1.GenesysOrganization, *v1alpha1.ExportDestination) []client.Object
		want   outcome.State
		reason string
		says   string
	}{
		"both can be used": {nil, outcome.Satisfied, "", ""},
		"no organisation": {func(_ *v1alpha1.GenesysOrganization, d *v1alpha1.ExportDestination) []client.Object {
			return []client.Object{d}
		}, outcome.Stalled, v1alpha1.ReasonOrganizationNotFound, `create the GenesysOrganization "emea"`},
		"no destination": {func(o *v1alpha1.GenesysOrganization, _ *v1alpha1.ExportDestination) []client.Object {
			return []client.Object{o}
		}, outcome.Stalled, v1alpha1.ReasonDestinationNotFound, `create the ExportDestination "evidence"`},
		"organisation is stalled": {func(o *v1alpha1.GenesysOrganization, d *v1alpha1.ExportDestination) []client.Object {
			conditions.Stalled(o, v1alpha1.ReasonSecretNotFound, "create it")
			return []client.Object{o, d}
		}, outcome.Stalled, v1alpha1.ReasonOrganizationNotReady, `fix the GenesysOrganization "emea": create it`},
		"organisation is new": {func(o *v1alpha1.GenesysOrganization, d *v1alpha1.ExportDestination) []client.Object {
			o.Status.Organization = nil
			return []client.Object{o, d}
		}, outcome.Waiting, v1alpha1.ReasonOrganizationNotReady, `waiting for the GenesysOrganization "emea"`},
		"destination is stalled": {func(o *v1alpha1.GenesysOrganization, d *v1alpha1.ExportDestination) []client.Object {
			conditions.Stalled(d, v1alpha1.ReasonDestinationFull, "make room")
			return []client.Object{o, d}
		}, outcome.Stalled, v1alpha1.ReasonDestinationNotReady, `fix the ExportDestination "evidence": make room`},
		"namespace is full": {func(o *v1alpha1.GenesysOrganization, d *v1alpha1.ExportDestination) []client.Object {
			conditions.Stalled(d, v1alpha1.ReasonNamespaceFull, "make room")
			return []client.Object{o, d}
		}, outcome.Satisfied, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects := furniture()
			if tt.change != nil {
				objects = tt.change(objects[0].(*v1alpha1.GenesysOrganization), objects[1].(*v1alpha1.ExportDestination))
			}
			found, out, err := referenceResolver{newAPI(t, objects...)}.resolve(t.Context(), &subject{export: wholeExport()})
			if err != nil || found == nil || out.State != tt.want || out.Reason != tt.reason || !strings.Contains(out.Message, tt.says) {
				t.Errorf("%v, %v, want %s: %s", out, err, tt.reason, tt.says)
			}
		})
	}
}
