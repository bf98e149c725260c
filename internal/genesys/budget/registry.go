package budget

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Registry holds one limiter per OAuth client, whatever names the client:
// Genesys Cloud counts by client, not by who uses it. The zero value is ready.
type Registry struct {
	mu      sync.Mutex
	clients map[clientKey]*client
}

// clientKey names an OAuth client at one Genesys Cloud region.
type clientKey struct{ endpoint, clientID string }

// client is a limiter with the figures that its users claim.
type client struct {
	limiter *Limiter
	claims  map[string]int
}

// For returns the one limiter of the OAuth client clientID at endpoint (the
// Platform API's base URL). User names who asks and what for, as
// "legal/emea/genesys-oauth"; asking again replaces the figure that this user
// gave before. If several users give different figures, the smallest wins. A
// figure of 0 or less means DefaultRequestsPerMinute.
func (r *Registry) For(endpoint, clientID, user string, requestsPerMinute int) *Limiter {
	if requestsPerMinute <= 0 {
		requestsPerMinute = DefaultRequestsPerMinute
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := clientKey{strings.ToLower(strings.TrimRight(endpoint, "/")), clientID}
	r.withdraw(user, key)
	c, known := r.clients[key]
	if !known {
		c = &client{limiter: newLimiter(requestsPerMinute), claims: make(map[string]int)}
		r.add(key, c)
	}
	c.claims[user] = requestsPerMinute
	c.settle()
	return c.limiter
}

// Release forgets the figure that user gave. The limiter itself stays, with
// what it knows of the window, for as long as the process runs.
func (r *Registry) Release(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.withdraw(user, clientKey{})
}

// ClientStats is a snapshot of an OAuth client's limiter.
type ClientStats struct {
	Endpoint string
	ClientID string
	Stats
}

// Stats returns a snapshot of every limiter that was ever asked for, in order.
func (r *Registry) Stats() []ClientStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]ClientStats, 0, len(r.clients))
	for key, c := range r.clients {
		all = append(all, ClientStats{key.endpoint, key.clientID, c.limiter.Stats()})
	}
	slices.SortFunc(all, func(a, b ClientStats) int {
		return cmp.Or(cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.ClientID, b.ClientID))
	})
	return all
}

// withdraw removes user's figure from every client but the kept one.
func (r *Registry) withdraw(user string, kept clientKey) {
	for key, c := range r.clients {
		if _, claimed := c.claims[user]; claimed && key != kept {
			delete(c.claims, user)
			c.settle()
		}
	}
}

func (r *Registry) add(key clientKey, c *client) {
	if r.clients == nil {
		r.clients = make(map[clientKey]*client)
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
