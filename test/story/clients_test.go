package story

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// twoClients has the simulator know the OAuth clients one and two, each with a
// budget of its own.
func twoClients(o *simulator.Options) {
	o.Clients = []simulator.Client{{ID: "one", Secret: "secret-one"}, {ID: "two", Secret: "secret-two"}}
	o.RateScope = simulator.PerClient
}

// createWithClients makes what an export refers to, with an organisation that has the
// given OAuth clients.
func (w *story) createWithClients(clients ...string) *v1alpha1.GenesysOrganization {
	w.Helper()
	for _, id := range clients {
		w.Create(&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "oauth-" + id},
			StringData: map[string]string{"clientId": id, "clientSecret": "secret-" + id},
		})
	}
	w.Create(w.Destination())
	organization := w.organizationOf(clients...)
	w.Create(organization)
	return organization
}

func (w *story) organizationOf(clients ...string) *v1alpha1.GenesysOrganization {
	organization := w.Organization()
	organization.Spec.Credentials = nil
	for _, id := range clients {
		organization.Spec.Credentials = append(organization.Spec.Credentials,
			v1alpha1.OAuthClient{SecretRef: v1alpha1.LocalReference{Name: "oauth-" + id}})
	}
	return organization
}

// used is how many requests each client has made, and the most that the budget of one
// allows in the time since the first.
type used struct {
	of   map[string]int
	most int
}

// watch waits until so many requests have been made in all, and returns by whom. How long
// that takes depends on the machine; what a client may do in that time does not.
func (w *story) watch(requests int) used {
	w.Helper()
	now := used{}
	testenv.Eventually(w, fmt.Sprintf("%d requests have been made", requests), func() bool {
		windows, all := w.Sim.Journal().Windows(), 0
		now.of = map[string]int{}
		for _, window := range windows {
			now.of[window.ClientID] += window.Used
			all += window.Used
		}
		if len(windows) > 0 {
			now.most = mostOf300(time.Since(windows[0].Start))
		}
		return all >= requests
	})
	if n := w.Sim.Journal().Throttled(); n != 0 {
		w.Errorf("%d requests were throttled", n)
	}
	return now
}

// mostOf300 is how many requests of 300 a minute go in a time: 3 % at once and the rest
// evenly, and 15 more for what is counted in between.
func mostOf300(in time.Duration) int { return 9 + int(291*in.Minutes()) + 15 }

// busy makes the simulator's day so large that it takes minutes of a small budget.
func busy(o *simulator.Options) {
	twoClients(o)
	o.Conversations, o.RequestsPerMinute = 600, 300
}

// TestEveryClientIsUsed: of two OAuth clients each does its part, and none more than its
// budget. BenchmarkBudgets measures how much they do together.
func TestEveryClientIsUsed(t *testing.T) {
	w := newStory(t, busy)
	w.begin("one", "two")
	const requests = 200
	used := w.watch(requests)
	for _, id := range []string{"one", "two"} {
		if used.of[id] < requests/4 || used.of[id] > used.most {
			t.Errorf("of two clients %s made %d of %d requests, at most %d were allowed", id, used.of[id], requests, used.most)
		}
	}
}

// begin starts an export with the given OAuth clients, of 300 requests a minute each.
func (w *story) begin(clients ...string) {
	w.Helper()
	organization := w.createWithClients(clients...)
	organization.Spec.RequestsPerMinute = 300
	w.Update(organization)
	w.Create(w.Export(nil))
	w.Start()
}

// TestOrganizationsShareAClient: however many organisations name an OAuth client,
// it is asked no more than one alone would, and each gets a share: none ends before the
// others have begun.
func TestOrganizationsShareAClient(t *testing.T) {
	w := newStory(t, busy)
	second := w.organizationOf("one")
	second.Name, second.Spec.RequestsPerMinute = "emea-2", 300
	w.Create(second)
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.OrganizationRef.Name = "emea-2" })
	export.Name = "case-2"
	w.Create(export)
	w.begin("one")
	if used := w.watch(100); used.of["one"] > used.most {
		t.Errorf("two organisations made %d requests with one client, at most %d were allowed", used.of["one"], used.most)
	}
	for _, name := range []string{"case-1", "case-2"} {
		export.Name = name
		testenv.Eventually(t, name+" gets a share of the budget", func() bool {
			w.Refresh(export)
			return export.Status.Survey.Conversations > 0
		})
	}
	for _, name := range []string{"case-1", "case-2"} {
		export.Name = name
		if w.Refresh(export); conditions.IsReady(export) {
			t.Errorf("%s ended before both had a share of the budget: the story tells nothing", name)
		}
	}
}

// TestAClientRevokedInTheMiddle: its work is done again by another, nothing is
// lost, and the organisation says which Secret is to be fixed.
func TestAClientRevokedInTheMiddle(t *testing.T) {
	w := newStory(t, twoClients)
	w.Sim.InjectFault(noneReady)
	organization, export := w.createWithClients("one", "two"), w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(organization, v1alpha1.ReasonLoggedIn)
	revoked := w.busiestRequester("one", "two")
	w.revoke(revoked)
	w.Await(organization, v1alpha1.ReasonClientInactive)
	w.Sim.ClearFaults()
	w.says(organization, `Secret "oauth-`+revoked+`" is inactive`, "correct the client id and secret")
	w.expectInactive(organization, revoked)
	w.expectEvent(organization, v1alpha1.ReasonCredentialsRejected, corev1.EventTypeWarning)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())

	if err := w.Sim.SetSecret(revoked, "secret-"+revoked); err != nil {
		t.Fatal(err)
	}
	w.Await(organization, v1alpha1.ReasonLoggedIn)
}

