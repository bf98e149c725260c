package connection

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// malloryOrganization is another tenant's, with 1 request a minute.
func malloryOrganization(endpoint string, names ...string) *v1alpha1.GenesysOrganization {
	org := organization(endpoint, names...)
	org.Namespace, org.Spec.RequestsPerMinute = "mallory", 1
	return org
}

// expectBudget expects one budget, of so many requests a minute.
func expectBudget(t *testing.T, c *Connections, allowed int) {
	t.Helper()
	stats := c.Budgets()
	if len(stats) != 1 || stats[0].Allowed != allowed || stats[0].Waiting != 0 {
		t.Errorf("budgets %+v, want one of %d requests a minute that nobody waits for", stats, allowed)
	}
}

// TestWhoCannotLogInHasNoSay: a tenant that knows another's client id, which is
// public, neither lowers its budget nor uses any of it.
func TestWhoCannotLogInHasNoSay(t *testing.T) {
	_, url := serve(t, "")
	held := secrets{"genesys-oauth": oauth("id-a", "secret-a"), "guessed": oauth("id-a", "wrong")}
	c, clock := connections(held, egress.Any())
	victim, mallory := organization(url), malloryOrganization(url, "guessed")
	expectLogins(t, c, mallory, "guessed Out CredentialsRejected") // before the victim, too
	expectLogins(t, c, victim, "genesys-oauth In")
	granted := c.Budgets()[0].Granted
	for range 5 {
		expectLogins(t, c, mallory, "guessed Out CredentialsRejected")
		clock.SetTime(clock.Now().Add(time.Minute))
	}
	expectBudget(t, c, budget.DefaultRequestsPerMinute)
	if got := c.Budgets()[0].Granted; got != granted {
		t.Errorf("%d requests of the victim's budget were used by logins that were refused", got-granted)
	}
	if cloud, err := c.Cloud(mallory, genesys.Share{}); err == nil {
		t.Errorf("mallory may ask with %v", cloud)
	}
	if _, err := c.Cloud(victim, genesys.Share{}); err != nil {
		t.Errorf("the victim may not ask: %v", err)
	}
}

// TestAnEndpointThatLies about whose client it is shares no budget with the true one.
func TestAnEndpointThatLies(t *testing.T) {
	const acme = "11111111-1111-4111-8111-111111111111"
	_, url := serve(t, acme)
	_, lying := serve(t, acme)
	c, _ := connections(secrets{"genesys-oauth": oauth("id-a", "secret-a")}, egress.Any())
	expectLogins(t, c, organization(url), "genesys-oauth In")
	expectLogins(t, c, malloryOrganization(lying), "genesys-oauth In")
	if stats := c.Budgets(); len(stats) != 2 || stats[0].Allowed+stats[1].Allowed != budget.DefaultRequestsPerMinute+1 {
		t.Errorf("budgets %+v, want one of 300 and one of 1", stats)
	}
}

// TestTheSayEndsWithTheSecret: who could log in once and cannot any more, has
// turned to another client, or whose object is gone, does not limit others.
func TestTheSayEndsWithTheSecret(t *testing.T) {
	ends := map[string]func(c *Connections, held secrets, mallory *v1alpha1.GenesysOrganization){
		"a wrong secret": func(_ *Connections, held secrets, _ *v1alpha1.GenesysOrganization) {
			held["known"] = oauth("id-a", "rotated")
		},
		"another client": func(_ *Connections, held secrets, _ *v1alpha1.GenesysOrganization) {
			held["known"] = oauth("id-c", "none")
		},
		"no Secret":      func(_ *Connections, held secrets, _ *v1alpha1.GenesysOrganization) { delete(held, "known") },
		"no credentials": func(_ *Connections, _ secrets, m *v1alpha1.GenesysOrganization) { m.Spec.Credentials = nil },
		"another organisation": func(_ *Connections, _ secrets, m *v1alpha1.GenesysOrganization) {
			m.Status.Organization = &v1alpha1.OrganizationIdentity{ID: "another"}
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, "")
			held := secrets{"genesys-oauth": oauth("id-a", "secret-a"), "known": oauth("id-a", "secret-a")}
			c, _ := connections(held, egress.Any())
			victim, mallory := organization(url), malloryOrganization(url, "known")
			expectLogins(t, c, victim, "genesys-oauth In")
			expectLogins(t, c, mallory, "known In")
			expectBudget(t, c, 1) // both know the secret: the smaller figure counts
			end(c, held, mallory)
			if _, err := c.Login(t.Context(), mallory); err != nil {
				t.Fatal(err)
			}
			expectBudget(t, c, budget.DefaultRequestsPerMinute)
		})
	}
}

