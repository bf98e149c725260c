package operator

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// answers is an API server that answers every Get with one Secret or error.
type answers struct {
	client.Reader
	kind corev1.SecretType
	err  error
}

func (a answers) Get(_ context.Context, _ client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	if secret, is := object.(*corev1.Secret); is && a.err == nil {
		secret.Type, secret.Data = a.kind, map[string][]byte{"token": []byte("of-somebody-else")}
	}
	return a.err
}

// TestSecretReader: nothing but Opaque Secrets is used, and who may not read one is
// told how to be allowed to.
func TestSecretReader(t *testing.T) {
	name := types.NamespacedName{Namespace: "legal", Name: "genesys-oauth"}
	forbidden := apierrors.NewForbidden(corev1.Resource("secrets"), name.Name, errors.New("no"))
	missing := apierrors.NewNotFound(corev1.Resource("secrets"), name.Name)
	tests := map[string]struct {
		answers answers
		reason  string
		says    string
	}{
		"opaque":    {answers{kind: corev1.SecretTypeOpaque}, "", ""},
		"token":     {answers{kind: corev1.SecretTypeServiceAccountToken}, v1alpha1.ReasonSecretTypeRefused, "kubernetes.io/service-account-token"},
		"tls":       {answers{kind: corev1.SecretTypeTLS}, v1alpha1.ReasonSecretTypeRefused, "kubernetes.io/tls"},
		"forbidden": {answers{err: forbidden}, v1alpha1.ReasonSecretAccessDenied, "--resource-name=genesys-oauth && kubectl create rolebinding recording-export-get-genesys-oauth -n legal"},
		"missing":   {answers{err: missing}, "", ""},
	}
	for test, tt := range tests {
		var secret corev1.Secret
		err := secretReader{tt.answers, "ops:exporter"}.Get(t.Context(), name, &secret)
		var refused outcome.UserError
		errors.As(err, &refused)
		if refused.Reason != tt.reason || !strings.Contains(refused.Message, tt.says) || !strings.Contains(refused.Message, `"genesys-oauth"`) == (tt.reason != "") {
			t.Errorf("%s: %v, want reason %q and %q", test, err, tt.reason, tt.says)
		}
		if tt.reason == v1alpha1.ReasonSecretAccessDenied && !strings.HasSuffix(refused.Message, "--serviceaccount=ops:exporter") {
			t.Errorf("%s: %s", test, refused.Message)
		}
		if tt.reason != "" && secret.Data != nil {
			t.Errorf("%s: the Secret is handed on", test)
		}
		if tt.reason == "" && !errors.Is(err, tt.answers.err) {
			t.Errorf("%s: %v", test, err)
		}
	}
	long := types.NamespacedName{Namespace: strings.Repeat("n", 63), Name: strings.Repeat("s", 63)}
	if says := (secretReader{}).denied(long, "create", "secrets").Error(); len(says) > 800 || !strings.Contains(says, defaultServiceAccount) {
		t.Errorf("%d characters do not fit into a condition: %s", len(says), says)
	}
}
