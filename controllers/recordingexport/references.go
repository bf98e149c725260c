package recordingexport

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// references is an export with what it refers to.
type references struct {
	*subject
	organization v1alpha1.GenesysOrganization
	destination  v1alpha1.ExportDestination
}

// referenceResolver gets the organisation and the destination of an export. Changes there cause a
// reconcile (package watch).
type referenceResolver struct{ client client.Client }

// resolve returns the export with what it refers to, or with as much of that as there is. The
// outcome says which of the two cannot be used.
func (r referenceResolver) resolve(ctx context.Context, s *subject) (*references, outcome.Outcome, error) {
	found, spec := &references{subject: s}, s.export.Spec
	name := types.NamespacedName{Namespace: s.export.Namespace, Name: spec.DestinationRef.Name}
	if err := r.client.Get(ctx, name, &found.destination); err != nil {
		out, err := loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q, or name another one in a new export", name.Name))
		return found, out, err
	}
	name.Name = spec.OrganizationRef.Name
	if err := r.client.Get(ctx, name, &found.organization); err != nil {
		out, err := loop.Absent(err, v1alpha1.ReasonOrganizationNotFound, fmt.Sprintf("create the GenesysOrganization %q, or name another one in a new export", name.Name))
		return found, out, err
	}
	if out := usable(&found.destination, found.destination.Status.Location != "", v1alpha1.ReasonDestinationNotReady, "ExportDestination"); !out.IsDone() {
		return found, out, nil
	}
	known := found.organization.Status.Organization != nil
	return found, usable(&found.organization, known, v1alpha1.ReasonOrganizationNotReady, "GenesysOrganization"), nil
}

// usable reports whether what the export refers to can be used: it has been evaluated, and
// nobody has to fix it. Trouble that passes by itself does not stop the export, nor that the
// namespace of a destination takes as much as it may: then no batches are created, and what
// has come is sealed (batchStep).
func usable(obj conditions.Object, known bool, reason, kind string) outcome.Outcome {
	switch {
	case conditions.IsStalled(obj) && !conditions.IsStalledBy(obj, v1alpha1.ReasonNamespaceFull):
		return outcome.Stall(reason, fmt.Sprintf("fix the %s %q: %s", kind, obj.GetName(), conditions.Message(obj)), 0)
	case !known:
		return outcome.Wait(reason, fmt.Sprintf("waiting for the %s %q", kind, obj.GetName()), 0)
	default:
		return outcome.Done()
	}
}
