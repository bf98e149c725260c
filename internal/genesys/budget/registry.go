package budget

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Registry contains one limiter per OAuth client, whatever names the client:
// Genesys Cloud counts by client, not by who uses it. The zero value is ready.
//
// A limiter is for those who have proved that the client is theirs, by a login
// with its secret: whoever only knows the client's id, which is public, must not
// be able to slow others down. Who has not logged in yet asks with a limiter of
// its own (see [NewLimiter]).
//
// The registry forgets limiters that nobody claims, see [Registry.Release].
type Registry struct {
	mu      sync.Mutex
	clients map[Client]*client
}

// Client names an OAuth client that has logged in.
type Client struct {
	// Endpoint is the base URL of the Platform API.
	Endpoint string
	// OrganizationID is the organisation that the login belongs to, as that
	// endpoint tells. An endpoint that lies shares nothing with others: it is part
	// of the name.
	OrganizationID string
	ClientID       string
}

// client is a limiter with the figures that its users claim.
type client struct {
	limiter *Limiter
	claims  map[string]int
}

// For returns the one limiter of an OAuth client that has logged in. User names
// who asks and what for, for example "legal/emea/genesys-oauth"; asking again
// replaces the figure that this user gave before. If several users give different
// figures, the smallest wins: each of them knows the client's secret. A figure of 0
// or less means DefaultRequestsPerMinute.
func (r *Registry) For(key Client, user string, requestsPerMinute int) *Limiter {
	if requestsPerMinute <= 0 {
		requestsPerMinute = DefaultRequestsPerMinute
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key.Endpoint = strings.ToLower(strings.TrimRight(key.Endpoint, "/"))
	r.withdraw(user, key)
	r.sweep()
	c, known := r.clients[key]
	if !known {
		c = &client{limiter: NewLimiter(requestsPerMinute), claims: make(map[string]int)}
		r.add(key, c)
	}
	c.claims[user] = requestsPerMinute
	c.settle()
	return c.limiter
}

// Release forgets the figure that user gave. A limiter that nobody claims any
// more is forgotten once it knows nothing that matters: no request waits or is in
// flight, and its window and any stop are over. So the registry contains no more
// limiters than there are users, and those released within the last few minutes.
func (r *Registry) Release(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.withdraw(user, Client{})
	r.sweep()
}

// sweep forgets the limiters that nobody claims. The caller has the lock.
func (r *Registry) sweep() {
	now := time.Now()
	maps.DeleteFunc(r.clients, func(_ Client, c *client) bool { return len(c.claims) == 0 && c.limiter.idle(now) })
}

// ClientStats is a snapshot of an OAuth client's limiter.
type ClientStats struct {
	Client
	Stats
}

// Stats returns a snapshot of every limiter that there is, in order.
func (r *Registry) Stats() []ClientStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	all := make([]ClientStats, 0, len(r.clients))
	for key, c := range r.clients {
		all = append(all, ClientStats{key, c.limiter.Stats()})
	}
	slices.SortFunc(all, func(a, b ClientStats) int {
		return cmp.Or(
			cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.OrganizationID, b.OrganizationID), cmp.Compare(a.ClientID, b.ClientID))
	})
	return all
}

// withdraw removes user's figure from every client but the kept one.
func (r *Registry) withdraw(user string, kept Client) {
	for key, c := range r.clients {
		if _, claimed := c.claims[user]; claimed && key != kept {
			delete(c.claims, user)
			c.settle()
		}
	}
}

func (r *Registry) add(key Client, c *client) {
	if r.clients == nil {
		r.clients = make(map[Client]*client)
	}
	r.clients[key] = c
}

// settle gives the limiter the smallest figure claimed. Without any claim it
// keeps the last one.
func (c *client) settle() {
	smallest := 0
	for _, figure := range c.claims {
		if smallest == 0 || figure < smallest {
			smallest = figure
		}
	}
	if smallest > 0 {
		c.limiter.configure(smallest)
	}
}
