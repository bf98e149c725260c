package budget

import "testing"

const (
	ireland = "https://api.mypurecloud.ie"
	dublin  = "HTTPS://api.mypurecloud.ie/"
)

func TestOneLimiterPerClient(t *testing.T) {
	var r Registry
	first := r.For(ireland, "client", "legal/emea", 300)
	if r.For(dublin, "client", "audit/emea", 300) != first {
		t.Error("the same client, named by another, has a limiter of its own")
	}
	if r.For(ireland, "other", "legal/emea-2", 300) == first {
		t.Error("two clients share a limiter")
	}
	if r.For("https://api.mypurecloud.de", "client", "legal/dach", 300) == first {
		t.Error("two regions share a limiter")
	}
}

func TestSmallestFigureWins(t *testing.T) {
	var r Registry
	l := r.For(ireland, "client", "a", 0)
	expectAllowed(t, l, DefaultRequestsPerMinute)
	r.For(ireland, "client", "b", 100)
	expectAllowed(t, l, 100)
	r.For(ireland, "client", "c", 200)
	expectAllowed(t, l, 100)
	r.For(ireland, "client", "b", 250) // b changes its mind
	expectAllowed(t, l, 200)
	r.For(ireland, "another", "c", 50) // c has turned to another client
	expectAllowed(t, l, 250)
	r.Release("b")
	expectAllowed(t, l, DefaultRequestsPerMinute)
	r.Release("a")
	expectAllowed(t, l, DefaultRequestsPerMinute)
}

func expectAllowed(t *testing.T, l *Limiter, want int) {
	t.Helper()
	if got := l.Stats().Allowed; got != want {
		t.Errorf("allowed %d, want %d", got, want)
	}
}
