// Package connection keeps the clients that ask Genesys Cloud, one for each OAuth
// client of each GenesysOrganization, and chooses among them.
package connection

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// The keys of a Secret that holds an OAuth client.
const (
	clientIDKey     = "clientId"
	clientSecretKey = "clientSecret"
)

// maxClientID is the longest id of an OAuth client, in bytes; those of Genesys Cloud
// are UUIDs. It becomes part of what is remembered and of metrics.
const maxClientID = 128

// Connections are the clients of all organisations.
type Connections struct {
	// Secrets reads single Secrets from the API server itself: they are neither
	// listed nor watched nor cached.
	Secrets kube.Reader
	// Endpoints that may be asked besides those of regions.
	Endpoints egress.List
	// StallTimeout is how long a media stream may stand still, the client's
	// default if 0.
	StallTimeout time.Duration
	// MaxMedia bounds a recording's file, in bytes, the client's default if 0.
	MaxMedia int64

	Clock clock.PassiveClock
	// Again is how long an OAuth client stays out before it is tried again.
	Again time.Duration
	// Changed is called when an organisation's OAuth client is out that was in.
	Changed func(types.NamespacedName)
	// LoggedIn is called when an organisation can be asked that could not, if it is set.
	LoggedIn func(context.Context, types.NamespacedName)

	budgets budget.Registry
	mu      sync.Mutex
	pools   map[types.NamespacedName]*pool
	logins  map[types.NamespacedName]*rate.Limiter
}

// Cloud returns what asks the organisation, with a share of its budgets. It never
// waits: as long as no client has logged in, which Login does, it is an error that
// says so.
func (c *Connections) Cloud(organization *v1alpha1.GenesysOrganization, share genesys.Share) (*Cloud, error) {
	p := c.pool(kube.ObjectKeyFromObject(organization))
	if !p.ready() {
		return nil, notReady{organization.Name}
	}
	return &Cloud{p, share}, nil
}

// Budgets returns a snapshot of every OAuth client's budget.
func (c *Connections) Budgets() []budget.ClientStats { return c.budgets.Stats() }

// Forget lets go of an organisation that is gone.
func (c *Connections) Forget(name types.NamespacedName) {
	c.mu.Lock()
	p := c.pools[name]
	delete(c.pools, name)
	c.mu.Unlock()
	if p != nil {
		c.release(name, p.replace(nil))
	}
}

// pool returns the organisation's pool, an empty one if it is new.
func (c *Connections) pool(name types.NamespacedName) *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.pools[name]
	if p == nil {
		if c.pools == nil {
			c.pools = map[types.NamespacedName]*pool{}
		}
		p = &pool{clock: c.Clock, again: c.Again, changed: func() { c.Changed(name) }}
		c.pools[name] = p
	}
	return p
}

// endpoint returns the base URL that the organisation is asked at.
func (c *Connections) endpoint(spec v1alpha1.GenesysOrganizationSpec) (string, error) {
	if spec.Endpoint == "" {
		base, ok := genesys.RegionURL(spec.Region)
		if !ok {
			return "", fmt.Errorf("there is no region %q", spec.Region)
		}
		return base, nil
	}
	parsed, err := url.Parse(spec.Endpoint)
	if err != nil {
		return "", fmt.Errorf("spec.endpoint: %w", err)
	}
	if c.Endpoints.Allows(egress.Genesys, parsed) {
		return spec.Endpoint, nil
	}
	return "", outcome.UserError{Reason: v1alpha1.ReasonEndpointNotAllowed, Message: fmt.Sprintf(
		"use spec.region in another GenesysOrganization, or start the manager with %s", egress.Setting(egress.Genesys, parsed))}
}

// credentials reads a Secret.
func (c *Connections) credentials(ctx context.Context, name types.NamespacedName) (genesys.Credentials, error) {
	var secret corev1.Secret
	err := c.Secrets.Get(ctx, name, &secret)
	if apierrors.IsNotFound(err) {
		return genesys.Credentials{}, outcome.UserError{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
			"create the Secret %q with the keys %s and %s", name.Name, clientIDKey, clientSecretKey)}
	}
	if err != nil {
		return genesys.Credentials{}, fmt.Errorf("read Secret %s: %w", name.Name, err)
	}
	if id := secret.Data[clientIDKey]; len(id) > maxClientID || !utf8.Valid(id) {
		return genesys.Credentials{}, outcome.UserError{Reason: v1alpha1.ReasonSecretIncomplete, Message: fmt.Sprintf(
			"correct the key %s in the Secret %q: it is not the id of an OAuth client", clientIDKey, name.Name)}
	}
	credentials := genesys.Credentials{
		ClientID: string(secret.Data[clientIDKey]), ClientSecret: string(secret.Data[clientSecretKey]),
	}
	for _, key := range []string{clientIDKey, clientSecretKey} {
		if len(secret.Data[key]) == 0 {
			return credentials, outcome.UserError{
				Reason: v1alpha1.ReasonSecretIncomplete, Message: fmt.Sprintf("add the key %s to the Secret %q", key, name.Name),
			}
		}
	}
	return credentials, nil
}
