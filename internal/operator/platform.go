package operator

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/metrics"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// platformKey reads the key that signs for tenants who may not read it. What is
// wrong with it is for the platform team to fix, and messages say so.
func (o *operator) platformKey(ctx context.Context) (signing.Key, error) {
	name := o.SigningKey
	if name.Name == "" {
		return signing.Key{}, outcome.UserError{Reason: v1alpha1.ReasonPlatformKeyMissing, Message: "have the platform team start the manager " +
			"with --signing-key-secret, or name a Secret in spec.signing.secretRef instead of spec.signing.platform"}
	}
	var secret corev1.Secret
	err := o.secrets.Get(ctx, name, &secret)
	switch {
	case apierrors.IsNotFound(err):
		return signing.Key{}, outcome.UserError{Reason: v1alpha1.ReasonSigningKeyNotFound, Message: fmt.Sprintf(
			"have the platform team create the Secret %q in the manager's namespace: %s && kubectl create secret generic %s -n %s --from-file=%s",
			name.Name, signingCure, name.Name, name.Namespace, signingKeyKey)}
	case err != nil:
		return signing.Key{}, fmt.Errorf("read the platform's signing key, Secret %s: %w", name.Name, err)
	}
	return signingKeyOf(secret)
}

// Whose key signed, in the log and in metrics.
const (
	keyOfPlatform = "platform"
	keyOfSecret   = "secret"
)

// signatures counts the uses of signing keys since the process began.
type signatures struct {
	mu   sync.Mutex
	uses map[metrics.Signatures]int64 // by all but Count
}

func (s *signatures) add(namespace, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uses == nil {
		s.uses = map[metrics.Signatures]int64{}
	}
	s.uses[metrics.Signatures{Namespace: namespace, Key: key}]++
}

func (s *signatures) counted() []metrics.Signatures {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []metrics.Signatures
	for of, count := range s.uses {
		of.Count = count
		all = append(all, of)
	}
	return all
}

// logUse returns what logs and counts each use of a destination's key.
func (o *operator) logUse(d *v1alpha1.ExportDestination, export string) func(signing.Use) {
	key := keyOfSecret
	if d.Spec.Signing.Platform != nil {
		key = keyOfPlatform
	}
	namespace, destination := d.Namespace, d.Name
	return func(use signing.Use) {
		o.signatures.add(namespace, key)
		o.manager.GetLogger().WithName("signing").Info("Signed a manifest", "namespace", namespace, "destination", destination,
			"export", export, "key", key, "keyID", use.KeyID, "sha256", use.SHA256, "predicateType", use.PredicateType)
	}
}
