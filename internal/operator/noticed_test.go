package operator

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// swapping is an operator whose API server has a destination and the Secret of its key.
type swapping struct {
	*testing.T
	*operator
	api         client.Client
	destination *v1alpha1.ExportDestination
	// looks are the destinations that were woken.
	looks []types.NamespacedName
}

func newSwapping(t *testing.T) *swapping {
	t.Helper()
	s := &swapping{T: t, destination: &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "evidence"},
		Spec:       v1alpha1.ExportDestinationSpec{Signing: &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}}},
	}}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "signing"}, Type: corev1.SecretTypeOpaque}
	s.api = fake.NewClientBuilder().WithScheme(NewScheme()).WithObjects(s.destination, secret).WithStatusSubresource(s.destination).Build()
	s.operator = &operator{reader: s.api, secrets: secretReader{Reader: s.api}, wakeDestination: func(name types.NamespacedName) { s.looks = append(s.looks, name) }}
	return s
}

// swap replaces the key, and returns its id.
func (s *swapping) swap(key []byte) string {
	s.Helper()
	parsed, err := signing.ParseKey(key)
	if err != nil {
		s.Fatal(err)
	}
	secret := &corev1.Secret{}
	if err := s.api.Get(s.Context(), types.NamespacedName{Namespace: "legal", Name: "signing"}, secret); err != nil {
		s.Fatal(err)
	}
	secret.Data = map[string][]byte{signingKeyKey: key}
	if err := s.api.Update(s.Context(), secret); err != nil {
		s.Fatal(err)
	}
	return parsed.ID()
}

// notice has the destination's status name a key.
func (s *swapping) notice(key string) {
	s.Helper()
	d := s.destination.DeepCopy()
	if err := s.api.Get(s.Context(), client.ObjectKeyFromObject(d), d); err != nil {
		s.Fatal(err)
	}
	d.Status.SigningKey = key
	if err := s.api.Status().Update(s.Context(), d); err != nil {
		s.Fatal(err)
	}
}

// expect is that a key signs now, or that nothing does until the destination was looked
// at, which is woken. What the controllers have is an older state of the destination.
func (s *swapping) expect(when, key string, signs bool) {
	s.Helper()
	s.looks = nil
	signer, err := s.noticedSigner(s.Context(), s.destination, "case-1")
	switch {
	case signs && (err != nil || signer == nil || signer.ID() != key || len(s.looks) > 0):
		s.Errorf("%s: %v, %v; want that %s signs", when, signer, err, key)
	case signs:
	case err == nil || signer != nil || len(s.looks) != 1:
		s.Errorf("%s: %v, %v, %v; want that nothing is signed", when, signer, err, s.looks)
	default:
		out := outcome.Of(err, 0)
		if out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonSigningKeyChanged || !strings.Contains(out.Message, "the signing key is "+key) {
			s.Errorf("%s: %v", when, out)
		}
	}
}

// TestAKeyThatIsSwappedBetweenTwoLooks signs nothing, whoever puts it there and takes it
// away again: a key signs only once the destination has told of it.
func TestAKeyThatIsSwappedBetweenTwoLooks(t *testing.T) {
	s := newSwapping(t)
	first, err := signing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := signing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	a := s.swap(first)
	s.expect("before the first look", a, false)
	s.notice(a)
	s.expect("the first key", a, true)
	b := s.swap(other)
	s.expect("another key", b, false)
	s.swap(first)
	s.expect("the first key again", a, true)
	s.swap(other)
	s.notice(b)
	s.expect("another key that was noticed", b, true)
	s.swap(first)
	s.expect("back to the first key", a, false)
	s.notice(a)
	s.expect("back to the first key, noticed", a, true)
	s.expectUnsigned(a)
}

// expectUnsigned: that signing has ended is told of as well, before anything is stored unsigned.
func (s *swapping) expectUnsigned(last string) {
	s.Helper()
	d := s.destination.DeepCopy()
	if err := s.api.Get(s.Context(), client.ObjectKeyFromObject(d), d); err != nil {
		s.Fatal(err)
	}
	d.Spec.Signing = nil
	if err := s.api.Update(s.Context(), d); err != nil {
		s.Fatal(err)
	}
	s.expect("signing ended", "none", false)
	s.notice("")
	if signer, err := s.noticedSigner(s.Context(), s.destination, "case-1"); err != nil || signer != nil {
		s.Errorf("signing ended, noticed: %v, %v; want nothing signed, the last key was %s", signer, err, last)
	}
}
