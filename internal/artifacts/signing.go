package artifacts

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// Signing is how evidence is signed whose signatures are kept under key.
func Signing(store archive.Store, key string, signer func(context.Context) (*signing.Signer, error)) evidence.Signing {
	return evidence.Signing{
		Signer: signer,
		Recall: func(ctx context.Context) (evidence.Signed, error) { return Get[evidence.Signed](ctx, store, key) },
		Keep: func(ctx context.Context, made evidence.Signed) (evidence.Signed, error) {
			return Put(ctx, store, key, made)
		},
	}
}
