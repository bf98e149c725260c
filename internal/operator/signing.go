package operator

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/signing/rfc3161"
)

// signingKeyKey is the key of a Secret under which the private key is.
const signingKeyKey = "signing.key"

// signingCure makes a key that can be used.
const signingCure = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + signingKeyKey

// signingKey makes sure that there is a key to sign with, if the spec asks for
// signing, and returns its id. A Secret is created once: if it is gone later,
// somebody has to say whether the key is lost.
func (o *operator) signingKey(ctx context.Context, d *v1alpha1.ExportDestination) (string, error) {
	signer, err := o.signer(ctx, d, "")
	var absent secretAbsent
	if errors.As(err, &absent) && d.Spec.Signing.Create && d.Status.SigningKey == "" {
		if err := o.createSigningKey(ctx, d); err != nil {
			return "", err
		}
		signer, err = o.signer(ctx, d, "")
	}
	if err != nil || signer == nil {
		return "", err
	}
	return signer.ID(), nil
}

// createSigningKey creates the Secret with a new key. One that somebody else
// created in between stays.
func (o *operator) createSigningKey(ctx context.Context, d *v1alpha1.ExportDestination) error {
	key, err := signing.GenerateKey()
	if err != nil {
		return fmt.Errorf("generate signing key: %w", err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: d.Spec.Signing.SecretRef.Name, Labels: map[string]string{managedBy: name},
		},
		Type: corev1.SecretTypeOpaque,
		Data: map[string][]byte{signingKeyKey: key},
	}
	switch err := o.publisher.Client.Create(ctx, secret); {
	case apierrors.IsForbidden(err):
		return o.secrets.denied(client.ObjectKeyFromObject(secret), "create", "secrets")
	case err != nil && !apierrors.IsAlreadyExists(err):
		// The answer to a request that is refused may repeat what was sent.
		return fmt.Errorf("create Secret %s: the API server refuses: %s", secret.Name, apierrors.ReasonForError(err))
	}
	return nil
}

// signer returns what signs an export at a destination, nil if nothing does. The
// key is read each time: there is no other place where it stays.
func (o *operator) signer(ctx context.Context, d *v1alpha1.ExportDestination, export string) (*signing.Signer, error) {
	spec := d.Spec.Signing
	if spec == nil {
		return nil, nil
	}
	authority, err := o.authority(spec.Timestamp)
	if err != nil {
		return nil, err
	}
	key, err := o.key(ctx, d)
	if err != nil {
		return nil, err
	}
	return &signing.Signer{Key: key, Authority: authority, Used: o.logUse(d, export)}, nil
}

// key reads the key that signs at a destination. Nothing else knows where keys are.
func (o *operator) key(ctx context.Context, d *v1alpha1.ExportDestination) (signing.Key, error) {
	if d.Spec.Signing.Platform != nil {
		return o.platformKey(ctx)
	}
	name := d.Spec.Signing.SecretRef.Name
	var secret corev1.Secret
	err := o.secrets.Get(ctx, types.NamespacedName{Namespace: d.Namespace, Name: name}, &secret)
	switch {
	case apierrors.IsNotFound(err):
		return signing.Key{}, secretAbsent{outcome.UserError{Reason: v1alpha1.ReasonSigningKeyNotFound, Message: fmt.Sprintf(
			"create the Secret %q with the key %s, or set spec.signing.create: %s && kubectl create secret generic %s --from-file=%s",
			name, signingKeyKey, signingCure, name, signingKeyKey)}}
	case err != nil:
		return signing.Key{}, fmt.Errorf("read Secret %s: %w", name, err)
	}
	return signingKeyOf(secret)
}

// secretAbsent tells that there is no Secret, which can be created.
type secretAbsent struct{ outcome.UserError }

// signingKeyOf reads the key in a Secret. The error tells nothing of it.
func signingKeyOf(secret corev1.Secret) (signing.Key, error) {
	text, there := secret.Data[signingKeyKey]
	if !there {
		return signing.Key{}, outcome.UserError{Reason: v1alpha1.ReasonSigningKeyNotFound, Message: fmt.Sprintf(
			"add the key %s to the Secret %q: %s", signingKeyKey, secret.Name, signingCure)}
	}
	key, err := signing.ParseKey(text)
	if err != nil {
		return signing.Key{}, outcome.UserError{Reason: v1alpha1.ReasonSigningKeyInvalid, Message: fmt.Sprintf(
			"replace %s in the Secret %q with an unencrypted ECDSA private key with the curve P-256: %v; %s",
			signingKeyKey, secret.Name, err, signingCure)}
	}
	return key, nil
}

// authority is the one that attests the time, nil if there is none. Only one that
// the manager was started with is asked.
func (o *operator) authority(spec *v1alpha1.Timestamp) (signing.Authority, error) {
	if spec == nil {
		return nil, nil
	}
	parsed, err := url.Parse(spec.URL)
	if err != nil {
		return nil, outcome.UserError{Reason: v1alpha1.ReasonEndpointNotAllowed, Message: "correct spec.signing.timestamp.url, which is not a URL"}
	}
	if !o.Endpoints.Allows(egress.Timestamp, parsed) {
		return nil, outcome.UserError{Reason: v1alpha1.ReasonEndpointNotAllowed, Message: fmt.Sprintf(
			"remove spec.signing.timestamp, or start the manager with %s", egress.Setting(egress.Timestamp, parsed))}
	}
	return authority{rfc3161.Authority{URL: parsed}}, nil
}

// authority is a time-stamping authority whose failures are outcomes.
type authority struct{ rfc3161.Authority }

// Timestamp asks the authority.
func (a authority) Timestamp(ctx context.Context, message []byte) ([]byte, error) {
	answer, err := a.Authority.Timestamp(ctx, message)
	var failed *rfc3161.Error
	if errors.As(err, &failed) {
		return nil, timestampFailed{failed}
	}
	return answer, err
}

// timestampFailed is a failure of an authority that knows its outcome.
type timestampFailed struct{ of *rfc3161.Error }

func (f timestampFailed) Error() string { return f.of.Error() }

// Outcome is to retry, or to have a person fix it.
func (f timestampFailed) Outcome() outcome.Outcome {
	if f.of.Refused {
		return outcome.Stall(v1alpha1.ReasonTimestampRefused,
			"correct or remove spec.signing.timestamp.url of the destination: "+f.Error(), 0)
	}
	return outcome.Wait(v1alpha1.ReasonTimestampUnavailable, "retrying: "+f.Error(), 0)
}
