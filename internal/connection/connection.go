// Package connection keeps the clients of Genesys Cloud and chooses among them.
//
// A Connections has one client for each OAuth client of each GenesysOrganization. It makes
// them from Secrets (secrets.go), logs in (login.go, loginlimit.go) and gives each its
// request budget (budgets.go). Controllers call Genesys Cloud through a Cloud (cloud.go),
// which chooses the best client for each call (clients.go).
package connection

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
)

// Connections are the clients of all organisations.
type Connections struct {
	// Secrets reads single Secrets from the API server itself: they are neither listed nor
	// watched nor cached.
	Secrets kube.Reader
	// Endpoints that may be called besides those of regions.
	Endpoints egress.List
	// StallTimeout is how long a media stream may deliver no bytes, the client's default if 0.
	StallTimeout time.Duration
	// MaxMedia bounds a recording's file, in bytes, the client's default if 0.
	MaxMedia int64

	Clock clock.PassiveClock
	// RetryInterval is how long an OAuth client stays inactive before it logs in again.
	RetryInterval time.Duration
	// OnInactive is called when an OAuth client of an organisation becomes inactive.
	OnInactive func(types.NamespacedName)
	// OnLoggedIn is called when the first OAuth client of an organisation has logged in; it
	// may be nil.
	OnLoggedIn func(context.Context, types.NamespacedName)

	budgets     budget.Registry
	mu          sync.Mutex
	clientSets  map[types.NamespacedName]*clientSet
	loginLimits map[types.NamespacedName]*rate.Limiter
}

// Cloud returns the Genesys Cloud of an organisation, for a share of its budgets. It never
// waits: before Login has logged in with at least one client, it returns an error with the
// reason OrganizationNotReady.
func (c *Connections) Cloud(organization *v1alpha1.GenesysOrganization, share genesys.Share) (*Cloud, error) {
	set := c.clientSetOf(kube.ObjectKeyFromObject(organization))
	if !set.hasVerified() {
		return nil, notLoggedInError{organization.Name}
	}
	return &Cloud{set, share}, nil
}

// Budgets returns a snapshot of every OAuth client's budget.
func (c *Connections) Budgets() []budget.ClientStats { return c.budgets.Stats() }

// Forget forgets an organisation that was deleted.
func (c *Connections) Forget(name types.NamespacedName) {
	c.mu.Lock()
	set := c.clientSets[name]
	delete(c.clientSets, name)
	c.mu.Unlock()
	if set != nil {
		c.releaseBudgets(name, set.setClients(nil))
	}
}

// clientSetOf returns the organisation's clients, none if it is new.
func (c *Connections) clientSetOf(name types.NamespacedName) *clientSet {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.clientSets[name]
	if set == nil {
		if c.clientSets == nil {
			c.clientSets = map[types.NamespacedName]*clientSet{}
		}
		set = &clientSet{clock: c.Clock, retryAfter: c.RetryInterval, onInactive: func() { c.OnInactive(name) }}
		c.clientSets[name] = set
	}
	return set
}
