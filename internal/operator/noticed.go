package operator

import (
	"cmp"
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// noticedSigner returns what signs an export at a destination, nil if nothing does. It
// signs only with the key that the destination's status names, so that no key is used
// whose coming was not told of, however briefly it was there. Both are read from the API
// server itself, when a bag or seal is about to be signed.
func (o *operator) noticedSigner(ctx context.Context, d *v1alpha1.ExportDestination, export string) (*signing.Signer, error) {
	var now v1alpha1.ExportDestination
	if err := o.reader.Get(ctx, client.ObjectKeyFromObject(d), &now); err != nil {
		return nil, fmt.Errorf("read ExportDestination %s: %w", d.Name, err)
	}
	signer, err := o.signer(ctx, &now, export)
	if err != nil {
		return nil, err
	}
	key := ""
	if signer != nil {
		key = signer.ID()
	}
	if key != now.Status.SigningKey {
		o.wakeDestination(client.ObjectKeyFromObject(d))
		return nil, unnoticedKey{destination: d.Name, key: key}
	}
	return signer, nil
}

// unnoticedKey is the error of a key that the destination has not noticed yet.
type unnoticedKey struct{ destination, key string }

func (u unnoticedKey) Error() string {
	return fmt.Sprintf("retrying: the signing key is %s, and the operator signs nothing until the ExportDestination %q has reported the change",
		cmp.Or(u.key, "none"), u.destination)
}

// Outcome is to wait until the destination has been looked at.
func (u unnoticedKey) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonSigningKeyChanged, u.Error(), 0)
}
