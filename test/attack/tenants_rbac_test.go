// Package attack plays the attacks of docs/threat-model.md against what is shipped.
package attack

import (
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

const rbacManagerNamespace, rbacManagerName = "recording-export-system", "recording-export-manager"

// rbacThief has the token of the manager, as one who has broken into its Pod does.
type rbacThief struct {
	testing.TB
	kubernetes.Interface
}

// rbacSteal gets the manager's own token.
func rbacSteal(t testing.TB, server *rest.Config) rbacThief {
	t.Helper()
	admin := kubernetes.NewForConfigOrDie(server)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: rbacManagerName, Namespace: rbacManagerNamespace}}
	if _, err := admin.CoreV1().ServiceAccounts(rbacManagerNamespace).Get(t.Context(), account.Name, metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := admin.CoreV1().ServiceAccounts(rbacManagerNamespace).CreateToken(t.Context(), rbacManagerName, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stolen := rest.AnonymousClientConfig(server)
	stolen.BearerToken = token.Status.Token
	return rbacThief{t, kubernetes.NewForConfigOrDie(stolen)}
}

// expectRefused: the API server refuses what was tried.
func (t rbacThief) expectRefused(what string, err error) {
	t.Helper()
	if !apierrors.IsForbidden(err) {
		t.Errorf("%s is not refused: %v", what, err)
	}
}

// rbacToken is a Secret that the API server puts a ServiceAccount's token into.
func rbacToken(account string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "signing", Annotations: map[string]string{corev1.ServiceAccountNameKey: account}},
		Type:       corev1.SecretTypeServiceAccountToken,
	}
}

// expectNoSecrets: in a namespace that has not opted in, no Secret can be read,
// listed, watched, created, changed or removed.
func (t rbacThief) expectNoSecrets(namespace string) {
	t.Helper()
	ctx, secrets := t.Context(), t.CoreV1().Secrets(namespace)
	_, err := secrets.Get(ctx, "theirs", metav1.GetOptions{})
	t.expectRefused("reading a Secret in "+namespace, err)
	_, err = secrets.Create(ctx, rbacToken("default"), metav1.CreateOptions{})
	t.expectRefused("creating a token's Secret in "+namespace, err)
	_, err = secrets.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}, metav1.CreateOptions{})
	t.expectRefused("creating a Secret in "+namespace, err)
	t.expectNoMore(namespace)
}

// expectNoMore: whatever a namespace has opted in to, no Secret can be listed,
// watched, changed or removed there.
func (t rbacThief) expectNoMore(namespace string) {
	t.Helper()
	ctx, secrets := t.Context(), t.CoreV1().Secrets(namespace)
	_, err := secrets.List(ctx, metav1.ListOptions{})
	t.expectRefused("listing Secrets in "+namespace, err)
	_, err = secrets.Watch(ctx, metav1.ListOptions{})
	t.expectRefused("watching Secrets in "+namespace, err)
	_, err = secrets.Update(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "theirs"}}, metav1.UpdateOptions{})
	t.expectRefused("changing a Secret in "+namespace, err)
	t.expectRefused("removing a Secret in "+namespace, secrets.Delete(ctx, "theirs", metav1.DeleteOptions{}))
}

// expectNoEscalation: no other way leads to more rights either.
func (t rbacThief) expectNoEscalation(namespace string) {
	t.Helper()
	ctx := t.Context()
	_, err := t.CoreV1().Secrets("").List(ctx, metav1.ListOptions{})
	t.expectRefused("listing all Secrets", err)
	_, err = t.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	t.expectRefused("asking for a token", err)
	_, err = t.CoreV1().Pods(namespace).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{})
	t.expectRefused("creating a Pod", err)
	_, err = t.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{})
	t.expectRefused("binding a ClusterRole", err)
	_, err = t.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{})
	t.expectRefused("binding a Role", err)
	_, err = t.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	t.expectRefused("listing ConfigMaps", err)
}

