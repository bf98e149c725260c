package budget

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	ireland = "https://api.mypurecloud.ie"
	dublin  = "HTTPS://api.mypurecloud.ie/"
)

func at(endpoint, clientID string) Client {
	return Client{Endpoint: endpoint, OrganizationID: "acme", ClientID: clientID}
}

func TestOneLimiterPerClient(t *testing.T) {
	var r Registry
	first := r.For(at(ireland, "client"), "legal/emea", 300)
	if r.For(at(dublin, "client"), "audit/emea", 300) != first {
		t.Error("the same client, named by another, has a limiter of its own")
	}
	if r.For(at(ireland, "other"), "legal/emea-2", 300) == first {
		t.Error("two clients share a limiter")
	}
	if r.For(at("https://api.mypurecloud.de", "client"), "legal/dach", 300) == first {
		t.Error("two regions share a limiter")
	}
	if r.For(Client{Endpoint: ireland, OrganizationID: "other", ClientID: "client"}, "x/y", 1) == first {
		t.Error("two organisations share a limiter")
	}
}

func TestSmallestFigureWins(t *testing.T) {
	var r Registry
	l := r.For(at(ireland, "client"), "a", 0)
	expectAllowed(t, l, DefaultRequestsPerMinute)
	r.For(at(ireland, "client"), "b", 100)
	expectAllowed(t, l, 100)
	r.For(at(ireland, "client"), "c", 200)
	expectAllowed(t, l, 100)
	r.For(at(ireland, "client"), "b", 250) // b changes its mind
	expectAllowed(t, l, 200)
	r.For(at(ireland, "another"), "c", 50) // c has turned to another client
	expectAllowed(t, l, 250)
	r.Release("b")
	expectAllowed(t, l, DefaultRequestsPerMinute)
	r.Release("a")
	expectAllowed(t, l, DefaultRequestsPerMinute)
}

// TestWhatNobodyClaimsIsForgotten, but not while it knows how full the window is:
// whatever number of clients comes and goes, the registry stays small.
func TestWhatNobodyClaimsIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Registry
		kept := r.For(at(ireland, "kept"), "kept", 300)
		busy := r.For(at(ireland, "busy"), "busy", 300)
		grant, err := busy.Wait(t.Context(), genesys.Share{})
		if err != nil {
			t.Fatal(err)
		}
		r.Release("busy")
		for i := range 10_000 {
			r.For(at(ireland, fmt.Sprint("client-", i)), "mallory", 1)
		}
		if got := len(r.Stats()); got > 3 {
			t.Errorf("%d limiters are kept, want those in use and the last one", got)
		}
		if r.For(at(ireland, "busy"), "busy", 300) != busy {
			t.Error("a limiter was forgotten while its request was in flight")
		}
		r.Release("busy")
		r.Release("mallory")
		grant.Done()
		if got := len(r.Stats()); got != 2 {
			t.Errorf("%d limiters while the window is not over, want 2", got)
		}
		<-time.After(windowLength + 2*resetSlack)
		if got := len(r.Stats()); got != 1 || r.For(at(ireland, "kept"), "kept", 300) != kept {
			t.Errorf("%d limiters in the end, want the one that is claimed", got)
		}
	})
}

func expectAllowed(t *testing.T, l *Limiter, want int) {
	t.Helper()
	if got := l.Stats().Allowed; got != want {
		t.Errorf("allowed %d, want %d", got, want)
	}
}
