package genesysorganization

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// sendClientEvents sends an event for each client that has become active or inactive. If
// the organisation as a whole cannot be called, the event of its condition says so, and
// no other is sent.
func sendClientEvents(recorder events.EventRecorder, organization, before *v1alpha1.GenesysOrganization) {
	if !conditions.IsReady(organization) {
		return
	}
	was := map[string]v1alpha1.OAuthClientState{}
	for _, client := range before.Status.Clients {
		was[client.SecretName] = client.State
	}
	for _, client := range organization.Status.Clients {
		switch state := was[client.SecretName]; {
		case state == client.State:
		case isInactive(client):
			recorder.Eventf(organization, nil, corev1.EventTypeWarning, client.Reason, "Login",
				"the OAuth client of Secret %q is inactive; the operator continues with the others", client.SecretName)
		case state == v1alpha1.ClientInactive:
			recorder.Eventf(organization, nil, corev1.EventTypeNormal, client.Reason, "Login",
				"the OAuth client of Secret %q is active again", client.SecretName)
		}
	}
}