// expectNoToken: where the manager may create Secrets, it cannot create one that
// becomes a ServiceAccount's token.
func (t rbacThief) expectNoToken(namespace string) {
	t.Helper()
	secrets := t.CoreV1().Secrets(namespace)
	create := func(secret *corev1.Secret, dryRun ...string) error {
		_, err := secrets.Create(t.Context(), secret, metav1.CreateOptions{DryRun: dryRun})
		return err
	}
	// A policy counts some moments after it was applied.
	testenv.Eventually(t, "the policy counts", func() bool {
		err := create(rbacToken("privileged"), metav1.DryRunAll)
		return err != nil && strings.Contains(err.Error(), "creates no Secret of another type than Opaque")
	})
	for _, kind := range []corev1.SecretType{corev1.SecretTypeServiceAccountToken, corev1.SecretTypeTLS, "bootstrap.kubernetes.io/token", "x"} {
		secret := rbacToken("privileged")
		secret.Type, secret.Data = kind, map[string][]byte{"tls.crt": nil, "tls.key": nil}
		err := create(secret)
		if err == nil || !strings.Contains(err.Error(), "recording-export-operator") {
			t.Errorf("a Secret of the type %s is not refused by the policy: %v", kind, err)
		}
	}
	if err := create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "signing"}}, metav1.DryRunAll); err != nil {
		t.Errorf("the operator could not create the Secret of a signing key: %v", err)
	}
}

// TestTheManagersTokenIsStolen: whoever has it reads no Secret that a tenant has not
// named for it, and becomes nobody else.
func TestTheManagersTokenIsStolen(t *testing.T) {
	server := testenv.Start(t)
	tenant, other := world.New(t, server, nil), world.New(t, server, nil)
	tenant.Deploy("default")
	tenant.OptIn(".", "signing-create")
	for _, w := range []*world.World{tenant, other} {
		w.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "theirs"}})
		w.Create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "privileged"}})
	}
	tenant.Create(tenant.Secret(simulator.DefaultClientSecret))
	thief := rbacSteal(t, server)
	testenv.Eventually(t, "what is opted in to can be read", func() bool {
		_, err := thief.CoreV1().Secrets(tenant.Namespace).Get(t.Context(), "genesys-oauth", metav1.GetOptions{})
		return err == nil
	})
	for _, namespace := range []string{other.Namespace, metav1.NamespaceDefault, metav1.NamespaceSystem} {
		thief.expectNoSecrets(namespace)
		thief.expectNoEscalation(namespace)
	}
	_, err := thief.CoreV1().Secrets(tenant.Namespace).Get(t.Context(), "theirs", metav1.GetOptions{})
	thief.expectRefused("reading a Secret that the tenant has not named", err)
	thief.expectNoMore(tenant.Namespace)
	thief.expectNoEscalation(tenant.Namespace)
	thief.expectNoToken(tenant.Namespace)
	// In its own namespace the manager has no more than its own.
	_, err = thief.CoreV1().Secrets(rbacManagerNamespace).Get(t.Context(), "theirs", metav1.GetOptions{})
	thief.expectRefused("reading another Secret of the manager's namespace", err)
	thief.expectNoMore(rbacManagerNamespace)
	thief.expectNoEscalation(rbacManagerNamespace)
}

// TestNamespacesNarrowTheRights: deployed by config/namespaced, the manager works
// where a namespace has opted in, and cannot even list exports elsewhere.
func TestNamespacesNarrowTheRights(t *testing.T) {
	server := testenv.Start(t)
	tenant, other := world.New(t, server, nil), world.New(t, server, nil)
	tenant.Deploy("namespaced")
	tenant.OptIn("namespaced", "signing-create")
	tenant.Create(tenant.Secret(simulator.DefaultClientSecret))
	tenant.Create(tenant.Organization())
	destination := tenant.Destination()
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "signing"}, Create: true}
	tenant.Create(destination)
	export := tenant.Export(nil)
	tenant.Create(export)
	tenant.Start()
	tenant.Await(export, v1alpha1.ReasonComplete)

	thief := rbacSteal(t, server)
	thief.expectNoSecrets(other.Namespace)
	thief.expectNoEscalation(other.Namespace)
	for _, path := range []string{"exportdestinations", "genesysorganizations", "recordingexports", "recordingexportbatches", "recordingexporttriggers"} {
		at := "/apis/recording.gcexport.dev/v1alpha1/namespaces/" + other.Namespace + "/" + path
		thief.expectRefused("listing "+path, thief.Discovery().RESTClient().Get().AbsPath(at).Do(t.Context()).Error())
	}
}
