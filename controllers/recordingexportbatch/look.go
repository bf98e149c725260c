package recordingexportbatch

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
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// maxEvaluations is how many batches of a namespace are looked at at the same time.
const maxEvaluations = 4

// evaluated is what a look works on, and the object as it was before.
type evaluated struct {
	*scope
	former *v1alpha1.RecordingExportBatch
}

// evaluate runs the steps, and does not wait for those that take long, so that an archive
// that hangs does not hold up the batches of other exports. Each look has a copy of the
// batch. untold tells that there is nothing to publish yet.
func (r *Reconciler) evaluate(ctx context.Context, batch, former *v1alpha1.RecordingExportBatch) (at evaluated, out outcome.Outcome, untold bool) {
	own := evaluated{&scope{batch: batch.DeepCopy()}, former}
	answer := r.evaluations.Wait(ctx, loop.Evaluation{
		Name: client.ObjectKeyFromObject(batch), Now: r.Clock.Now(), Answer: r.Intervals.StepTimeout, Again: r.Intervals.Retry,
		PerTenant: maxEvaluations, Worker: r.Worker,
		HangMessage: func() string { return loop.ExportHangs(r.destinationOf(ctx, batch)) },
		Run:         func(ctx context.Context) outcome.Outcome { return r.advance(ctx, own.scope) },
		Of:          own,
	})
	if ended, is := answer.Of.(evaluated); is {
		return ended, answer.Outcome, false
	}
	return evaluated{&scope{batch: batch}, former}, answer.Outcome, answer.NothingNew
}

// destinationOf is the name of the destination of a batch's export, empty if there is
// no such export.
func (r *Reconciler) destinationOf(ctx context.Context, batch *v1alpha1.RecordingExportBatch) string {
	var export v1alpha1.RecordingExport
	if err := r.Client.Get(ctx, types.NamespacedName{Namespace: batch.Namespace, Name: batch.Spec.ExportRef.Name}, &export); err != nil {
		return ""
	}
	return export.Spec.DestinationRef.Name
}

// step takes the batch one step on, or says why it is not there yet.
type step func(context.Context, *scope) (outcome.Outcome, error)

// advance runs the steps in order until one is not satisfied, or the bag is sealed.
func (r *Reconciler) advance(ctx context.Context, s *scope) outcome.Outcome {
	for _, step := range []step{r.resolveReferences, r.checkDestination, r.loadState, r.checkSuspended, r.checkOwner, r.openClients, r.restoreArchived, r.fetchMetadata, r.checkFreeSpace, r.requestRecordings, r.download} {
		var out outcome.Outcome
		err := ctx.Err() // it has ended if the step before hung
		if err == nil {
			out, err = step(ctx, s)
		}
		if err != nil {
			return outcome.Of(err, r.Intervals.Retry)
		}
		if !out.IsDone() || s.state.isFinished() {
			return out
		}
	}
	return outcome.Done()
}

// resolveReferences gets the export and opens its archive.
func (r *Reconciler) resolveReferences(ctx context.Context, s *scope) (outcome.Outcome, error) {
	name := types.NamespacedName{Namespace: s.batch.Namespace, Name: s.batch.Spec.ExportRef.Name}
	if err := r.Client.Get(ctx, name, &s.export); err != nil {
		return loop.Absent(err, v1alpha1.ReasonExportNotFound, fmt.Sprintf("create the RecordingExport %q again, or delete this batch", name.Name))
	}
	name.Name = s.export.Spec.DestinationRef.Name
	if err := r.Client.Get(ctx, name, &s.destination); err != nil {
		return loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q that the export refers to", name.Name))
	}
	store, err := r.Archive(&s.destination, s.export.Name)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("open archive: %w", err)
	}
	if lane := s.batch.Spec.Lane; lane == v1alpha1.LaneLegalHold || lane == v1alpha1.LaneLegalHoldScreen {
		store = archive.Held(store)
	}
	s.signer = func(ctx context.Context) (*signing.Signer, error) {
		return r.Signer(ctx, &s.destination, s.export.Name)
	}
	if r.Reserve != nil {
		s.reserve = func(bytes int64) (*usage.Reservation, error) { return r.Reserve(&s.destination, bytes) }
	}
	s.store, s.location, s.minFree = store, r.Location(&s.destination, s.export.Name), exportspec.MinFree(s.destination.Spec, r.MinFree)
	return outcome.Done(), nil
}

