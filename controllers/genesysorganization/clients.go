package genesysorganization

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// maxClientID bounds what a Secret can put into the status as a client's id.
const maxClientID = 64

// works tells whether the organisation can be asked with a client. That it has to
// wait for its budget is nothing to worry about.
func works(login genesys.Login) bool {
	return login.In && (login.Err == nil || genesys.KindOf(login.Err) == genesys.KindThrottled)
}

// pin returns the identity of the first client that works, if one does.
func pin(logins []genesys.Login) (genesys.Identity, bool) {
	for _, login := range logins {
		if works(login) {
			return login.Identity, true
		}
	}
	return genesys.Identity{}, false
}

// judge says how an organisation stands with such clients. It is satisfied if one
// works; the message then names those that are out. If none works, one that will
// come by itself is waited for, and only if there is none a person is needed.
func judge(logins []genesys.Login, again time.Duration) outcome.Outcome {
	var trouble []outcome.Outcome
	var says []string
	working := false
	for _, login := range logins {
		working = working || works(login)
		if login.Err == nil || works(login) {
			continue
		}
		out := outcome.Of(login.Err, again)
		trouble = append(trouble, out)
		if !login.In {
			says = append(says, fmt.Sprintf("the OAuth client of Secret %q is out: %s", login.Secret, out.Message))
		}
	}
	if working {
		return outcome.Outcome{Message: strings.Join(says, "; ")}
	}
	for _, out := range trouble {
		if out.State == outcome.Waiting {
			return out
		}
	}
	return trouble[0]
}

// statuses is how each client stands, for the status.
func statuses(logins []genesys.Login) []v1alpha1.OAuthClientStatus {
	all := make([]v1alpha1.OAuthClientStatus, len(logins))
	for i, login := range logins {
		all[i] = v1alpha1.OAuthClientStatus{
			SecretName: login.Secret, ClientID: shortened(login.ClientID), State: v1alpha1.ClientInactive, Reason: v1alpha1.ReasonLoggedIn,
		}
		if login.In {
			all[i].State = v1alpha1.ClientActive
		}
		if login.Err != nil {
			all[i].Reason = outcome.Of(login.Err, 0).Reason
		}
	}
	return all
}

func shortened(clientID string) string {
	runes := []rune(conditions.Printable(clientID))
	return string(runes[:min(len(runes), maxClientID)])
}

func isOut(client v1alpha1.OAuthClientStatus) bool { return client.State == v1alpha1.ClientInactive }

// announce tells, by events, which clients came in or went out while the
// organisation as a whole can be asked.
func (r *Reconciler) announce(organization, before *v1alpha1.GenesysOrganization) {
	if !conditions.IsReady(organization) {
		return // the condition's own event tells it
	}
	was := map[string]v1alpha1.OAuthClientState{}
	for _, client := range before.Status.Clients {
		was[client.SecretName] = client.State
	}
	for _, client := range organization.Status.Clients {
		switch state := was[client.SecretName]; {
		case state == client.State:
		case isOut(client):
			r.Events.Eventf(organization, nil, corev1.EventTypeWarning, client.Reason, "Login",
				"the OAuth client of Secret %q is out; the operator continues with the others", client.SecretName)
		case state == v1alpha1.ClientInactive:
			r.Events.Eventf(organization, nil, corev1.EventTypeNormal, client.Reason, "Login",
				"the OAuth client of Secret %q is in again", client.SecretName)
		}
	}
}
