// Package connection keeps the clients that ask Genesys Cloud, one for each
// GenesysOrganization, and the credentials they ask with.
package connection

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// The keys of a Secret that holds an OAuth client.
const (
	clientIDKey     = "clientId"
	clientSecretKey = "clientSecret"
)

// Endpoints says which endpoints other than a region's may be asked.
type Endpoints struct {
	// Any allows all of them.
	Any bool
	// Hosts are allowed, as host or host:port.
	Hosts []string
}

// Connections are the clients of all organisations.
type Connections struct {
	// Secrets reads single Secrets from the API server itself: they are neither
	// listed nor watched nor cached.
	Secrets kube.Reader
	// Endpoints that may be asked.
	Endpoints Endpoints
	// StallTimeout is how long a media stream may stand still, the client's
	// default if 0.
	StallTimeout time.Duration

	budgets budget.Registry
	mu      sync.Mutex
	open    map[types.NamespacedName]connection
}

// connection is a client and what it was made of.
type connection struct {
	client      *client.Client
	endpoint    string
	credentials genesys.Credentials
}

// refusal is an error that a person has to mend.
type refusal struct{ reason, says string }

func (r refusal) Error() string            { return r.says }
func (r refusal) Outcome() outcome.Outcome { return outcome.Stall(r.reason, r.says, 0) }

// Client returns the organisation's client, with a share of its budget. It makes
// one if there is none, and does not read the Secret again if there is.
func (c *Connections) Client(ctx context.Context, organization *v1alpha1.GenesysOrganization, share genesys.Share) (*client.Client, error) {
	c.mu.Lock()
	known, ok := c.open[kube.ObjectKeyFromObject(organization)]
	c.mu.Unlock()
	if ok {
		return known.client.As(share), nil
	}
	made, err := c.connect(ctx, organization)
	if err != nil {
		return nil, err
	}
	return made.As(share), nil
}

// Login logs in with what the Secret holds now, and says as whom. If that is
// something else than before, the organisation gets another client.
func (c *Connections) Login(ctx context.Context, organization *v1alpha1.GenesysOrganization) (genesys.Identity, error) {
	client, err := c.connect(ctx, organization)
	if err != nil {
		return genesys.Identity{}, err
	}
	return client.As(genesys.Share{Lane: "Login"}).WhoAmI(ctx)
}

// Forget lets go of an organisation that is gone.
func (c *Connections) Forget(name types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, name)
	c.budgets.Release(name.String())
}

// connect reads the Secret and makes a client, unless there is one that was made
// of the same.
func (c *Connections) connect(ctx context.Context, organization *v1alpha1.GenesysOrganization) (*client.Client, error) {
	endpoint, err := c.endpoint(organization.Spec)
	if err != nil {
		return nil, err
	}
	credentials, err := c.credentials(ctx, organization)
	if err != nil {
		return nil, err
	}
	limiter := c.budgets.For(endpoint, credentials.ClientID, kube.ObjectKeyFromObject(organization).String(), int(organization.Spec.RequestsPerMinute))
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.open[kube.ObjectKeyFromObject(organization)]; ok && known.endpoint == endpoint && known.credentials == credentials {
		return known.client, nil
	}
	made, err := client.New(client.Config{Endpoint: endpoint, Credentials: credentials, Budget: limiter, StallTimeout: c.StallTimeout})
	if err != nil {
		return nil, err
	}
	if c.open == nil {
		c.open = map[types.NamespacedName]connection{}
	}
	c.open[kube.ObjectKeyFromObject(organization)] = connection{made, endpoint, credentials}
	return made, nil
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
	if c.Endpoints.Any || slices.Contains(c.Endpoints.Hosts, parsed.Host) || slices.Contains(c.Endpoints.Hosts, parsed.Hostname()) {
		return spec.Endpoint, nil
	}
	return "", refusal{v1alpha1.ReasonEndpointNotAllowed, fmt.Sprintf(
		"use spec.region in another GenesysOrganization, or start the manager with --allow-endpoints=%s", parsed.Host)}
}

// credentials reads the organisation's Secret.
func (c *Connections) credentials(ctx context.Context, organization *v1alpha1.GenesysOrganization) (genesys.Credentials, error) {
	name := types.NamespacedName{Namespace: organization.Namespace, Name: organization.Spec.Credentials[0].SecretRef.Name}
	var secret corev1.Secret
	err := c.Secrets.Get(ctx, name, &secret)
	if apierrors.IsNotFound(err) {
		return genesys.Credentials{}, refusal{v1alpha1.ReasonSecretNotFound, fmt.Sprintf(
			"create the Secret %q with the keys %s and %s", name.Name, clientIDKey, clientSecretKey)}
	}
	if err != nil {
		return genesys.Credentials{}, fmt.Errorf("read Secret %s: %w", name.Name, err)
	}
	credentials := genesys.Credentials{
		ClientID: string(secret.Data[clientIDKey]), ClientSecret: string(secret.Data[clientSecretKey]),
	}
	for key, value := range map[string]string{clientIDKey: credentials.ClientID, clientSecretKey: credentials.ClientSecret} {
		if value == "" {
			return credentials, refusal{v1alpha1.ReasonSecretIncomplete, fmt.Sprintf("add the key %s to the Secret %q", key, name.Name)}
		}
	}
	return credentials, nil
}
