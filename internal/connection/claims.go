package connection

import (
	"errors"
	"maps"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// claim has each client keep to the budget of its OAuth client, with the figure of
// the GenesysOrganization, once it has logged in with the secret that it has now.
// A client that is refused, or belongs to another organisation, has no say in any
// budget; one of which that is not known just now keeps the say that it has.
func (c *Connections) claim(organization types.NamespacedName, requestsPerMinute int, entries []entry) {
	for _, e := range entries {
		if e.member == nil {
			continue
		}
		identity := e.identity
		switch {
		case e.err == nil:
		case disproved(e.err):
			c.release(organization, []string{e.secret})
			continue
		default:
			identity = e.member.identity // only the look that runs changes it
		}
		if identity.OrganizationID == "" {
			continue
		}
		e.member.keepTo(c.budgets.For(budget.Client{
			Endpoint: e.member.endpoint, OrganizationID: identity.OrganizationID, ClientID: e.member.credentials.ClientID,
		}, user(organization, e.secret), requestsPerMinute))
	}
}

// disproved tells whether an error says that a client is not the one of the
// organisation: its secret is refused, or somebody has to correct something.
func disproved(err error) bool {
	var foreign outcome.UserError
	return genesys.KindOf(err) == genesys.KindUnauthorized || errors.As(err, &foreign)
}

// user names an organisation's use of a Secret where budgets are claimed.
func user(organization types.NamespacedName, secret string) string {
	return organization.String() + "/" + secret
}

// release withdraws the claims to the budgets of clients that are no longer used.
func (c *Connections) release(organization types.NamespacedName, secrets []string) {
	for _, secret := range secrets {
		c.budgets.Release(user(organization, secret))
	}
}

// loginsPerMinute is how many logins a GenesysOrganization may make in a minute,
// and at once: more than the 16 clients that it may have. Whoever changes one again
// and again must not have Genesys Cloud refuse the logins of everybody.
const loginsPerMinute = 20

// errTooManyLogins is why a client does not log in now. Nothing is wrong with it.
var errTooManyLogins = &genesys.Error{
	Op: "log in", Kind: genesys.KindThrottled, Message: "this GenesysOrganization has logged in too often within a minute",
}

// mayLogIn counts a login of a GenesysOrganization, and tells whether there may be
// one. What is counted outlives the object, so that one that is deleted and created
// again gains nothing by it, but for no longer than a minute.
func (c *Connections) mayLogIn(organization types.NamespacedName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Clock.Now()
	maps.DeleteFunc(c.logins, func(_ types.NamespacedName, l *rate.Limiter) bool { return l.TokensAt(now) >= loginsPerMinute })
	l := c.logins[organization]
	if l == nil {
		if c.logins == nil {
			c.logins = map[types.NamespacedName]*rate.Limiter{}
		}
		l = rate.NewLimiter(rate.Every(time.Minute/loginsPerMinute), loginsPerMinute)
		c.logins[organization] = l
	}
	return l.AllowN(now, 1)
}

// notReady tells that an organisation's clients have not logged in yet.
type notReady struct{ organization string }

func (e notReady) Error() string {
	return "waiting for the login of the GenesysOrganization " + e.organization
}

// Outcome is to wait for the login, which wakes those that need it.
func (e notReady) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonOrganizationNotReady, e.Error(), 0)
}
