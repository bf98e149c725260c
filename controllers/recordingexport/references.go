package recordingexport

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// subject is the export that is evaluated. Each step that follows adds what it has found
// out, so that what a step needs is in the type of its argument:
//
//	subject -> references -> clients -> claimed -> loaded
type subject struct {
	export *v1alpha1.RecordingExport
	// before is the status as it is stored.
	before v1alpha1.RecordingExportStatus
	// retry is a request to retry what is unavailable that was not acted upon yet, empty if
	// there is none.
	retry string
	// ended tells that everything is sealed and nothing more will come.
	ended bool
}

func (s *subject) name() types.NamespacedName { return client.ObjectKeyFromObject(s.export) }

// references is an export with what it refers to.
type references struct {
	*subject
	organization v1alpha1.GenesysOrganization
	destination  v1alpha1.ExportDestination
}

// clients is an export with its archive and with what asks Genesys Cloud.
type clients struct {
	*references
	store archive.Store
	cloud Cloud
}

// resolveReferences gets what the export refers to; changes there cause a reconcile (package
// watch). It is not satisfied unless both can be used. What it got is returned in any case.
func (r *Reconciler) resolveReferences(ctx context.Context, s *subject) (*references, outcome.Outcome, error) {
	found, spec := &references{subject: s}, s.export.Spec
	name := types.NamespacedName{Namespace: s.export.Namespace, Name: spec.DestinationRef.Name}
	if err := r.Client.Get(ctx, name, &found.destination); err != nil {
		out, err := loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q, or name another one in a new export", name.Name))
		return found, out, err
	}
	name.Name = spec.OrganizationRef.Name
	if err := r.Client.Get(ctx, name, &found.organization); err != nil {
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
// has come is sealed (runBatches).
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

// openClients opens the archive, and gets what asks Genesys Cloud. It logs in nowhere: that
// is done in the background, and until then the error says what is waited for.
func (r *Reconciler) openClients(ctx context.Context, s *references) (*clients, outcome.Outcome, error) {
	store, err := r.Archive(&s.destination, s.export.Name)
	if err != nil {
		return nil, outcome.Outcome{}, fmt.Errorf("open archive: %w", err)
	}
	s.export.Status.Archive = r.Location(&s.destination, s.export.Name)
	cloud, err := r.Cloud(ctx, &s.organization, exportspec.SurveyShare(s.name()))
	if err != nil {
		return nil, outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", s.organization.Name, err)
	}
	return &clients{references: s, store: store, cloud: cloud}, outcome.Done(), nil
}