// checkDestination stops here while the destination is Stalled, and has nothing more
// written there: the export continues where it was once it is not. The reason is the
// destination's own. If its namespace takes as much of the volume as it may, and nothing
// else is wrong, only new transfers wait (haveRoom): what has come is sealed.
func (r *Reconciler) checkDestination(ctx context.Context, s *scope) (outcome.Outcome, error) {
	switch {
	case conditions.IsStalledBy(&s.destination, v1alpha1.ReasonNamespaceFull):
		return outcome.Done(), nil
	case conditions.IsStalled(&s.destination):
	case s.destination.Status.Location == "":
		return outcome.Wait(v1alpha1.ReasonDestinationNotReady, fmt.Sprintf("waiting for the ExportDestination %q", s.destination.Name), 0), nil
	default:
		return outcome.Done(), nil
	}
	s.loaded = s.readState(ctx) == nil // as far as it can be read, it tells which work to stop
	if s.state.isFinished() {
		return outcome.Done(), nil
	}
	r.cancelWork(s)
	return outcome.Stall(conditions.Reason(&s.destination), fmt.Sprintf(
		"fix the ExportDestination %q: %s", s.destination.Name, conditions.Message(&s.destination)), 0), nil
}

// checkSuspended stops here while the export is suspended, or once it is given up.
func (r *Reconciler) checkSuspended(_ context.Context, s *scope) (outcome.Outcome, error) {
	var out outcome.Outcome
	switch {
	case s.export.Status.Cancelled:
		out = outcome.Stall(v1alpha1.ReasonCancelled, "the export was cancelled; a retry of the export resumes this batch", 0)
	case s.export.Spec.Suspend:
		out = outcome.Wait(v1alpha1.ReasonSuspended, "the export is suspended", 0)
	default:
		return outcome.Done(), nil
	}
	r.cancelWork(s)
	return out, nil
}

// openClients finds the way to Genesys Cloud.
func (r *Reconciler) openClients(ctx context.Context, s *scope) (outcome.Outcome, error) {
	name := types.NamespacedName{Namespace: s.batch.Namespace, Name: s.export.Spec.OrganizationRef.Name}
	var organization v1alpha1.GenesysOrganization
	if err := r.Client.Get(ctx, name, &organization); err != nil {
		return loop.Absent(err, v1alpha1.ReasonOrganizationNotFound, fmt.Sprintf("create the GenesysOrganization %q that the export refers to", name.Name))
	}
	switch {
	case conditions.IsStalled(&organization):
		return outcome.Stall(v1alpha1.ReasonOrganizationNotReady, fmt.Sprintf(
			"fix the GenesysOrganization %q: %s", organization.Name, conditions.Message(&organization)), 0), nil
	case organization.Status.Organization == nil:
		return outcome.Wait(v1alpha1.ReasonOrganizationNotReady, fmt.Sprintf("waiting for the login of the GenesysOrganization %q", organization.Name), 0), nil
	}
	var err error
	if s.cloud, err = r.Cloud(ctx, &organization, s.share(s.batch.Spec.Lane)); err == nil {
		s.metadata, err = r.Cloud(ctx, &organization, s.share(metadataLane(s.batch.Spec.Lane)))
	}
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", organization.Name, err)
	}
	s.organization = organization.Status.Organization.ID
	return outcome.Done(), nil
}