// busiestRequester waits until one of the clients has made two batch requests, and returns
// it. Which one that is depends on what else they do meanwhile.
func (w *story) busiestRequester(ids ...string) (busiest string) {
	w.Helper()
	testenv.Eventually(w, "a client has made two batch requests", func() bool {
		for _, id := range ids {
			if w.madeBy(id, simulator.RouteBatchSubmit, http.StatusOK) >= 2 {
				busiest = id
			}
		}
		return busiest != ""
	})
	return busiest
}

// expectInactive expects two clients in the status, of which one is inactive because its
// credentials were rejected.
func (w *story) expectInactive(organization *v1alpha1.GenesysOrganization, id string) {
	w.Helper()
	clients := organization.Status.Clients
	if len(clients) != 2 {
		w.Errorf("clients %+v", clients)
	}
	for _, c := range clients {
		switch {
		case c.ClientID != id && c.State != v1alpha1.ClientActive,
			c.ClientID == id && (c.State != v1alpha1.ClientInactive || c.Reason != v1alpha1.ReasonCredentialsRejected):
			w.Errorf("clients %+v", clients)
		}
	}
}

// TestAnAnalyticsJobWhoseClientIsRevoked is started again by the other.
func TestAnAnalyticsJobWhoseClientIsRevoked(t *testing.T) {
	w := newStory(t, twoClients)
	w.Sim.InjectFault(noneSurveyed)
	organization, export := w.createWithClients("one", "two"), w.Export(nil)
	w.Create(export)
	w.Start()
	started := ""
	testenv.Eventually(t, "an analytics job was started", func() bool {
		for _, e := range w.Sim.Journal().Entries() {
			if e.Route == simulator.RouteDetailsSubmit {
				started = e.ClientID
			}
		}
		return started != ""
	})
	w.revoke(started)
	w.Await(organization, v1alpha1.ReasonClientInactive)
	w.Sim.ClearFaults()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	other := map[string]string{"one": "two", "two": "one"}[started]
	if n := w.madeBy(other, simulator.RouteDetailsSubmit, 0); n != 2 {
		t.Errorf("the other client started %d analytics jobs, want the survey's again and the review's", n)
	}
}

// TestTokensRevokedInTheMiddle: nobody but Genesys Cloud notices.
func TestTokensRevokedInTheMiddle(t *testing.T) {
	w := newStory(t, twoClients)
	organization, export := w.createWithClients("one", "two"), w.Export(nil)
	w.Create(export)
	w.Start()
	for n, id := range []string{"one", "two"} { // each once: no call may be refused twice
		testenv.Eventually(t, "some more calls", func() bool { return w.Sim.Journal().Count("", 0) >= 40+60*n })
		if err := w.Sim.RevokeTokens(id); err != nil {
			t.Fatal(err)
		}
	}
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if n := w.Sim.Journal().Count("", http.StatusUnauthorized); n == 0 {
		t.Error("no token was refused: the story tells nothing")
	}
	if n := w.Sim.Journal().Count(simulator.RouteDetailsSubmit, http.StatusOK) + w.Sim.Journal().Count(simulator.RouteDetailsSubmit, http.StatusAccepted); n != 2 {
		t.Errorf("%d analytics jobs were made, want the survey's and the review's", n)
	}
	w.Refresh(organization)
	if got := organization.Status.Clients; len(got) != 2 || got[0].Reason != v1alpha1.ReasonLoggedIn || got[1].Reason != v1alpha1.ReasonLoggedIn {
		t.Errorf("clients %+v, want both in", got)
	}
	if n := w.events(organization, "", corev1.EventTypeWarning) + w.events(export, "", corev1.EventTypeWarning); n != 0 {
		t.Errorf("%d warnings", n)
	}
}

// revoke makes an OAuth client useless.
func (w *story) revoke(id string) {
	w.Helper()
	if err := w.Sim.SetSecret(id, "another"); err != nil {
		w.Fatal(err)
	}
	if err := w.Sim.RevokeTokens(id); err != nil {
		w.Fatal(err)
	}
}

// madeBy counts a client's requests of a route, with a status if it is not 0.
func (w *story) madeBy(id, route string, status int) int {
	n := 0
	for _, e := range w.Sim.Journal().Entries() {
		if e.ClientID == id && e.Route == route && (status == 0 || e.Status == status) {
			n++
		}
	}
	return n
}

func (w *story) expectEvent(obj client.Object, reason, kind string) {
	w.Helper()
	testenv.Eventually(w, fmt.Sprintf("there is a %s event %s", kind, reason), func() bool { return w.events(obj, reason, kind) > 0 })
}

// events counts an object's events of a kind, with a reason if it is not empty.
func (w *story) events(obj client.Object, reason, kind string) int {
	w.Helper()
	var list eventsv1.EventList
	if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
	return len(slices.DeleteFunc(list.Items, func(e eventsv1.Event) bool {
		return e.Regarding.UID != obj.GetUID() || reason != "" && e.Reason != reason || e.Type != kind
	}))
}
