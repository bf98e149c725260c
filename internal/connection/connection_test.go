package connection

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// secrets is the API server, as far as it matters here: Secrets by name. Listing
// is refused.
type secrets map[string]map[string]string

func (s secrets) Get(_ context.Context, key kube.ObjectKey, obj kube.Object, _ ...kube.GetOption) error {
	secret, ok := obj.(*corev1.Secret)
	if !ok || s[key.Name] == nil {
		return apierrors.NewNotFound(corev1.Resource("secrets"), key.Name)
	}
	secret.Data = map[string][]byte{}
	for name, value := range s[key.Name] {
		secret.Data[name] = []byte(value)
	}
	return nil
}

func (s secrets) List(context.Context, kube.ObjectList, ...kube.ListOption) error {
	return errors.New("secrets must not be listed")
}

func oauth(clientID, clientSecret string) map[string]string {
	return map[string]string{"clientId": clientID, "clientSecret": clientSecret}
}

func organization(endpoint string, names ...string) *v1alpha1.GenesysOrganization {
	if len(names) == 0 {
		names = []string{"genesys-oauth"}
	}
	spec := v1alpha1.GenesysOrganizationSpec{Endpoint: endpoint}
	for _, name := range names {
		spec.Credentials = append(spec.Credentials, v1alpha1.OAuthClient{SecretRef: v1alpha1.LocalReference{Name: name}})
	}
	return &v1alpha1.GenesysOrganization{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "emea"}, Spec: spec}
}

// connections are some whose clock does not move.
func connections(held secrets, endpoints egress.List) (*Connections, *clocktesting.FakePassiveClock) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_700_000_000, 0))
	return &Connections{
		Secrets: held, Endpoints: endpoints, Clock: clock, RetryInterval: time.Minute, OnInactive: func(types.NamespacedName) {},
	}, clock
}

