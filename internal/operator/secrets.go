package operator

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// defaultServiceAccount is the one that config/default gives to the manager.
const defaultServiceAccount = "recording-export-system:recording-export-manager"

// managedBy is the label, with name as its value, of every Secret that the
// operator creates.
const managedBy = "app.kubernetes.io/managed-by"

// secretReader reads single Secrets from the API server itself: they are neither
// listed nor watched nor cached. A Secret that the manager may not read, and one
// of a type that others give rights with, such as a ServiceAccount's token, is an
// outcome.UserError that says what a person has to do.
type secretReader struct {
	client.Reader
	// serviceAccount of the manager, as namespace:name; empty for that of config/default.
	serviceAccount string
}

// Get reads an object. Nothing is left of a Secret that is refused.
func (r secretReader) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	err := r.Reader.Get(ctx, key, object, options...)
	secret, is := object.(*corev1.Secret)
	switch {
	case !is:
		return err
	case apierrors.IsForbidden(err):
		return r.denied(key, "get", "secrets --resource-name="+key.Name)
	case err == nil && secret.Type != "" && secret.Type != corev1.SecretTypeOpaque:
		kind := secret.Type
		*secret = corev1.Secret{}
		return outcome.UserError{Reason: v1alpha1.ReasonSecretTypeRefused, Message: fmt.Sprintf(
			"name a Secret of type Opaque, or create %q in the namespace %q with that type: it has type %s, and the operator uses only Opaque Secrets",
			key.Name, key.Namespace, kind)}
	}
	return err
}

// denied says how to let the manager do something with a Secret, which the
// namespace has not opted in to. resource is what kubectl create role is told.
func (r secretReader) denied(key client.ObjectKey, verb, resource string) error {
	role := "recording-export-" + verb + "-" + key.Name
	account := cmp.Or(r.serviceAccount, defaultServiceAccount)
	return outcome.UserError{Reason: v1alpha1.ReasonSecretAccessDenied, Message: fmt.Sprintf(
		"let the manager %s the Secret %q in the namespace %q (config/tenant does it, see docs/tenants.md), or run: "+
			"kubectl create role %s -n %s --verb=%s --resource=%s && kubectl create rolebinding %s -n %s --role=%s --serviceaccount=%s",
		verb, key.Name, key.Namespace, role, key.Namespace, verb, resource, role, key.Namespace, role, account)}
}
