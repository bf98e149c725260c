package attack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

const (
	tenantsExports       = 80
	tenantsOrganizations = 20
)

// tenantsSilence is a server that takes requests and never answers, and the number of
// those.
func tenantsSilence(t testing.TB) (endpoint string, asked <-chan struct{}) {
	t.Helper()
	came, until := make(chan struct{}, 1000), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		select {
		case <-until:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		close(until)
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL, came
}

// TestTenantsThatWaitHoldNobodyUp (T3): one tenant's 80 exports wait for a budget of 1
// request a minute, the logins of another's 20 organisations are never answered, and a
// third one's export is made after all of those: it completes while they still wait.
func TestTenantsThatWaitHoldNobodyUp(t *testing.T) {
	w := world.New(t, testenv.Start(t), tenantsClients)
	mallory, silent := tenantsBeside(w, "mallory"), tenantsBeside(w, "silent")
	slow := tenantsOrganization(mallory, "mallory", "secret-mallory", func(o *v1alpha1.GenesysOrganization) { o.Spec.RequestsPerMinute = 1 })
	mallory.Create(mallory.Destination())
	w.Start(tenantsEverywhere)
	mallory.Await(slow, v1alpha1.ReasonLoggedIn)
	for i := range tenantsExports {
		export := mallory.Export(nil)
		export.Name = fmt.Sprint("slow-", i)
		mallory.Create(export)
	}
	endpoint, asked := tenantsSilence(t)
	silent.Create(silent.Secret("any"))
	for i := range tenantsOrganizations {
		organization := silent.Organization()
		organization.Name, organization.Spec.Endpoint = fmt.Sprint("silent-", i), endpoint
		silent.Create(organization)
	}
	testenv.Eventually(t, "80 exports have begun, and logins that are not answered", func() bool {
		return tenantsBegun(mallory) == tenantsExports && len(asked) > 0
	})

	tenantsOrganization(w, "calm", "secret-calm", nil)
	w.Create(w.Destination())
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	tenantsExpectWaiting(mallory, silent)
}

// tenantsBegun counts the exports that the operator has looked at.
func tenantsBegun(w *world.World) int {
	w.Helper()
	var list v1alpha1.RecordingExportList
	if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
	begun := 0
	for i := range list.Items {
		if list.Items[i].Status.StartTime != nil {
			begun++
		}
	}
	return begun
}

// tenantsExpectWaiting: no export of one tenant has been surveyed, and no organisation
// of the other has logged in.
func tenantsExpectWaiting(exporting, silent *world.World) {
	exporting.Helper()
	var exports v1alpha1.RecordingExportList
	if err := exporting.Client.List(exporting.Context(), &exports, client.InNamespace(exporting.Namespace)); err != nil {
		exporting.Fatal(err)
	}
	for i := range exports.Items {
		if e := &exports.Items[i]; conditions.IsReady(e) || e.Status.Survey.Conversations != 0 {
			exporting.Errorf("%s does not wait: the attack shows nothing", e.Name)
		}
	}
	var organizations v1alpha1.GenesysOrganizationList
	if err := silent.Client.List(silent.Context(), &organizations, client.InNamespace(silent.Namespace)); err != nil {
		silent.Fatal(err)
	}
	for i := range organizations.Items {
		if o := &organizations.Items[i]; o.Status.Organization != nil {
			silent.Errorf("%s has logged in: the attack shows nothing", o.Name)
		}
	}
}
