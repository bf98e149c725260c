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
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

var (
	acme    = genesys.Identity{OrganizationID: "id-1", OrganizationName: "Acme\x1b[31m"}
	refused = &genesys.Error{Op: "log in", Kind: genesys.KindUnauthorized, Status: 401}
	cold    = &genesys.Error{Op: "read who we are", Kind: genesys.KindTransient}
	told    = &genesys.Error{Op: "read who we are", Kind: genesys.KindThrottled}
)

func in(secret string) genesys.Login {
	return genesys.Login{Secret: secret, ClientID: "client-" + secret, Identity: acme, In: true}
}

// but is a client that is in, and what ails it all the same.
func but(login genesys.Login, err error) genesys.Login {
	login.Err = err
	return login
}

func out(secret string, err error) genesys.Login { return genesys.Login{Secret: secret, Err: err} }

func TestLook(t *testing.T) {
	mismatch := stalled{v1alpha1.ReasonOrganizationMismatch, "the login belongs to id-2 (Other)"}
	one := func(login genesys.Login) []genesys.Login { return []genesys.Login{login} }
	tests := map[string]struct {
		pinned   string
		logins   []genesys.Login
		err      error
		reason   string
		says     string
		pinnedTo string
		clients  string
	}{
		"the first login pins":     {"", one(in("a")), nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn"},
		"the same again":           {"id-1", one(in("a")), nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn"},
		"another organisation":     {"id-2", one(out("a", mismatch)), nil, v1alpha1.ReasonOrganizationMismatch, "the login belongs to id-2 (Other)", "id-2", "a Inactive OrganizationMismatch"},
		"refused":                  {"id-1", one(out("a", refused)), nil, v1alpha1.ReasonCredentialsRejected, "correct the client id and secret", "id-1", "a Inactive CredentialsRejected"},
		"nobody there":             {"", one(out("a", errors.New("no route to host"))), nil, v1alpha1.ReasonInternalError, "no route to host", "", "a Inactive InternalError"},
		"Genesys Cloud has a cold": {"id-1", one(but(in("a"), cold)), nil, v1alpha1.ReasonGenesysUnavailable, "retrying", "id-1", "a Active GenesysUnavailable"},
		"throttled":                {"id-1", one(but(in("a"), told)), nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active Throttled"},
		"throttled at first":       {"", one(out("a", told)), nil, v1alpha1.ReasonThrottled, "asked to wait", "", "a Inactive Throttled"},
		"nowhere to ask":           {"", nil, stalled{v1alpha1.ReasonEndpointNotAllowed, "use spec.region"}, v1alpha1.ReasonEndpointNotAllowed, "use spec.region", "", ""},
		"two":                      {"", []genesys.Login{in("a"), in("b")}, nil, v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn, b Active LoggedIn"},
		"one of two is out": {"", []genesys.Login{out("a", refused), in("b")}, nil,
			v1alpha1.ReasonNoActiveClient, `but the OAuth client of Secret "a" is out: correct the client id and secret`, "id-1", "a Inactive CredentialsRejected, b Active LoggedIn"},
		"one of two belongs elsewhere": {"id-1", []genesys.Login{in("a"), out("b", mismatch)}, nil,
			v1alpha1.ReasonNoActiveClient, `Secret "b" is out: the login belongs to id-2`, "id-1", "a Active LoggedIn, b Inactive OrganizationMismatch"},
		"one of two must wait": {"id-1", []genesys.Login{in("a"), but(in("b"), told)}, nil,
			v1alpha1.ReasonLoggedIn, "logged in to Acme", "id-1", "a Active LoggedIn, b Active Throttled"},
		"both are out": {"id-1", []genesys.Login{out("a", refused), out("b", refused)}, nil,
			v1alpha1.ReasonCredentialsRejected, "correct", "id-1", "a Inactive CredentialsRejected, b Inactive CredentialsRejected"},
		"one is out, one may come": {"id-1", []genesys.Login{out("a", refused), but(in("b"), cold)}, nil,
			v1alpha1.ReasonGenesysUnavailable, "retrying", "id-1", "a Inactive CredentialsRejected, b Active GenesysUnavailable"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			organization := &v1alpha1.GenesysOrganization{ObjectMeta: metav1.ObjectMeta{Name: "emea", Generation: 1}}
			if tt.pinned != "" {
				organization.Status.Organization = &v1alpha1.OrganizationIdentity{ID: tt.pinned}
			}
			r := &Reconciler{
				Intervals: Intervals{Ready: time.Hour, Retry: time.Minute, Timeout: time.Second},
			}
			summarize(organization, r.take(organization, answer{logins: tt.logins, err: tt.err}))
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

// stalled is an error that a person has to mend.
type stalled struct{ reason, says string }

func (s stalled) Error() string            { return s.says }
func (s stalled) Outcome() outcome.Outcome { return outcome.Stall(s.reason, s.says, 0) }

// TestAnnounce: whoever reads the events knows which client went out, and when
// it came back.
func TestAnnounce(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	r := &Reconciler{Publisher: loop.Publisher{Events: recorder}}
	state := func(logins ...genesys.Login) *v1alpha1.GenesysOrganization {
		organization := &v1alpha1.GenesysOrganization{Status: v1alpha1.GenesysOrganizationStatus{Clients: statuses(logins)}}
		summarize(organization, judge(logins, 0))
		return organization
	}
	steps := []struct {
		now, before *v1alpha1.GenesysOrganization
		want        string
	}{
		{state(in("a"), in("b")), &v1alpha1.GenesysOrganization{}, ""},
		{state(in("a"), out("b", refused)), state(in("a"), in("b")), `Warning CredentialsRejected the OAuth client of Secret "b" is out; the operator continues with the others`},
		{state(in("a"), out("b", refused)), state(in("a"), out("b", refused)), ""},
		{state(in("a"), in("b")), state(in("a"), out("b", refused)), `Normal LoggedIn the OAuth client of Secret "b" is in again`},
		{state(out("a", refused), out("b", refused)), state(in("a"), in("b")), ""},
	}
	for i, step := range steps {
		r.announce(step.now, step.before)
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

// TestAClientIDIsShownShort: the status takes what the Secret holds, within bounds.
func TestAClientIDIsShownShort(t *testing.T) {
	got := statuses([]genesys.Login{{ClientID: "a\nb" + strings.Repeat("c", 100)}})[0].ClientID
	if got != "a b"+strings.Repeat("c", 61) {
		t.Errorf("shown as %q", got)
	}
}
