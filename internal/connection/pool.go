package connection

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
)

// pool is the OAuth clients of one organisation.
//
//	new   its login has not been seen to belong to the organisation: it is not asked
//	in    it is asked
//	out   its credentials or a permission were refused: it is not asked while
//	      another is in
//
// What a client has started at Genesys Cloud stays with it. A client that is out
// is looked at again once its time has come.
type pool struct {
	// looking is held by whoever looks after all clients.
	looking sync.Mutex
	clock   clock.PassiveClock
	// again is how long a client stays out before it is tried again.
	again time.Duration
	// changed is called when a client is out that was in.
	changed func()

	// pages is what is known of how large Genesys Cloud's pages may be, whichever
	// client asks.
	pages client.Pages

	mu      sync.Mutex
	members []*member
}

// member is an OAuth client of a pool. The pool's mu guards what may change.
type member struct {
	secret      string
	endpoint    string
	credentials genesys.Credentials
	// use is what it asks with at present.
	use atomic.Pointer[use]

	// identity is what its login turned out to be, once it is known to belong to
	// the organisation.
	identity genesys.Identity
	// out is why it is out, nil if it is not.
	out error
	// notUntil is when it is tried again.
	notUntil time.Time
}

// use is a client and the budget that it keeps to. Until the client has logged in
// the budget is its own, then that of the OAuth client, see claims.go.
type use struct {
	client *client.Client
	budget *budget.Limiter
}

// asks is the client that the member asks with.
func (m *member) asks() *client.Client { return m.use.Load().client }

// stats is how the member's budget stands.
func (m *member) stats() budget.Stats { return m.use.Load().budget.Stats() }

// keepTo has the member ask with another budget from now on.
func (m *member) keepTo(limiter *budget.Limiter) {
	if now := m.use.Load(); now.budget != limiter {
		m.use.Store(&use{now.client.WithBudget(limiter), limiter})
	}
}

// known tells whether the member has been seen to belong to the organisation.
func (m *member) known() bool { return m.identity.OrganizationID != "" }

func (m *member) in() bool { return m.known() && m.out == nil }

// ready tells whether there is anybody to ask.
func (p *pool) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.members, (*member).known)
}

// refused tells whether an error is about the OAuth client rather than about
// what it asked for.
func refused(err error) bool {
	kind := genesys.KindOf(err)
	return kind == genesys.KindUnauthorized || kind == genesys.KindForbidden
}

// try makes a call with the client whose budget has most room. Where that one is
// refused the others are tried, and where it is throttled one that is not. A missing permission puts a client out only if another has it:
// otherwise it is not the client that is to blame. The error is that of the first.
func (p *pool) try(call func(*member) error) error {
	var first, lacks error
	var tried, lacking []*member
	for {
		m := p.choose(tried)
		if m == nil {
			return cmp.Or(first, errNobody)
		}
		err := call(m)
		tried = append(tried, m)
		switch genesys.KindOf(err) {
		case genesys.KindUnauthorized:
			p.expel(err, m)
		case genesys.KindForbidden:
			lacks, lacking = err, append(lacking, m)
		case genesys.KindThrottled:
			if other := p.choose(tried); other == nil || other.stats().Stopped {
				return err
			}
		default:
			if err == nil {
				p.expel(lacks, lacking...)
			}
			return err
		}
		first = cmp.Or(first, err)
	}
}

// choose returns the client to ask next, nil if all have been tried.
func (p *pool) choose(tried []*member) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	var best *member
	var room budget.Stats
	for _, m := range p.candidates() {
		if slices.Contains(tried, m) {
			continue
		}
		if stats := m.stats(); best == nil || roomier(stats, room) {
			best, room = m, stats
		}
	}
	return best
}

// candidates are the clients that are in, or all that are known if none is. The
// caller holds the lock.
func (p *pool) candidates() []*member {
	var in, known []*member
	for _, m := range p.members {
		if m.in() {
			in = append(in, m)
		}
		if m.known() {
			known = append(known, m)
		}
	}
	if len(in) == 0 {
		return known
	}
	return in
}

// roomier tells whether a request would go earlier with one budget than with
// another or, if it would not, leave more of it.
func roomier(a, b budget.Stats) bool {
	if a.Delay != b.Delay {
		return a.Delay < b.Delay
	}
	return a.Remaining-a.Waiting > b.Remaining-b.Waiting
}

// with makes a call that only the ticket's client can make. If that one is out,
// and another is in, what it started is orphaned.
func (p *pool) with(op string, ticket genesys.Ticket, call func(*member) error) error {
	m, alone := p.holder(ticket)
	if m == nil {
		return &genesys.Error{Op: op, Kind: genesys.KindOrphaned, Message: "the OAuth client " + ticket.ClientID + " that started it is out"}
	}
	err := call(m)
	switch {
	case !refused(err):
		return err
	case !alone:
		p.expel(err, m)
		return &genesys.Error{Op: op, Kind: genesys.KindOrphaned, Err: err}
	case genesys.KindOf(err) == genesys.KindUnauthorized:
		p.expel(err, m)
	}
	return err
}

// holder returns the ticket's client, nil if it is not asked, and whether it is
// the only one that is.
func (p *pool) holder(ticket genesys.Ticket) (m *member, alone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	candidates := p.candidates()
	i := slices.IndexFunc(candidates, func(m *member) bool { return m.credentials.ClientID == ticket.ClientID })
	if i < 0 {
		return nil, false
	}
	return candidates[i], len(candidates) == 1
}

// any returns some client, for what needs no permission; nil if there is none.
func (p *pool) any() *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	if candidates := p.candidates(); len(candidates) > 0 {
		return candidates[0]
	}
	return nil
}

// expel puts clients out that were refused, and tells of it if any was in.
func (p *pool) expel(why error, members ...*member) {
	p.mu.Lock()
	told := false
	for _, m := range members {
		if m.out == nil {
			told = true
			m.out, m.notUntil = why, p.clock.Now().Add(p.again)
		}
	}
	p.mu.Unlock()
	if told {
		p.changed()
	}
}
