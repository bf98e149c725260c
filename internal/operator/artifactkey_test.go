package operator

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

var artifactKeyName = types.NamespacedName{Namespace: "system", Name: DefaultArtifactKey}

func newArtifactKey(c client.WithWatch) *artifactKey {
	return &artifactKey{reader: c, writer: c, name: artifactKeyName, clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0))}
}

// TestTheArtifactKeyIsMadeOnce: whoever comes later, or restarts, has the same one.
func TestTheArtifactKeyIsMadeOnce(t *testing.T) {
	c := fake.NewClientBuilder().WithScheme(NewScheme()).Build()
	first, err := newArtifactKey(c).master(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := newArtifactKey(c).master(t.Context())
	if err != nil || again.ID() != first.ID() || first.ID() == "" {
		t.Errorf("%v after %v, %v", again, first, err)
	}
	var secret corev1.Secret
	if err := c.Get(t.Context(), artifactKeyName, &secret); err != nil || secret.Type != corev1.SecretTypeOpaque || len(secret.Data[artifactKeyKey]) != authentic.KeySize {
		t.Errorf("Secret of type %s with %d bytes, %v", secret.Type, len(secret.Data[artifactKeyKey]), err)
	}
}

// TestALostArtifactKeyIsNotReplaced: nobody has decided to do without the old one. Once
// there is a Secret again, the key is used without a restart.
func TestALostArtifactKeyIsNotReplaced(t *testing.T) {
	export := func(namespace, archive string) *v1alpha1.RecordingExport {
		return &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "case-1"}, Status: v1alpha1.RecordingExportStatus{Archive: archive}}
	}
	tests := []struct {
		name    string
		export  *v1alpha1.RecordingExport
		within  []string
		creates bool
	}{
		{"an export with an archive", export("legal", "legal/evidence/case-1"), nil, false},
		{"in a namespace of the manager's", export("legal", "legal/evidence/case-1"), []string{"audit", "legal"}, false},
		{"in a namespace that is not", export("legal", "legal/evidence/case-1"), []string{"audit"}, true},
		{"an export that has not begun", export("legal", ""), nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looks := 0
			c := fake.NewClientBuilder().WithScheme(NewScheme()).WithObjects(tt.export).WithInterceptorFuncs(interceptor.Funcs{
				List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
					looks++
					return c.List(ctx, list, options...)
				},
			}).Build()
			k := newArtifactKey(c)
			now := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
			k.clock, k.namespaces = now, tt.within
			_, err := k.master(t.Context())
			if tt.creates {
				if err != nil {
					t.Error(err)
				}
				return
			}
			out := outcome.Of(err, time.Second)
			if out.Reason != v1alpha1.ReasonArtifactKeyUnknown || !strings.Contains(out.Message, "legal/case-1") || !strings.Contains(out.Message, "head -c 32") {
				t.Errorf("%+v", out)
			}
			if err := k.Start(t.Context()); err != nil {
				t.Errorf("the manager ends: %v", err)
			}
			if k.isThere(t.Context()) == nil {
				t.Error("the manager says that it is ready")
			}
			if want := max(len(tt.within), 1); looks != want {
				t.Errorf("exports were listed %d times, want %d", looks, want)
			}
			if err := c.Create(t.Context(), &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: artifactKeyName.Namespace, Name: artifactKeyName.Name},
				Data:       map[string][]byte{artifactKeyKey: authentic.NewMaster()},
			}); err != nil {
				t.Fatal(err)
			}
			now.SetTime(time.Unix(0, 0).Add(refusalLasts))
			if err := k.isThere(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAnArtifactKeyThatCannotBeUsed is an error that tells nothing of it, and is never replaced.
func TestAnArtifactKeyThatCannotBeUsed(t *testing.T) {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: artifactKeyName.Namespace, Name: artifactKeyName.Name},
		Data:       map[string][]byte{artifactKeyKey: []byte("too-short-s3cret")},
	}
	c := fake.NewClientBuilder().WithScheme(NewScheme()).WithObjects(secret).Build()
	_, err := newArtifactKey(c).master(t.Context())
	if !errors.Is(err, authentic.ErrKeySize) || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), DefaultArtifactKey) {
		t.Errorf("%v", err)
	}
	refused := fake.NewClientBuilder().WithScheme(NewScheme()).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, DefaultArtifactKey, errors.New("you sent s3cret"))
		},
	}).Build()
	if err := newArtifactKey(refused).Start(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("%v", err)
	}
}
