package operator

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
)

// DefaultArtifactKey is the name of the Secret that holds the artifact key.
const DefaultArtifactKey = "recording-export-operator-artifacts"

// artifactKeyKey is the key of that Secret under which the artifact key is: 32 bytes.
const artifactKeyKey = "artifact.key"

// artifactKey gives the key that the artifacts of all archives are made authentic
// with. It is in a Secret in the manager's own namespace, where no tenant can read it,
// and is kept in memory once it was read.
type artifactKey struct {
	reader client.Reader
	writer client.Writer
	name   types.NamespacedName

	mu    sync.Mutex
	known *authentic.Master
}

// master returns the key, which it makes if there is no Secret.
func (k *artifactKey) master(ctx context.Context) (authentic.Master, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known != nil {
		return *k.known, nil
	}
	secret, err := k.read(ctx)
	if apierrors.IsNotFound(err) {
		if err := k.create(ctx); err != nil {
			return authentic.Master{}, err
		}
		secret, err = k.read(ctx)
	}
	if err != nil {
		return authentic.Master{}, fmt.Errorf("read the artifact key from the Secret %s: %w", k.name, err)
	}
	master, err := authentic.ParseMaster(secret.Data[artifactKeyKey])
	if err != nil {
		return authentic.Master{}, fmt.Errorf("the key %s of the Secret %s: %w: restore it from its backup", artifactKeyKey, k.name, err)
	}
	k.known = &master
	return master, nil
}

func (k *artifactKey) read(ctx context.Context) (corev1.Secret, error) {
	var secret corev1.Secret
	err := k.reader.Get(ctx, k.name, &secret)
	return secret, err
}

// create creates the Secret with a new key. One that another replica created in
// between stays.
func (k *artifactKey) create(ctx context.Context) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.name.Namespace, Name: k.name.Name, Labels: map[string]string{managedBy: name}},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{artifactKeyKey: authentic.NewMaster()},
	}
	if err := k.writer.Create(ctx, secret); err != nil && !apierrors.IsAlreadyExists(err) {
		// The answer to a request that is refused may repeat what was sent.
		return fmt.Errorf("create the Secret %s for the artifact key: the API server refuses: %s", k.name, apierrors.ReasonForError(err))
	}
	return nil
}

// Start reads the key as soon as the manager starts, so that a permission that is
// missing shows at once and not with the first export.
func (k *artifactKey) Start(ctx context.Context) error {
	if _, err := k.master(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}
