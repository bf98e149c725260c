package genesysorganization

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

var (
	acme    = genesys.Identity{OrganizationID: "id-1", OrganizationName: "Acme\x1b[31m"}
	refused = &genesys.Error{Op: "log in", Kind: genesys.KindUnauthorized, Status: 401}
	cold    = &genesys.Error{Op: "read who we are", Kind: genesys.KindTransient}
	told    = &genesys.Error{Op: "read who we are", Kind: genesys.KindThrottled}
)

func active(secret string) genesys.LoginResult {
	return genesys.LoginResult{Secret: secret, ClientID: "client-" + secret, Identity: acme, Active: true}
}

// failing is a client that is active, and why its last login failed.
func failing(login genesys.LoginResult, err error) genesys.LoginResult {
	login.Err = err
	return login
}

func inactive(secret string, err error) genesys.LoginResult {
	return genesys.LoginResult{Secret: secret, Err: err}
}

func TestApplyLogins(t *testing.T) {
	mismatch := stalled{v1alpha1.ReasonOrganizationMismatch, "the login belongs to id-2 (Other)"}
	one := func(login genesys.LoginResult) []genesys.LoginResult { return []genesys.LoginResult{login} }
	tests := map[string]struct {
		pinned   string
		logins   []genesys.LoginResult
		err      error
		reason   string
		says     string
		pinnedTo string
		clients  string
	}{
		"the first login pins":     {"", one(active("a")), nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn"},
		"the same again":           {"id-1", one(active("a")), nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn"},
		"another organisation":     {"id-2", one(inactive("a", mismatch)), nil, v1alpha1.ReasonOrganizationMismatch, "the login belongs to id-2 (Other)", "id-2", "a Inactive OrganizationMismatch"},
		"refused":                  {"id-1", one(inactive("a", refused)), nil, v1alpha1.ReasonCredentialsRejected, "correct the client id and secret", "id-1", "a Inactive CredentialsRejected"},
		"nobody there":             {"", one(inactive("a", errors.New("no route to host"))), nil, v1alpha1.ReasonInternalError, "no route to host", "", "a Inactive InternalError"},
		"Genesys Cloud has a cold": {"id-1", one(failing(active("a"), cold)), nil, v1alpha1.ReasonGenesysUnavailable, "retrying", "id-1", "a Active GenesysUnavailable"},
		"throttled":                {"id-1", one(failing(active("a"), told)), nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active Throttled"},
		"throttled at first":       {"", one(inactive("a", told)), nil, v1alpha1.ReasonThrottled, "told the operator to wait", "", "a Inactive Throttled"},
		"nowhere to ask":           {"", nil, stalled{v1alpha1.ReasonEndpointNotAllowed, "use spec.region"}, v1alpha1.ReasonEndpointNotAllowed, "use spec.region", "", ""},
		"two":                      {"", []genesys.LoginResult{active("a"), active("b")}, nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn, b Active LoggedIn"},
		"one of two is inactive": {"", []genesys.LoginResult{inactive("a", refused), active("b")}, nil,
			v1alpha1.ReasonClientInactive, `but the OAuth client of Secret "a" is inactive: correct the client id and secret`, "id-1", "a Inactive CredentialsRejected, b Active LoggedIn"},
		"one of two belongs elsewhere": {"id-1", []genesys.LoginResult{active("a"), inactive("b", mismatch)}, nil,
			v1alpha1.ReasonClientInactive, `Secret "b" is inactive: the login belongs to id-2`, "id-1", "a Active LoggedIn, b Inactive OrganizationMismatch"},
		"one of two has to wait": {"id-1", []genesys.LoginResult{active("a"), failing(active("b"), told)}, nil,
			v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn, b Active Throttled"},
		"both are inactive": {"id-1", []genesys.LoginResult{inactive("a", refused), inactive("b", refused)}, nil,
			v1alpha1.ReasonCredentialsRejected, "correct", "id-1", "a Inactive CredentialsRejected, b Inactive CredentialsRejected"},
		"one is inactive, one will work": {"id-1", []genesys.LoginResult{inactive("a", refused), failing(active("b"), cold)}, nil,
			v1alpha1.ReasonGenesysUnavailable, "retrying", "id-1", "a Inactive CredentialsRejected, b Active GenesysUnavailable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			organization := &v1alpha1.GenesysOrganization{ObjectMeta: metav1.ObjectMeta{Name: "emea", Generation: 1}}
			if tt.pinned != "" {
				organization.Status.Organization = &v1alpha1.OrganizationIdentity{ID: tt.pinned}
			}
			summarize(organization, applyLogins(organization, loginRun{results: tt.logins, err: tt.err}, time.Minute))
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
			var clients []string
			for _, c := range organization.Status.Clients {
				clients = append(clients, fmt.Sprint(c.SecretName, " ", c.State, " ", c.Reason))
			}
			if got := strings.Join(clients, ", "); got != tt.clients {
				t.Errorf("clients %q, want %q", got, tt.clients)
			}
			if err := conditions.Check(organization); err != nil {
				t.Error(err)
			}
		})
	}
}

// stalled is an error that a person has to fix.
type stalled struct{ reason, says string }

func (s stalled) Error() string            { return s.says }
func (s stalled) Outcome() outcome.Outcome { return outcome.Stall(s.reason, s.says, 0) }

// TestSendClientEvents: events tell which client has become inactive, and when it is
// active again.
func TestSendClientEvents(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	state := func(logins ...genesys.LoginResult) *v1alpha1.GenesysOrganization {
		organization := &v1alpha1.GenesysOrganization{Status: v1alpha1.GenesysOrganizationStatus{Clients: clientStatuses(logins)}}
		summarize(organization, loginOutcome(logins, 0))
		return organization
	}
	steps := []struct {
		now, before *v1alpha1.GenesysOrganization
		want        string
	}{
		{state(active("a"), active("b")), &v1alpha1.GenesysOrganization{}, ""},
		{state(active("a"), inactive("b", refused)), state(active("a"), active("b")), `Warning CredentialsRejected the OAuth client of Secret "b" is inactive; the operator continues with the others`},
		{state(active("a"), inactive("b", refused)), state(active("a"), inactive("b", refused)), ""},
		{state(active("a"), active("b")), state(active("a"), inactive("b", refused)), `Normal LoggedIn the OAuth client of Secret "b" is active again`},
		{state(inactive("a", refused), inactive("b", refused)), state(active("a"), active("b")), ""},
	}
	for i, step := range steps {
		sendClientEvents(recorder, step.now, step.before)
		got := ""
		select {
		case got = <-recorder.Events:
		default:
		}
		if got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}

// TestAClientIDIsShownShort: the status takes what the Secret contains, within bounds.
func TestAClientIDIsShownShort(t *testing.T) {
	got := clientStatuses([]genesys.LoginResult{{ClientID: "a\nb" + strings.Repeat("c", 100)}})[0].ClientID
	if got != "a b"+strings.Repeat("c", 61) {
		t.Errorf("shown as %q", got)
	}
}
