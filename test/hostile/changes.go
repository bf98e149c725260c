package hostile

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/test/world"
)

const mergePatch = types.MergePatchType

// mostDays is how long a lock can be.
const mostDays = 36500

// restless replaces the key that signs (T5), makes the lock of a bucket that never
// answers longer and tries to make it shorter (T6), and deletes and creates its export
// and a destination again.
func restless(w *world.World, silence string) tenant {
	r := restlessTenant{w, silence}
	return tenant{World: w, objects: r.objects, change: r.change}
}

type restlessTenant struct {
	*world.World
	silence string
}

func (r restlessTenant) objects(int) []client.Object {
	return []client.Object{
		credentials(r.World, "any", "any"), organization(r.World, "emea", r.silence, 1), r.key(nil), r.signed(),
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "s3-access"},
			StringData: map[string]string{"accessKeyId": "mallory", "secretAccessKey": "any"},
		},
		r.locked(), exportOf(r.World, "restless", world.Window(world.Day, world.Day.AddDate(0, 0, 1))),
	}
}

// key is the Secret with a key that signs.
func (r restlessTenant) key(text []byte) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "signing", Namespace: r.Namespace}, Data: map[string][]byte{"signing.key": text}}
}

// signed is a destination that signs with that key.
func (r restlessTenant) signed() *v1alpha1.ExportDestination {
	destination := r.Destination()
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}}
	return destination
}

// locked is a bucket with Object Lock.
func (r restlessTenant) locked() *v1alpha1.ExportDestination {
	return &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Name: "locked", Namespace: r.Namespace},
		Spec: v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{
			Bucket: "evidence", WorkBucket: "evidence-work", Region: "eu-central-1", Endpoint: r.silence, PathStyle: true,
			SecretRef:  v1alpha1.LocalReference{Name: "s3-access"},
			ObjectLock: &v1alpha1.ObjectLock{Mode: v1alpha1.ObjectLockCompliance, RetentionDays: 1},
		}},
	}
}

func (r restlessTenant) change(ctx context.Context, round int) error {
	text, err := signing.GenerateKey()
	if err != nil {
		return err
	}
	if err := r.Client.Update(ctx, r.key(text)); err != nil {
		return fmt.Errorf("replace the key: %w", err)
	}
	if err := r.changeLock(ctx, round); err != nil {
		return err
	}
	if err := replace(ctx, r.World, r.signed()); err != nil {
		return err
	}
	return replace(ctx, r.World, exportOf(r.World, "restless", world.Window(world.Day, world.Day.AddDate(0, 0, 1))))
}

// changeLock makes the lock longer by a day, and tries to make it shorter and to remove it.
func (r restlessTenant) changeLock(ctx context.Context, round int) error {
	days := min(1+round, mostDays)
	if err := r.patchLock(ctx, fmt.Sprintf(`{"retentionDays":%d}`, days)); err != nil {
		return fmt.Errorf("make the lock longer: %w", err)
	}
	if err := mustRefuse("a shorter lock", r.patchLock(ctx, fmt.Sprintf(`{"retentionDays":%d}`, days-1))); err != nil {
		return err
	}
	return mustRefuse("no lock", r.patchLock(ctx, "null"))
}

func (r restlessTenant) patchLock(ctx context.Context, lock string) error {
	patch := fmt.Appendf(nil, `{"spec":{"s3":{"objectLock":%s}}}`, lock)
	return r.Client.Patch(ctx, r.locked(), client.RawPatch(mergePatch, patch))
}

// replace deletes an object, whatever its finalizers are for, and creates it again.
func replace(ctx context.Context, w *world.World, object client.Object) error {
	object.SetNamespace(w.Namespace)
	old, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T is not an object", object)
	}
	if err := w.Client.Delete(ctx, old); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %s: %w", old.GetName(), err)
	}
	if err := w.Client.Patch(ctx, old, client.RawPatch(mergePatch, []byte(`{"metadata":{"finalizers":null}}`))); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("remove the finalizers of %s: %w", old.GetName(), err)
	}
	if err := w.Client.Create(ctx, object); err != nil {
		return fmt.Errorf("create %s again: %w", object.GetName(), err)
	}
	return nil
}
