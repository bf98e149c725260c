package recordingexportbatch

import (
	"context"
	"errors"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// organizationAs is the organisation of loadedAs after its login; change changes it.
func organizationAs(change func(*v1alpha1.GenesysOrganization)) *v1alpha1.GenesysOrganization {
	organization := &v1alpha1.GenesysOrganization{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "emea"}}
	organization.Status.Organization = &v1alpha1.OrganizationIdentity{ID: "o-1"}
	change(organization)
	return organization
}

// TestAnOrganizationThatCannotBeUsed: the outcome says why, and no client is opened.
func TestAnOrganizationThatCannotBeUsed(t *testing.T) {
	tests := map[string]struct {
		objects []client.Object
		state   outcome.State
		reason  string
	}{
		"missing": {state: outcome.Stalled, reason: v1alpha1.ReasonOrganizationNotFound},
		"before its login": {[]client.Object{organizationAs(func(o *v1alpha1.GenesysOrganization) {
			o.Status.Organization = nil
		})}, outcome.Waiting, v1alpha1.ReasonOrganizationNotReady},
		"stalled": {[]client.Object{organizationAs(func(o *v1alpha1.GenesysOrganization) {
			loop.Mark(o, outcome.Stall(v1alpha1.ReasonOrganizationMismatch, "check the client", 0), "", "")
		})}, outcome.Stalled, v1alpha1.ReasonOrganizationNotReady},
	}
	for name, tt := range tests {
		o := clientOpener{client: clientOf(t, tt.objects...), cloud: func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error) {
			t.Errorf("%s: a client was opened", name)
			return nil, nil
		}}
		if _, out, err := o.openClients(t.Context(), loadedAs(openStore(t))); err != nil || out.State != tt.state || out.Reason != tt.reason {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
}

// TestTheSharesOfTheClients are those of the lane, and of the lane in which metadata is requested.
func TestTheSharesOfTheClients(t *testing.T) {
	ready := organizationAs(func(*v1alpha1.GenesysOrganization) {})
	var lanes []string
	failed := errors.New("failed")
	o := clientOpener{client: clientOf(t, ready), cloud: func(_ context.Context, _ *v1alpha1.GenesysOrganization, share genesys.Share) (Cloud, error) {
		if lanes = append(lanes, share.Lane); len(lanes) > 2 {
			return nil, failed
		}
		return nil, nil
	}}
	b := loadedAs(openStore(t))
	b.batch.Spec.Lane = v1alpha1.LaneLegalHold
	c, out, err := o.openClients(t.Context(), b)
	if err != nil || !out.IsDone() || c.organization != "o-1" || !slices.Equal(lanes, []string{"LegalHold", "LegalHoldScreen"}) {
		t.Errorf("%v, %v; the clients use the shares of %v", out, err, lanes)
	}
	if _, _, err := o.openClients(t.Context(), b); !errors.Is(err, failed) {
		t.Errorf("a client that cannot be opened: %v", err)
	}
}
