package connection

import (
	"sync/atomic"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
)

// oauthClient is one OAuth client of an organisation. The clientSet's mu guards what may
// change.
type oauthClient struct {
	secret      string
	endpoint    string
	credentials genesys.Credentials
	// current is what it calls Genesys Cloud with at present.
	current atomic.Pointer[limitedClient]

	// identity is what its login showed, once that is known to belong to the organisation.
	identity genesys.Identity
	// failure is why it is inactive, nil if it is active.
	failure error
	// retryAt is when an inactive client logs in again.
	retryAt time.Time
}

// limitedClient is a client and the budget that it keeps to. Until the client has logged
// in the budget is its own, then that of the OAuth client, see budgets.go.
type limitedClient struct {
	client *client.Client
	budget *budget.Limiter
}

// client is what it calls Genesys Cloud with.
func (c *oauthClient) client() *client.Client { return c.current.Load().client }

// budgetStats is how its budget stands.
func (c *oauthClient) budgetStats() budget.Stats { return c.current.Load().budget.Stats() }

// setBudget has it keep to another budget from now on.
func (c *oauthClient) setBudget(limiter *budget.Limiter) {
	if now := c.current.Load(); now.budget != limiter {
		c.current.Store(&limitedClient{now.client.WithBudget(limiter), limiter})
	}
}

// isVerified tells whether a login has shown that it belongs to the organisation.
func (c *oauthClient) isVerified() bool { return c.identity.OrganizationID != "" }

// isActive tells whether it is verified and not refused.
func (c *oauthClient) isActive() bool { return c.isVerified() && c.failure == nil }
