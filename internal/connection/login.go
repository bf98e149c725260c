package connection

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Login logs in with each of the organisation's OAuth clients, as the Secrets are now, and
// checks that each login belongs to the organisation that the status names or, if it names
// none, to that of the first login that works. It skips an inactive client until its retry
// time, unless its Secret has changed. The results are in the order of the spec.
func (c *Connections) Login(ctx context.Context, organization *v1alpha1.GenesysOrganization) ([]genesys.LoginResult, error) {
	endpoint, err := c.endpoint(organization.Spec)
	if err != nil {
		return nil, err
	}
	name := kube.ObjectKeyFromObject(organization)
	set := c.clientSetOf(name)
	set.loginMu.Lock()
	defer set.loginMu.Unlock()
	check := &loginCheck{set: set, now: c.Clock.Now(), allowLogin: func() bool { return c.allowLogin(name) }}
	for _, entry := range organization.Spec.Credentials {
		check.addClient(c.clientFor(ctx, name, set, endpoint, entry.SecretRef.Name))
	}
	c.releaseBudgets(name, set.setClients(check.clients))
	check.identify(ctx)
	pinned := ""
	if organization.Status.Organization != nil {
		pinned = organization.Status.Organization.ID
	}
	check.checkOrganization(pinned)
	c.claimBudgets(name, int(organization.Spec.RequestsPerMinute), check.checks)
	wasReady := set.hasVerified()
	logins := check.store()
	if !wasReady && set.hasVerified() && c.OnLoggedIn != nil {
		c.OnLoggedIn(ctx, name)
	}
	return logins, nil
}

// maxOrganizationID is the longest id of an organisation, in bytes; those of Genesys Cloud
// are UUIDs. Status and metrics show the id.
const maxOrganizationID = 64

// loginCheck logs in with all clients of an organisation once.
type loginCheck struct {
	set *clientSet
	now time.Time
	// allowLogin counts a login, and tells whether there may be one.
	allowLogin func() bool
	// checks has one entry for each Secret of the spec, in its order; clients are those
	// whose Secrets could be used.
	checks  []clientCheck
	clients []*oauthClient
}

// clientCheck is what a login check finds out about one Secret of the spec.
type clientCheck struct {
	secret string
	// client is nil if the Secret cannot be used.
	client   *oauthClient
	identity genesys.Identity
	err      error
}

func (l *loginCheck) addClient(secret string, oauth *oauthClient, err error) {
	l.checks = append(l.checks, clientCheck{secret: secret, client: oauth, err: err})
	if oauth != nil {
		l.clients = append(l.clients, oauth)
	}
}

// identify asks Genesys Cloud with all clients at once who they are, except with inactive
// ones whose retry time is in the future.
func (l *loginCheck) identify(ctx context.Context) {
	var all sync.WaitGroup
	for i := range l.checks {
		e := &l.checks[i]
		if e.client == nil || e.err != nil {
			continue
		}
		if e.err = l.mayIdentify(e.client); e.err != nil {
			continue
		}
		all.Go(func() {
			e.identity, e.err = e.client.client().As(genesys.Share{Lane: "Login"}).WhoAmI(ctx)
			if e.err = budgetTimeout(e.err); len(e.identity.OrganizationID) > maxOrganizationID {
				e.identity, e.err = genesys.Identity{}, &genesys.Error{Op: "read who we are", Kind: genesys.KindMalformed, Message: "the organisation's id is too long"}
			}
		})
	}
	all.Wait()
}

// mayIdentify returns why a client is skipped now, nil if it is not.
func (l *loginCheck) mayIdentify(oauth *oauthClient) error {
	active, err := l.set.loginState(oauth, l.now)
	if err != nil || active || l.allowLogin() {
		return err
	}
	return errTooManyLogins
}

// budgetTimeout returns a throttling error for a login that timed out while it waited for
// the budget: nothing is wrong with the client. It returns other errors as they are.
func budgetTimeout(err error) error {
	if genesys.KindOf(err) == genesys.KindCancelled && errors.Is(err, context.DeadlineExceeded) {
		return &genesys.Error{Op: "read who we are", Kind: genesys.KindThrottled, Message: "the OAuth client's request budget is used up"}
	}
	return err
}

// checkOrganization checks that each login belongs to the organisation.
func (l *loginCheck) checkOrganization(pinned string) {
	for i := range l.checks {
		e := &l.checks[i]
		if e.err == nil && pinned == "" {
			pinned = e.identity.OrganizationID
		}
		if e.err == nil && e.identity.OrganizationID != pinned {
			e.err = outcome.UserError{Reason: v1alpha1.ReasonOrganizationMismatch, Message: fmt.Sprintf(
				"restore in the Secret %q the credentials of organisation %s, or create another GenesysOrganization: the login belongs to %s (%s)",
				e.secret, pinned, e.identity.OrganizationID, e.identity.OrganizationName)}
			e.identity = genesys.Identity{}
		}
	}
}

// store stores the results in the clients, and returns how each of them stands.
func (l *loginCheck) store() []genesys.LoginResult {
	logins := make([]genesys.LoginResult, len(l.checks))
	for i, e := range l.checks {
		logins[i] = genesys.LoginResult{Secret: e.secret, Identity: e.identity, Err: e.err}
		if e.client != nil {
			l.set.storeCheck(e, &logins[i])
		}
	}
	return logins
}

// storeCheck stores the result of a login check in its client, and completes login with
// it.
func (s *clientSet) storeCheck(e clientCheck, login *genesys.LoginResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := e.client
	var foreign outcome.UserError
	switch {
	case e.err == nil:
		c.identity, c.failure = e.identity, nil
	case errors.As(e.err, &foreign):
		c.identity, c.failure = genesys.Identity{}, nil
	case isRefusal(e.err) && c.failure != e.err: //nolint:errorlint // whether it is the very one that is kept
		c.failure, c.retryAt = e.err, s.clock.Now().Add(s.retryAfter)
	}
	login.ClientID, login.Identity, login.Active = c.credentials.ClientID, c.identity, c.isActive()
}

// loginState returns why a client is inactive and not to be retried yet, nil if it may be.
// active tells that it has logged in and is active.
func (s *clientSet) loginState(c *oauthClient, now time.Time) (active bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.failure != nil && now.Before(c.retryAt) {
		return false, c.failure
	}
	return c.isActive(), nil
}
