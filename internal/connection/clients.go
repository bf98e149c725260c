package connection

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
)

// clientSet is the OAuth clients of one organisation. Each is in one of three states:
//
//	unverified  no login has shown that it belongs to the organisation: it is not used
//	active      it is used
//	inactive    its credentials or a permission were refused: it is not used while
//	            another is active
//
// Jobs that a client has started at Genesys Cloud can be followed by that client only. An
// inactive client logs in again at its retry time.
type clientSet struct {
	// loginMu is locked during a login check of all clients.
	loginMu sync.Mutex
	clock   clock.PassiveClock
	// retryAfter is how long a client stays inactive before it logs in again.
	retryAfter time.Duration
	// onInactive is called when a client becomes inactive.
	onInactive func()

	// pages is what is known about how large Genesys Cloud's pages may be, for all clients.
	pages client.Pages

	mu      sync.Mutex
	clients []*oauthClient
}

// hasVerified tells whether there is a client to use.
func (s *clientSet) hasVerified() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.clients, (*oauthClient).isVerified)
}

// isRefusal tells whether an error is about the OAuth client, and not about the request.
func isRefusal(err error) bool {
	kind := genesys.KindOf(err)
	return kind == genesys.KindUnauthorized || kind == genesys.KindForbidden
}

// call makes a call with the client that has the most budget left. If Genesys Cloud
// refuses that client, call tries the others; if it throttles it, call tries one that is
// not throttled. A missing permission makes a client inactive only if another client has
// the permission: otherwise the organisation, not the client, lacks it. The error is that
// of the first client.
func (s *clientSet) call(call func(*oauthClient) error) error {
	var first, lacks error
	var tried, lacking []*oauthClient
	for {
		c := s.choose(tried)
		if c == nil {
			return cmp.Or(first, errNoClient)
		}
		err := call(c)
		tried = append(tried, c)
		switch genesys.KindOf(err) {
		case genesys.KindUnauthorized:
			s.deactivate(err, c)
		case genesys.KindForbidden:
			lacks, lacking = err, append(lacking, c)
		case genesys.KindThrottled:
			if other := s.choose(tried); other == nil || other.budgetStats().Stopped {
				return err
			}
		default:
			if err == nil {
				s.deactivate(lacks, lacking...)
			}
			return err
		}
		first = cmp.Or(first, err)
	}
}

// choose returns the client to use next, nil if all have been tried.
func (s *clientSet) choose(tried []*oauthClient) *oauthClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	var best *oauthClient
	var budgetLeft budget.Stats
	for _, c := range s.candidates() {
		if slices.Contains(tried, c) {
			continue
		}
		if stats := c.budgetStats(); best == nil || hasMoreBudget(stats, budgetLeft) {
			best, budgetLeft = c, stats
		}
	}
	return best
}

// candidates are the active clients, or all verified ones if none is active. The caller
// has the lock.
func (s *clientSet) candidates() []*oauthClient {
	var active, verified []*oauthClient
	for _, c := range s.clients {
		if c.isActive() {
			active = append(active, c)
		}
		if c.isVerified() {
			verified = append(verified, c)
		}
	}
	if len(active) == 0 {
		return verified
	}
	return active
}

// hasMoreBudget tells whether a request could be sent earlier with one budget than with
// another or, if not, would leave more of it.
func hasMoreBudget(a, b budget.Stats) bool {
	if a.Delay != b.Delay {
		return a.Delay < b.Delay
	}
	return a.Remaining-a.Waiting > b.Remaining-b.Waiting
}

// callStarter makes a call that only the client that started the ticket's job can make. If
// that client is inactive and another is active, the job is orphaned.
func (s *clientSet) callStarter(op string, ticket genesys.Ticket, call func(*oauthClient) error) error {
	c, alone := s.starter(ticket)
	if c == nil {
		return &genesys.Error{Op: op, Kind: genesys.KindOrphaned, Message: "the OAuth client " + ticket.ClientID + " that started it is inactive"}
	}
	err := call(c)
	switch {
	case !isRefusal(err):
		return err
	case !alone:
		s.deactivate(err, c)
		return &genesys.Error{Op: op, Kind: genesys.KindOrphaned, Err: err}
	case genesys.KindOf(err) == genesys.KindUnauthorized:
		s.deactivate(err, c)
	}
	return err
}

// starter returns the client that started the ticket's job, nil if that is not used, and
// whether it is the only one that is.
func (s *clientSet) starter(ticket genesys.Ticket) (c *oauthClient, alone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	candidates := s.candidates()
	i := slices.IndexFunc(candidates, func(c *oauthClient) bool { return c.credentials.ClientID == ticket.ClientID })
	if i < 0 {
		return nil, false
	}
	return candidates[i], len(candidates) == 1
}

// anyClient returns some client, for calls that need no permission; nil if there is none.
func (s *clientSet) anyClient() *oauthClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	if candidates := s.candidates(); len(candidates) > 0 {
		return candidates[0]
	}
	return nil
}

// deactivate makes clients inactive that were refused, and calls onInactive if any was
// active.
func (s *clientSet) deactivate(why error, clients ...*oauthClient) {
	s.mu.Lock()
	changed := false
	for _, c := range clients {
		if c.failure == nil {
			changed = true
			c.failure, c.retryAt = why, s.clock.Now().Add(s.retryAfter)
		}
	}
	s.mu.Unlock()
	if changed {
		s.onInactive()
	}
}

// setClients replaces the clients, and returns the Secrets of those that are gone.
func (s *clientSet) setClients(clients []*oauthClient) (gone []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := map[string]bool{}
	for _, c := range clients {
		kept[c.secret] = true
	}
	for _, c := range s.clients {
		if !kept[c.secret] {
			gone = append(gone, c.secret)
		}
	}
	s.clients = clients
	return gone
}

// bySecret returns the client that was made from a Secret, nil if there is none.
func (s *clientSet) bySecret(secret string) *oauthClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		if c.secret == secret {
			return c
		}
	}
	return nil
}