// TestLoginsAreFew: whatever is done to a GenesysOrganization, deletion included,
// and whatever the credentials.
func TestLoginsAreFew(t *testing.T) {
	sim, url := serve(t, "")
	held := secrets{"guessed": nil, "genesys-oauth": oauth("id-b", "secret-b")}
	c, clock := connections(held, egress.Any())
	mallory := malloryOrganization(url, "guessed")
	for i := range 100 {
		held["guessed"] = oauth("id-a", fmt.Sprint("guess-", i))
		if _, err := c.Login(t.Context(), mallory); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			c.Forget(kube.ObjectKeyFromObject(mallory))
		}
	}
	if got := sim.Journal().Count(simulator.RouteLogin, 401); got != loginsPerMinute {
		t.Errorf("%d logins at once, want %d", got, loginsPerMinute)
	}
	expectLogins(t, c, mallory, "guessed Out Throttled")
	expectLogins(t, c, organization(url), "genesys-oauth In") // another object's
	clock.SetTime(clock.Now().Add(time.Minute))
	expectLogins(t, c, mallory, "guessed Out CredentialsRejected")
}

// TestWhoComesAndGoesIsForgotten: organisations, their clients and their logins.
func TestWhoComesAndGoesIsForgotten(t *testing.T) {
	_, url := serve(t, "")
	held := secrets{"genesys-oauth": oauth("id-a", "secret-a"), "guessed": oauth("id-a", "wrong")}
	c, clock := connections(held, egress.Any())
	for i := range 200 {
		org := malloryOrganization(url, "genesys-oauth", "guessed")
		org.Name = fmt.Sprint("emea-", i)
		if _, err := c.Login(t.Context(), org); err != nil {
			t.Fatal(err)
		}
		c.Forget(kube.ObjectKeyFromObject(org))
		clock.SetTime(clock.Now().Add(time.Second))
	}
	expectLogins(t, c, organization(url), "genesys-oauth In")
	if len(c.clientSets) != 1 || len(c.loginLimits) > 10 || len(c.Budgets()) != 1 {
		t.Errorf("%d pools, %d limits of logins, %d budgets are remembered", len(c.clientSets), len(c.loginLimits), len(c.Budgets()))
	}
	expectBudget(t, c, budget.DefaultRequestsPerMinute)
}

// TestALoginIsTold once it has worked, and not again while the organisation can be used.
func TestALoginIsTold(t *testing.T) {
	_, url := serve(t, "")
	held := secrets{"genesys-oauth": oauth("id-a", "wrong")}
	c, _ := connections(held, egress.Any())
	var told []types.NamespacedName
	c.OnLoggedIn = func(_ context.Context, name types.NamespacedName) { told = append(told, name) }
	org := organization(url)
	expectLogins(t, c, org, "genesys-oauth Out CredentialsRejected")
	held["genesys-oauth"] = oauth("id-a", "secret-a")
	for range 2 {
		expectLogins(t, c, org, "genesys-oauth In")
	}
	if len(told) != 1 || told[0] != kube.ObjectKeyFromObject(org) {
		t.Errorf("told %v, want the organisation once", told)
	}
}
