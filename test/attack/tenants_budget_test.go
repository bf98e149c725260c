package attack

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// tenantsClients are the OAuth clients of the calm tenant and of mallory, each with a
// budget of its own.
func tenantsClients(o *simulator.Options) {
	o.Clients = []simulator.Client{{ID: "calm", Secret: "secret-calm"}, {ID: "mallory", Secret: "secret-mallory"}}
	o.RateScope = simulator.PerClient
}

// tenantsBeside is the world of another tenant.
func tenantsBeside(w *world.World, name string) *world.World {
	w.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"}}
	if err := w.Client.Create(w.Context(), namespace); err != nil {
		w.Fatal(err)
	}
	other := *w
	other.Namespace = namespace.Name
	return &other
}

// tenantsOrganization makes an organisation with an OAuth client, and its Secret.
func tenantsOrganization(w *world.World, client, secret string, change func(*v1alpha1.GenesysOrganization)) *v1alpha1.GenesysOrganization {
	w.Helper()
	held := w.Secret(secret)
	held.StringData["clientId"] = client
	w.Create(held)
	organization := w.Organization()
	if change != nil {
		change(organization)
	}
	w.Create(organization)
	return organization
}

// tenantsEverywhere has the operator work in all namespaces.
func tenantsEverywhere(o *operator.Options) { o.Manager.Cache = cache.Options{} }

// TestTenantsBudgetOfAnother (T2): a GenesysOrganization with another tenant's client
// id, a wrong secret and 1 request a minute neither slows that tenant down nor changes
// what its organisation says.
func TestTenantsBudgetOfAnother(t *testing.T) {
	w := world.New(t, testenv.Start(t), tenantsClients)
	mallory := tenantsBeside(w, "mallory")
	attack := tenantsOrganization(mallory, "calm", "guessed", func(o *v1alpha1.GenesysOrganization) { o.Spec.RequestsPerMinute = 1 })
	w.Start(tenantsEverywhere)
	mallory.Await(attack, v1alpha1.ReasonCredentialsRejected)

	calm := tenantsOrganization(w, "calm", "secret-calm", nil)
	w.Create(w.Destination())
	export := w.Export(nil)
	w.Create(export)
	w.Await(calm, v1alpha1.ReasonLoggedIn)
	w.Await(export, v1alpha1.ReasonComplete) // some hundred requests: hours at 1 a minute
	mallory.Await(attack, v1alpha1.ReasonCredentialsRejected)
	w.Await(calm, v1alpha1.ReasonLoggedIn)
	if got := calm.Status.Clients; len(got) != 1 || got[0].State != v1alpha1.ClientActive {
		t.Errorf("the calm tenant's clients are %+v", got)
	}
}
