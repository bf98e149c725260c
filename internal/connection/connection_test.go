package connection

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// secrets is the API server, as far as it matters here. Listing is refused.
type secrets map[string]string

func (s secrets) Get(_ context.Context, key kube.ObjectKey, obj kube.Object, _ ...kube.GetOption) error {
	secret, ok := obj.(*corev1.Secret)
	if !ok || s == nil {
		return apierrors.NewNotFound(corev1.Resource("secrets"), key.Name)
	}
	secret.Data = map[string][]byte{}
	for name, value := range s {
		secret.Data[name] = []byte(value)
	}
	return nil
}

func (s secrets) List(context.Context, kube.ObjectList, ...kube.ListOption) error {
	return errors.New("secrets must not be listed")
}

func organization(endpoint string) *v1alpha1.GenesysOrganization {
	return &v1alpha1.GenesysOrganization{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "emea"},
		Spec: v1alpha1.GenesysOrganizationSpec{
			Endpoint: endpoint, Credentials: []v1alpha1.OAuthClient{{SecretRef: v1alpha1.LocalReference{Name: "genesys-oauth"}}},
		},
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for want, held := range map[string]secrets{
		`create the Secret "genesys-oauth"`:                      nil,
		`add the key clientId to the Secret "genesys-oauth"`:     {"clientSecret": "s"},
		`add the key clientSecret to the Secret "genesys-oauth"`: {"clientId": "i", "clientSecret": ""},
	} {
		c := &Connections{Secrets: held, Endpoints: Endpoints{Any: true}}
		_, err := c.Client(t.Context(), organization("http://127.0.0.1:1"), genesys.Share{})
		if err == nil || !strings.Contains(err.Error(), want) || outcome.Of(err, 0).State != outcome.Stalled {
			t.Errorf("Client: %v, want %q, for a person to mend", err, want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	tests := []struct {
		allowed  Endpoints
		endpoint string
		ok       bool
	}{
		{Endpoints{}, "", true},
		{Endpoints{}, "https://genesys.example", false},
		{Endpoints{Any: true}, "https://genesys.example", true},
		{Endpoints{Hosts: []string{"genesys.example"}}, "https://genesys.example", true},
		{Endpoints{Hosts: []string{"genesys.example"}}, "http://genesys.example:8080", true},
		{Endpoints{Hosts: []string{"genesys.example:8080"}}, "http://genesys.example:8080", true},
		{Endpoints{Hosts: []string{"genesys.example:8080"}}, "http://genesys.example", false},
		{Endpoints{Hosts: []string{"example"}}, "http://genesys.example", false},
	}
	for _, tt := range tests {
		c := &Connections{Secrets: secrets{"clientId": "i", "clientSecret": "s"}, Endpoints: tt.allowed}
		org := organization(tt.endpoint)
		if tt.endpoint == "" {
			org.Spec.Region = "eu-west-1"
		}
		_, err := c.Client(t.Context(), org, genesys.Share{})
		if (err == nil) != tt.ok {
			t.Errorf("%q with %+v: %v", tt.endpoint, tt.allowed, err)
		}
	}
}

// TestLoginNoticesAnotherSecret: a corrected Secret gives another client, the
// same Secret the same one, with its token.
func TestLoginNoticesAnotherSecret(t *testing.T) {
	sim := simulator.New(simulator.Defaults())
	server := httptest.NewServer(sim)
	defer server.Close()
	held := secrets{"clientId": simulator.DefaultClientID, "clientSecret": "wrong"}
	c, org := &Connections{Secrets: held, Endpoints: Endpoints{Any: true}}, organization(server.URL)
	if _, err := c.Login(t.Context(), org); genesys.KindOf(err) != genesys.KindUnauthorized {
		t.Fatalf("Login: %v, want it refused", err)
	}
	held["clientSecret"] = simulator.DefaultClientSecret
	for range 2 {
		identity, err := c.Login(t.Context(), org)
		if err != nil || identity.OrganizationID != simulator.DefaultOrganizationID {
			t.Fatalf("Login: %+v, %v", identity, err)
		}
	}
	if n := sim.Journal().Count(simulator.RouteLogin, 200); n != 1 {
		t.Errorf("%d logins, want one for both looks", n)
	}
	known, err := c.Client(t.Context(), org, genesys.Share{})
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v %#v", known, known, known), simulator.DefaultClientSecret) {
		t.Errorf("the client shows its secret, or %v", err)
	}
	c.Forget(kube.ObjectKeyFromObject(org))
	if again, err := c.Client(t.Context(), org, genesys.Share{}); err != nil || again == known {
		t.Errorf("a forgotten client is still there, or %v", err)
	}
}
