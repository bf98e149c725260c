package operator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// DefaultArtifactKey is the name of the Secret that contains the artifact key.
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
	// namespaces are those that the manager works in, none if it works in all.
	namespaces []string

	clock clock.PassiveClock

	mu    sync.Mutex
	known *authentic.Master
	// refused is why there is none, and until when that is believed.
	refused error
	until   time.Time
}

// refusalLasts is for how long a key that is lost is not looked for again. To find that it
// is lost all exports may be read, and every look at one of them wants the key.
const refusalLasts = 10 * time.Second

// master returns the key, which it makes if there is no Secret and no export has an
// archive yet.
func (k *artifactKey) master(ctx context.Context) (authentic.Master, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.known != nil:
		return *k.known, nil
	case k.refused != nil && k.clock.Now().Before(k.until):
		return authentic.Master{}, k.refused
	}
	master, err := k.find(ctx)
	var lost artifactKeyLost
	switch {
	case err == nil:
		k.known = &master
	case errors.As(err, &lost):
		k.refused, k.until = err, k.clock.Now().Add(refusalLasts)
	}
	return master, err
}

// find reads the key, and creates it if it may.
func (k *artifactKey) find(ctx context.Context) (authentic.Master, error) {
	secret, err := k.read(ctx)
	if apierrors.IsNotFound(err) {
		if err := k.mayCreate(ctx); err != nil {
			return authentic.Master{}, err
		}
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

// mayCreate refuses to have a key created while there are archives: they were begun with
// another one, and nothing in them could be continued without anybody having decided so.
func (k *artifactKey) mayCreate(ctx context.Context) error {
	namespaces := k.namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		var exports v1alpha1.RecordingExportList
		if err := k.reader.List(ctx, &exports, client.InNamespace(namespace)); err != nil {
			return fmt.Errorf("find exports with archives before creating an artifact key: %w", err)
		}
		for _, export := range exports.Items {
			if export.Status.Archive != "" {
				return artifactKeyLost{outcome.UserError{Reason: v1alpha1.ReasonArtifactKeyUnknown, Message: k.lost(&export)}}
			}
		}
	}
	return nil
}

// lost says what to do if the Secret is missing though an export has an archive.
func (k *artifactKey) lost(export *v1alpha1.RecordingExport) string {
	return fmt.Sprintf("restore the Secret %s from its backup: it contained the artifact key and is missing, but exports have archives, for example %s/%s. "+
		"If there is no backup, create a new key: kubectl create secret generic %s -n %s --from-file=%s=<(head -c %d /dev/urandom); "+
		"the messages of exports with archives then explain how to continue without the old key (docs/disaster-recovery.md)",
		k.name, export.Namespace, export.Name, k.name.Name, k.name.Namespace, artifactKeyKey, authentic.KeySize)
}

// artifactKeyLost is the error for a Secret that is missing though there are archives.
type artifactKeyLost struct{ outcome.UserError }

// Start reads the key as soon as the manager starts, so that a permission that is
// missing shows at once and not with the first export. If the key is lost the exports and
// the readiness probe say so, until the Secret is there again.
func (k *artifactKey) Start(ctx context.Context) error {
	_, err := k.master(ctx)
	var lost artifactKeyLost
	if errors.As(err, &lost) {
		ctrl.LoggerFrom(ctx).Error(err, "The artifact key is missing")
		return nil
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// isThere fails while the key cannot be used, for the readiness probe.
func (k *artifactKey) isThere(ctx context.Context) error {
	_, err := k.master(ctx)
	return err
}
