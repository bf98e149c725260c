package connection

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Login looks at each of the organisation's OAuth clients: it logs in with what
// the Secret holds now, and sees to it that the login belongs to the organisation
// that the status names or, if it names none, to that of the first login that
// works. A client that is out is left alone until its time has come, unless its
// Secret has changed.
func (c *Connections) Login(ctx context.Context, organization *v1alpha1.GenesysOrganization) ([]genesys.Login, error) {
	endpoint, err := c.endpoint(organization.Spec)
	if err != nil {
		return nil, err
	}
	name := kube.ObjectKeyFromObject(organization)
	p := c.pool(name)
	p.looking.Lock()
	defer p.looking.Unlock()
	look := &look{pool: p, now: c.Clock.Now(), mayLogIn: func() bool { return c.mayLogIn(name) }}
	for _, entry := range organization.Spec.Credentials {
		look.add(c.member(ctx, organization, endpoint, entry.SecretRef.Name))
	}
	c.release(name, p.replace(look.members))
	look.ask(ctx)
	pinned := ""
	if organization.Status.Organization != nil {
		pinned = organization.Status.Organization.ID
	}
	look.judge(pinned)
	c.claim(name, int(organization.Spec.RequestsPerMinute), look.entries)
	wasReady := p.ready()
	logins := look.enter()
	if !wasReady && p.ready() && c.LoggedIn != nil {
		c.LoggedIn(ctx, name)
	}
	return logins, nil
}

// maxOrganizationID is the longest id of an organisation, in bytes; those of Genesys
// Cloud are UUIDs. It becomes part of what is remembered and of metrics.
const maxOrganizationID = 64

// look is one look at all clients of an organisation.
type look struct {
	pool *pool
	now  time.Time
	// mayLogIn counts a login, and tells whether there may be one.
	mayLogIn func() bool
	// entries are those of the spec, in their order; members those that there are.
	entries []entry
	members []*member
}

type entry struct {
	secret   string
	member   *member // nil if the Secret does not make one
	identity genesys.Identity
	err      error
}

func (l *look) add(secret string, m *member, err error) {
	l.entries = append(l.entries, entry{secret: secret, member: m, err: err})
	if m != nil {
		l.members = append(l.members, m)
	}
}

// ask asks all clients at once who they are, but for those that are out until later.
func (l *look) ask(ctx context.Context) {
	var all sync.WaitGroup
	for i := range l.entries {
		e := &l.entries[i]
		if e.member == nil || e.err != nil {
			continue
		}
		if e.err = l.mayAsk(e.member); e.err != nil {
			continue
		}
		all.Go(func() {
			e.identity, e.err = e.member.asks().As(genesys.Share{Lane: "Login"}).WhoAmI(ctx)
			if e.err = waited(e.err); len(e.identity.OrganizationID) > maxOrganizationID {
				e.identity, e.err = genesys.Identity{}, &genesys.Error{Op: "read who we are", Kind: genesys.KindMalformed, Message: "the organisation's id is too long"}
			}
		})
	}
	all.Wait()
}

// mayAsk is why a client is not asked now, nil if it is.
func (l *look) mayAsk(m *member) error {
	in, err := l.pool.outAt(m, l.now)
	if err != nil || in || l.mayLogIn() {
		return err
	}
	return errTooManyLogins
}

// waited turns the error of a look that ended while it waited for the budget
// into what it means: nothing is wrong with the client.
func waited(err error) error {
	if genesys.KindOf(err) == genesys.KindCancelled && errors.Is(err, context.DeadlineExceeded) {
		return &genesys.Error{Op: "read who we are", Kind: genesys.KindThrottled, Message: "the OAuth client's request budget is used up"}
	}
	return err
}

// judge decides whether each login belongs to the organisation.
func (l *look) judge(pinned string) {
	for i := range l.entries {
		e := &l.entries[i]
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

// enter keeps what the clients said, and tells how each of them stands.
func (l *look) enter() []genesys.Login {
	logins := make([]genesys.Login, len(l.entries))
	for i, e := range l.entries {
		logins[i] = genesys.Login{Secret: e.secret, Identity: e.identity, Err: e.err}
		if e.member != nil {
			l.pool.enter(e, &logins[i])
		}
	}
	return logins
}

// enter keeps what a look has found out about a client.
func (p *pool) enter(e entry, login *genesys.Login) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := e.member
	var foreign outcome.UserError
	switch {
	case e.err == nil:
		m.identity, m.out = e.identity, nil
	case errors.As(e.err, &foreign):
		m.identity, m.out = genesys.Identity{}, nil
	case refused(e.err) && m.out != e.err: //nolint:errorlint // whether it is the very one that is kept
		m.out, m.notUntil = e.err, p.clock.Now().Add(p.again)
	}
	login.ClientID, login.Identity, login.In = m.credentials.ClientID, m.identity, m.in()
}

// outAt is why a client is out and not to be tried yet, nil if it may be. in tells
// that it has logged in, and is not out.
func (p *pool) outAt(m *member, now time.Time) (in bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.out != nil && now.Before(m.notUntil) {
		return false, m.out
	}
	return m.in(), nil
}

// replace has the pool consist of other members, and returns the Secrets that
// are no longer among theirs.
func (p *pool) replace(members []*member) (gone []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := map[string]bool{}
	for _, m := range members {
		kept[m.secret] = true
	}
	for _, m := range p.members {
		if !kept[m.secret] {
			gone = append(gone, m.secret)
		}
	}
	p.members = members
	return gone
}

// find returns the member that was made of a Secret, nil if there is none.
func (p *pool) find(secret string) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		if m.secret == secret {
			return m
		}
	}
	return nil
}

// member reads a Secret and makes a client of it, unless there is one that was
// made of the same. If the Secret cannot be read just now, the one that there is
// goes on.
func (c *Connections) member(ctx context.Context, organization *v1alpha1.GenesysOrganization, endpoint, secret string) (string, *member, error) {
	name := kube.ObjectKeyFromObject(organization)
	p := c.pool(name)
	old := p.find(secret)
	credentials, err := c.credentials(ctx, types.NamespacedName{Namespace: organization.Namespace, Name: secret})
	if err != nil {
		if mend := (outcome.UserError{}); errors.As(err, &mend) {
			return secret, nil, err
		}
		return secret, old, err
	}
	if old != nil && old.endpoint == endpoint && old.credentials == credentials {
		return secret, old, nil
	}
	c.release(name, []string{secret})
	limiter := budget.NewLimiter(budget.DefaultRequestsPerMinute)
	made, err := client.New(client.Config{
		Endpoint: endpoint, Credentials: credentials, Budget: limiter, StallTimeout: c.StallTimeout, Pages: &p.pages,
		Allowed: c.Endpoints, MaxMedia: c.MaxMedia,
	})
	if err != nil {
		return secret, nil, err
	}
	m := &member{secret: secret, endpoint: endpoint, credentials: credentials}
	m.use.Store(&use{made, limiter})
	return secret, m, nil
}
