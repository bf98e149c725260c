package genesysorganization

import (
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// applyLogins writes the results of the logins to the status. The organisation of the
// first login that works is pinned: later logins must belong to it.
func applyLogins(organization *v1alpha1.GenesysOrganization, run loginRun, retry time.Duration) outcome.Outcome {
	if run.err != nil {
		return outcome.Of(run.err, retry)
	}
	if identity, found := firstIdentity(run.results); found {
		organization.Status.Organization = &v1alpha1.OrganizationIdentity{
			ID: identity.OrganizationID, Name: conditions.Printable(identity.OrganizationName),
		}
	}
	organization.Status.Clients = clientStatuses(run.results)
	return loginOutcome(run.results, retry)
}

// summarize computes the conditions.
func summarize(organization *v1alpha1.GenesysOrganization, out outcome.Outcome) {
	organization.Status.ObservedGeneration = organization.Generation
	name := ""
	if organization.Status.Organization != nil {
		name = organization.Status.Organization.Name
	}
	reason, message := v1alpha1.ReasonLoggedIn, "logged in to "+name
	if out.IsDone() && out.Message != "" {
		reason, message = v1alpha1.ReasonClientInactive, message+", but "+out.Message
	}
	loop.Mark(organization, out, reason, message)
}
