package connection

import (
	"errors"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// claimBudgets gives each client that has logged in the budget of its OAuth client, with
// the requests per minute of the GenesysOrganization. A client that was refused, or
// belongs to another organisation, has no influence on any budget. If it is unknown at the
// moment whether a client works, it keeps its budget.
func (c *Connections) claimBudgets(organization types.NamespacedName, requestsPerMinute int, checks []clientCheck) {
	for _, e := range checks {
		if e.client == nil {
			continue
		}
		identity := e.identity
		switch {
		case e.err == nil:
		case isDisproved(e.err):
			c.releaseBudgets(organization, []string{e.secret})
			continue
		default:
			identity = e.client.identity // only the login check that is running changes it
		}
		if identity.OrganizationID == "" {
			continue
		}
		e.client.setBudget(c.budgets.For(budget.Client{
			Endpoint: e.client.endpoint, OrganizationID: identity.OrganizationID, ClientID: e.client.credentials.ClientID,
		}, claimant(organization, e.secret), requestsPerMinute))
	}
}

// isDisproved tells whether an error says that a client is not one of the organisation:
// its secret is refused, or a person has to correct something.
func isDisproved(err error) bool {
	var foreign outcome.UserError
	return genesys.KindOf(err) == genesys.KindUnauthorized || errors.As(err, &foreign)
}

// claimant names an organisation's use of a Secret in the registry of budgets.
func claimant(organization types.NamespacedName, secret string) string {
	return organization.String() + "/" + secret
}

// releaseBudgets releases the budgets of clients that are not used any more.
func (c *Connections) releaseBudgets(organization types.NamespacedName, secrets []string) {
	for _, secret := range secrets {
		c.budgets.Release(claimant(organization, secret))
	}
}
