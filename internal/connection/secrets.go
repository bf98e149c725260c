package connection

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
	"github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// The keys of a Secret that contains an OAuth client.
const (
	clientIDKey     = "clientId"
	clientSecretKey = "clientSecret"
)

// maxClientID is the longest id of an OAuth client, in bytes; those of Genesys Cloud are
// UUIDs. Metrics show the id.
const maxClientID = 128

// endpoint returns the base URL of the organisation's API.
func (c *Connections) endpoint(spec v1alpha1.GenesysOrganizationSpec) (string, error) {
	if spec.Endpoint == "" {
		base, ok := genesys.RegionURL(spec.Region)
		if !ok {
			return "", fmt.Errorf("unknown region %q", spec.Region)
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

// clientFor reads a Secret of an organisation and returns a client for it: that of the set if
// the Secret has not changed, or cannot be read just now.
func (c *Connections) clientFor(ctx context.Context, organization types.NamespacedName, set *clientSet, endpoint, secret string) (string, *oauthClient, error) {
	old := set.bySecret(secret)
	credentials, err := c.credentials(ctx, types.NamespacedName{Namespace: organization.Namespace, Name: secret})
	if err != nil {
		if userErr := (outcome.UserError{}); errors.As(err, &userErr) {
			return secret, nil, err
		}
		return secret, old, err
	}
	if old != nil && old.endpoint == endpoint && old.credentials == credentials {
		return secret, old, nil
	}
	c.releaseBudgets(organization, []string{secret})
	limiter := budget.NewLimiter(budget.DefaultRequestsPerMinute)
	made, err := client.New(client.Config{
		Endpoint: endpoint, Credentials: credentials, Budget: limiter, StallTimeout: c.StallTimeout, Pages: &set.pages,
		Allowed: c.Endpoints, MaxMedia: c.MaxMedia,
	})
	if err != nil {
		return secret, nil, err
	}
	oauth := &oauthClient{secret: secret, endpoint: endpoint, credentials: credentials}
	oauth.current.Store(&limitedClient{made, limiter})
	return secret, oauth, nil
}