// serve starts a simulator with the clients a and b, and c of which it knows nothing.
func serve(t *testing.T, organizationID string, change ...func(*simulator.Options)) (*simulator.Simulator, string) {
	t.Helper()
	options := simulator.Defaults()
	options.OrganizationID = organizationID
	options.Clients = []simulator.Client{{ID: "id-a", Secret: "secret-a"}, {ID: "id-b", Secret: "secret-b"}}
	for _, c := range change {
		c(&options)
	}
	sim := simulator.New(options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, server.URL
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for want, held := range map[string]secrets{
		`create the Secret "genesys-oauth"`:                      nil,
		`add the key clientId to the Secret "genesys-oauth"`:     {"genesys-oauth": {"clientSecret": "s"}},
		`add the key clientSecret to the Secret "genesys-oauth"`: {"genesys-oauth": oauth("i", "")},
		`correct the key clientId in the Secret "genesys-oauth"`: {"genesys-oauth": oauth(strings.Repeat("i", maxClientID+1), "s")},
		`it is not the id of an OAuth client`:                    {"genesys-oauth": oauth("i\xff", "s")},
	} {
		c, _ := connections(held, egress.Any())
		logins, err := c.Login(t.Context(), organization("http://127.0.0.1:1"))
		if err == nil {
			err = logins[0].Err
		}
		if err == nil || !strings.Contains(err.Error(), want) || outcome.Of(err, 0).State != outcome.Stalled {
			t.Errorf("Login: %v, want %q, for a person to fix", err, want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	tests := []struct {
		allowed, endpoint, want string
	}{
		{"", "", "https://api.mypurecloud.ie"},
		{"", "https://genesys.example", ""},
		{"genesys=https://genesys.example:443", "https://genesys.example", "https://genesys.example"},
		{"genesys=https://genesys.example:443", "http://genesys.example:443", ""},
		{"genesys=http://genesys.example:8080", "http://genesys.example:8080", "http://genesys.example:8080"},
		{"genesys=http://genesys.example:8080", "http://genesys.example", ""},
		{"s3=https://genesys.example:443,media=https://genesys.example:443", "https://genesys.example", ""},
	}
	for _, tt := range tests {
		allowed, err := egress.ParseList(tt.allowed)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := connections(nil, allowed)
		spec := organization(tt.endpoint).Spec
		if tt.endpoint == "" {
			spec.Region = "eu-west-1"
		}
		got, err := c.endpoint(spec)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q with %q: %q, %v", tt.endpoint, tt.allowed, got, err)
		}
	}
}

// TestLoginNoticesAnotherSecret: a corrected Secret gives another client at once,
// the same Secret the same one, with its token.
func TestLoginNoticesAnotherSecret(t *testing.T) {
	sim, url := serve(t, "")
	held := secrets{"genesys-oauth": oauth("id-a", "wrong")}
	c, _ := connections(held, egress.Any())
	org := organization(url)
	expectLogins(t, c, org, "genesys-oauth Out CredentialsRejected")
	held["genesys-oauth"]["clientSecret"] = "secret-a"
	for range 2 {
		expectLogins(t, c, org, "genesys-oauth In")
	}
	if n := sim.Journal().Count(simulator.RouteLogin, 200); n != 1 {
		t.Errorf("%d logins, want one for both looks", n)
	}
	cloud, err := c.Cloud(org, genesys.Share{})
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v", cloud.clients.clients[0].client(), cloud.clients.clients[0].credentials), "secret-a") {
		t.Errorf("the client shows its secret, or %v", err)
	}
	c.Forget(kube.ObjectKeyFromObject(org))
	if _, err := c.Cloud(org, genesys.Share{}); err == nil || outcome.Of(err, 0).Reason != v1alpha1.ReasonOrganizationNotReady {
		t.Errorf("Cloud: %v, want that it waits for a login", err)
	}
}

// expectLogins looks at an organisation's clients, and compares how they stand.
func expectLogins(t *testing.T, c *Connections, org *v1alpha1.GenesysOrganization, want ...string) {
	t.Helper()
	logins, err := c.Login(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, login := range logins {
		says := login.Secret + " Out"
		if login.Active {
			says = login.Secret + " In"
		}
		if login.Err != nil {
			says += " " + outcome.Of(login.Err, 0).Reason
		}
		got = append(got, says)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestARejectedClientIsTriedAgainInTime: not at every look, which would be a login each.
func TestARejectedClientIsTriedAgainInTime(t *testing.T) {
	sim, url := serve(t, "")
	c, clock := connections(secrets{"a": oauth("id-a", "secret-a"), "b": oauth("id-b", "wrong")}, egress.Any())
	org := organization(url, "a", "b")
	for range 3 {
		expectLogins(t, c, org, "a In", "b Out CredentialsRejected")
	}
	if n := sim.Journal().Count(simulator.RouteLogin, 401); n != 1 {
		t.Errorf("%d logins of a rejected client, want one", n)
	}
	if err := sim.SetSecret("id-b", "wrong"); err != nil { // it is what they meant
		t.Fatal(err)
	}
	expectLogins(t, c, org, "a In", "b Out CredentialsRejected")
	clock.SetTime(clock.Now().Add(time.Minute))
	expectLogins(t, c, org, "a In", "b In")
}

// TestAllClientsBelongToOneOrganization: to the pinned one, or to that of the
// first that works.
func TestAllClientsBelongToOneOrganization(t *testing.T) {
	_, url := serve(t, "11111111-1111-4111-8111-111111111111")
	held := secrets{"a": oauth("id-a", "secret-a"), "b": oauth("id-b", "secret-b")}
	c, _ := connections(held, egress.Any())
	org := organization(url, "a", "b")
	org.Status.Organization = &v1alpha1.OrganizationIdentity{ID: "22222222-2222-4222-8222-222222222222"}
	expectLogins(t, c, org, "a Out OrganizationMismatch", "b Out OrganizationMismatch")
	if _, err := c.Cloud(org, genesys.Share{}); err == nil {
		t.Error("an organisation is asked with clients of another")
	}
	org.Status.Organization = nil
	expectLogins(t, c, org, "a In", "b In")
}

// TestASecretThatGoesOrCannotBeRead: a client whose Secret is gone is inactive;
// one whose Secret cannot be read just now stays as it is.
func TestASecretThatGoesOrCannotBeRead(t *testing.T) {
	_, url := serve(t, "")
	held := secrets{"a": oauth("id-a", "secret-a"), "b": oauth("id-b", "secret-b")}
	c, _ := connections(held, egress.Any())
	org := organization(url, "a", "b")
	expectLogins(t, c, org, "a In", "b In")
	delete(held, "b")
	expectLogins(t, c, org, "a In", "b Out SecretNotFound")
	c.Secrets = unreadable{}
	expectLogins(t, c, org, "a In InternalError", "b Out InternalError")
}

type unreadable struct{ secrets }

func (unreadable) Get(context.Context, kube.ObjectKey, kube.Object, ...kube.GetOption) error {
	return errors.New("etcdserver: request timed out")
}

// TestClientsLearnFromEachOther how large a page may be.
func TestClientsLearnFromEachOther(t *testing.T) {
	sim, url := serve(t, "", func(o *simulator.Options) { o.Limits.RetentionPageSize = 100 })
	c, _ := connections(secrets{"a": oauth("id-a", "secret-a"), "b": oauth("id-b", "secret-b")}, egress.Any())
	org := organization(url, "a", "b")
	expectLogins(t, c, org, "a In", "b In")
	for i, refused := range []int{3, 3} { // 500, 250 and 125, and never again
		cloud := &Cloud{clients: &clientSet{clients: c.clientSetOf(kube.ObjectKeyFromObject(org)).clients[i : i+1]}}
		if page, err := cloud.Retained(t.Context(), 1, ""); err != nil || len(page.Recordings) != 62 {
			t.Errorf("client %d got %d recordings, %v", i, len(page.Recordings), err)
		}
		if got := sim.Journal().Count(simulator.RouteRetention, 400); got != refused {
			t.Errorf("after client %d %d pages were refused, want %d", i, got, refused)
		}
	}
}

// TestOrganizationsShareTheBudgetOfAClient, and only that.
func TestOrganizationsShareTheBudgetOfAClient(t *testing.T) {
	_, url := serve(t, "")
	c, _ := connections(secrets{"a": oauth("id-a", "secret-a"), "b": oauth("id-b", "secret-b"), "c": oauth("id-a", "secret-a")}, egress.Any())
	first, second := organization(url, "a", "b"), organization(url, "c")
	second.Name = "emea-2"
	first.Spec.RequestsPerMinute, second.Spec.RequestsPerMinute = 200, 100
	expectLogins(t, c, first, "a In", "b In")
	expectLogins(t, c, second, "c In")
	a, b, shared := c.clientSetOf(kube.ObjectKeyFromObject(first)).clients[0], c.clientSetOf(kube.ObjectKeyFromObject(first)).clients[1], c.clientSetOf(kube.ObjectKeyFromObject(second)).clients[0]
	if a.current.Load().budget != shared.current.Load().budget || a.current.Load().budget == b.current.Load().budget {
		t.Error("budgets are not by OAuth client")
	}
	if got := a.budgetStats().Allowed; got != 100 {
		t.Errorf("%d requests a minute, want the smaller figure", got)
	}
	c.Forget(kube.ObjectKeyFromObject(second))
	if got := a.budgetStats().Allowed; got != 200 {
		t.Errorf("%d requests a minute once the other organisation is gone, want 200", got)
	}
}
