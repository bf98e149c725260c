package genesysorganization

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestLook(t *testing.T) {
	acme := genesys.Identity{OrganizationID: "id-1", OrganizationName: "Acme\x1b[31m"}
	other := genesys.Identity{OrganizationID: "id-2", OrganizationName: "Other"}
	refused := &genesys.Error{Op: "log in", Kind: genesys.KindUnauthorized, Status: 401}
	tests := map[string]struct {
		pinned   string
		identity genesys.Identity
		err      error
		reason   string
		says     string
		pinnedTo string
	}{
		"the first login pins":     {"", acme, nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1"},
		"the same again":           {"id-1", acme, nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1"},
		"another organisation":     {"id-1", other, nil, v1alpha1.ReasonOrganizationMismatch, "the login belongs to id-2 (Other)", "id-1"},
		"refused":                  {"id-1", acme, refused, v1alpha1.ReasonCredentialsRejected, "correct the client id and secret", "id-1"},
		"nobody there":             {"", acme, errors.New("no route to host"), v1alpha1.ReasonInternalError, "no route to host", ""},
		"Genesys Cloud has a cold": {"", acme, &genesys.Error{Kind: genesys.KindTransient}, v1alpha1.ReasonGenesysUnavailable, "asked again", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			organization := &v1alpha1.GenesysOrganization{ObjectMeta: metav1.ObjectMeta{Name: "emea", Generation: 1}}
			if tt.pinned != "" {
				organization.Status.Organization = &v1alpha1.OrganizationIdentity{ID: tt.pinned}
			}
			r := &Reconciler{
				Pace: Pace{Ready: time.Hour, Again: time.Minute, Timeout: time.Second},
				Login: func(context.Context, *v1alpha1.GenesysOrganization) (genesys.Identity, error) {
					return tt.identity, tt.err
				},
			}
			summarize(organization, r.look(t.Context(), organization))
			if conditions.Reason(organization) != tt.reason || !strings.Contains(conditions.Message(organization), tt.says) {
				t.Errorf("%s: %s; want %s: %s", conditions.Reason(organization), conditions.Message(organization), tt.reason, tt.says)
			}
			pinnedTo := ""
			if organization.Status.Organization != nil {
				pinnedTo = organization.Status.Organization.ID
			}
			if pinnedTo != tt.pinnedTo {
				t.Errorf("pinned to %q, want %q", pinnedTo, tt.pinnedTo)
			}
			if err := conditions.Check(organization); err != nil {
				t.Error(err)
			}
		})
	}
}
