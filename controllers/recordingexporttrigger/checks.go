package recordingexporttrigger

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// check says whether a trigger can be used, and what a person has to do if not.
func (r *Reconciler) check(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger) (outcome.Outcome, error) {
	if !r.Receives {
		return outcome.Stall(v1alpha1.ReasonReceiverDisabled, "start the manager with --events-bind-address, for example :8444", 0), nil
	}
	if _, err := r.Secrets.of(ctx, trigger); err != nil {
		return outcome.Of(err, checkInterval), nil
	}
	for _, check := range []func(context.Context, *v1alpha1.RecordingExportTrigger) (outcome.Outcome, error){r.checkReferences, r.checkTemplate} {
		if out, err := check(ctx, trigger); err != nil || !out.IsDone() {
			return out, err
		}
	}
	return outcome.Done(), nil
}

// checkReferences checks that the objects exist that the template names.
func (r *Reconciler) checkReferences(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger) (outcome.Outcome, error) {
	name := types.NamespacedName{Namespace: trigger.Namespace, Name: trigger.Spec.Template.OrganizationRef.Name}
	if err := r.Client.Get(ctx, name, &v1alpha1.GenesysOrganization{}); err != nil {
		return loop.Absent(err, v1alpha1.ReasonOrganizationNotFound, fmt.Sprintf("create the GenesysOrganization %q, or name another one in spec.template", name.Name))
	}
	name.Name = trigger.Spec.Template.DestinationRef.Name
	if err := r.Client.Get(ctx, name, &v1alpha1.ExportDestination{}); err != nil {
		return loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q, or name another one in spec.template", name.Name))
	}
	return outcome.Done(), nil
}

// exampleConversation is in the export that checkTemplate has validated.
const exampleConversation = "00000000-0000-4000-8000-000000000000"

// checkTemplate has the API server validate an export of the trigger without storing it.
func (r *Reconciler) checkTemplate(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger) (outcome.Outcome, error) {
	name := client.ObjectKeyFromObject(trigger)
	if accepted, found := r.accepted.Load(name); found && accepted == revision(trigger) {
		return outcome.Done(), nil
	}
	now := r.Clock.Now()
	example := newCollection(trigger, windowOf(trigger, now), 1, now).export
	example.Spec.Scope = &v1alpha1.ConversationScope{ConversationIDs: []v1alpha1.GenesysID{exampleConversation}}
	err := r.Client.Create(ctx, example, client.DryRunAll)
	if apierrors.IsInvalid(err) || apierrors.IsForbidden(err) {
		return outcome.Stall(v1alpha1.ReasonTemplateRefused, "correct spec.template, or what the API server reports: "+err.Error(), 0), nil
	}
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return outcome.Outcome{}, err
	}
	r.accepted.Store(name, revision(trigger))
	return outcome.Done(), nil
}
