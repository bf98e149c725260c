package genesysorganization

import (
	"fmt"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// maxClientID bounds what a Secret can put into the status as a client's id, in letters.
const maxClientID = 64

// isUsable tells whether the organisation can be called with a client. A client that has
// to wait for its budget is usable.
func isUsable(login genesys.LoginResult) bool {
	return login.Active && (login.Err == nil || genesys.KindOf(login.Err) == genesys.KindThrottled)
}

// firstIdentity returns the identity of the first usable client, if there is one.
func firstIdentity(logins []genesys.LoginResult) (genesys.Identity, bool) {
	for _, login := range logins {
		if isUsable(login) {
			return login.Identity, true
		}
	}
	return genesys.Identity{}, false
}

// loginOutcome is the outcome of logging in with all clients. It is satisfied if one
// client is usable; the message then names the inactive ones. If none is usable, it waits
// for one that will be, and needs a person only if there is none.
func loginOutcome(logins []genesys.LoginResult, retry time.Duration) outcome.Outcome {
	var failures []outcome.Outcome
	var inactive []string
	usable := false
	for _, login := range logins {
		usable = usable || isUsable(login)
		if login.Err == nil || isUsable(login) {
			continue
		}
		out := outcome.Of(login.Err, retry)
		failures = append(failures, out)
		if !login.Active {
			inactive = append(inactive, fmt.Sprintf("the OAuth client of Secret %q is inactive: %s", login.Secret, out.Message))
		}
	}
	if usable {
		return outcome.Outcome{Message: strings.Join(inactive, "; ")}
	}
	for _, out := range failures {
		if out.State == outcome.Waiting {
			return out
		}
	}
	return failures[0]
}

// clientStatuses is how each client stands, for the status.
func clientStatuses(logins []genesys.LoginResult) []v1alpha1.OAuthClientStatus {
	all := make([]v1alpha1.OAuthClientStatus, len(logins))
	for i, login := range logins {
		all[i] = v1alpha1.OAuthClientStatus{
			SecretName: login.Secret, ClientID: printableID(login.ClientID), State: v1alpha1.ClientInactive, Reason: v1alpha1.ReasonLoggedIn,
		}
		if login.Active {
			all[i].State = v1alpha1.ClientActive
		}
		if login.Err != nil {
			all[i].Reason = outcome.Of(login.Err, 0).Reason
		}
	}
	return all
}

// printableID is a client's id as the status shows it: printable and cut to maxClientID.
func printableID(clientID string) string {
	runes := []rune(conditions.Printable(clientID))
	return string(runes[:min(len(runes), maxClientID)])
}

func isInactive(client v1alpha1.OAuthClientStatus) bool {
	return client.State == v1alpha1.ClientInactive
}
