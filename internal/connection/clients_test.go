package connection

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
)

// kinds of errors, by the client that is asked.
type answers map[string]genesys.Kind

// poolOf makes a pool whose clients are in, named as their ids; a dash before a
// name puts it out.
func poolOf(names ...string) (*clientSet, *int) {
	var budgets budget.Registry
	changed := 0
	p := &clientSet{
		clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0)), retryAfter: time.Minute, onInactive: func() { changed++ },
	}
	for _, name := range names {
		id := strings.TrimPrefix(name, "-")
		m := &oauthClient{
			secret: id, credentials: genesys.Credentials{ClientID: id}, identity: genesys.Identity{OrganizationID: "o"},
		}
		m.current.Store(&limitedClient{budget: budgets.For(budget.Client{ClientID: id}, id, 300)})
		if id != name {
			m.failure = &genesys.Error{Kind: genesys.KindUnauthorized}
		}
		p.clients = append(p.clients, m)
	}
	return p, &changed
}

// call answers as told and notes who was asked.
func (a answers) call(asked *[]string) func(*oauthClient) error {
	return func(m *oauthClient) error {
		id := m.credentials.ClientID
		*asked = append(*asked, id)
		if kind, bad := a[id]; bad {
			return &genesys.Error{Op: "ask " + id, Kind: kind}
		}
		return nil
	}
}

// states tells who is out.
func (p *clientSet) states() string {
	var out []string
	for _, m := range p.clients {
		if !m.isActive() {
			out = append(out, m.secret)
		}
	}
	return strings.Join(out, " ")
}

func TestTry(t *testing.T) {
	tests := map[string]struct {
		clients string
		answers answers
		asked   string
		kind    genesys.Kind
		out     string
		changed int
	}{
		"all well":                           {"a b", nil, "a", "", "", 0},
		"one that is out is not asked":       {"-a b", nil, "b", "", "a", 0},
		"unless nobody is in":                {"-a", nil, "a", "", "a", 0},
		"another takes over":                 {"a b", answers{"a": genesys.KindUnauthorized}, "a b", "", "a", 1},
		"one that lacks a permission is out": {"a b", answers{"a": genesys.KindForbidden}, "a b", "", "a", 1},
		"where all lack it nobody is out": {
			"a b", answers{"a": genesys.KindForbidden, "b": genesys.KindForbidden}, "a b", genesys.KindForbidden, "", 0},
		"nor where it is not known": {
			"a b", answers{"a": genesys.KindForbidden, "b": genesys.KindTimeout}, "a b", genesys.KindTimeout, "", 0},
		"all rejected": {
			"a b", answers{"a": genesys.KindUnauthorized, "b": genesys.KindUnauthorized}, "a b", genesys.KindUnauthorized, "a b", 2},
		"trouble is not the client's": {"a b", answers{"a": genesys.KindTransient}, "a", genesys.KindTransient, "", 0},
		"nor a limit of one request":  {"a b", answers{"a": genesys.KindOverloaded}, "a", genesys.KindOverloaded, "", 0},
		"nothing there is an answer":  {"a b", answers{"a": genesys.KindNotFound}, "a", genesys.KindNotFound, "", 0},
		"one alone that is forbidden": {"a", answers{"a": genesys.KindForbidden}, "a", genesys.KindForbidden, "", 0},
		"one alone that is rejected":  {"a", answers{"a": genesys.KindUnauthorized}, "a", genesys.KindUnauthorized, "a", 1},
		"all out, and still rejected": {
			"-a -b", answers{"a": genesys.KindUnauthorized, "b": genesys.KindUnauthorized}, "a b", genesys.KindUnauthorized, "a b", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, changed := poolOf(strings.Fields(tt.clients)...)
			var asked []string
			err := p.call(tt.answers.call(&asked))
			if genesys.KindOf(err) != tt.kind || (err == nil) != (tt.kind == "") {
				t.Errorf("error %v, want kind %q", err, tt.kind)
			}
			if got := strings.Join(asked, " "); got != tt.asked {
				t.Errorf("asked %q, want %q", got, tt.asked)
			}
			if got := p.states(); got != tt.out || *changed != tt.changed {
				t.Errorf("out: %q, told %d times; want %q, %d times", got, *changed, tt.out, tt.changed)
			}
		})
	}
}

func TestWithATicket(t *testing.T) {
	tests := map[string]struct {
		clients string
		holder  string
		answers answers
		asked   string
		kind    genesys.Kind
		out     string
	}{
		"its own client is asked":       {"a b", "b", nil, "b", "", ""},
		"nobody else, whatever happens": {"a b", "b", answers{"b": genesys.KindTransient}, "b", genesys.KindTransient, ""},
		"throttled":                     {"a b", "b", answers{"b": genesys.KindThrottled}, "b", genesys.KindThrottled, ""},
		"out":                           {"a -b", "b", nil, "", genesys.KindOrphaned, "b"},
		"gone":                          {"a", "b", nil, "", genesys.KindOrphaned, ""},
		"rejected just now":             {"a b", "b", answers{"b": genesys.KindUnauthorized}, "b", genesys.KindOrphaned, "b"},
		"a permission withdrawn":        {"a b", "b", answers{"b": genesys.KindForbidden}, "b", genesys.KindOrphaned, "b"},
		"alone and rejected":            {"b", "b", answers{"b": genesys.KindUnauthorized}, "b", genesys.KindUnauthorized, "b"},
		"alone and forbidden":           {"b", "b", answers{"b": genesys.KindForbidden}, "b", genesys.KindForbidden, ""},
		"out, but so are all":           {"-a -b", "b", nil, "b", "", "a b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := poolOf(strings.Fields(tt.clients)...)
			var asked []string
			err := p.callStarter("read", genesys.Ticket{ID: "1", ClientID: tt.holder}, tt.answers.call(&asked))
			if genesys.KindOf(err) != tt.kind || (err == nil) != (tt.kind == "") {
				t.Errorf("error %v, want kind %q", err, tt.kind)
			}
			if got := strings.Join(asked, " "); got != tt.asked || p.states() != tt.out {
				t.Errorf("asked %q, out %q; want %q, %q", got, p.states(), tt.asked, tt.out)
			}
		})
	}
}

// TestWhoeverHasMoreRoomIsAsked: first whose request goes earlier, then who has
// more left.
func TestWhoeverHasMoreRoomIsAsked(t *testing.T) {
	p, _ := poolOf("a", "b")
	wait := func(m *oauthClient) *budget.Grant {
		grant, err := m.current.Load().budget.Wait(t.Context(), genesys.Share{})
		if err != nil {
			t.Fatal(err)
		}
		return grant
	}
	a, b := p.clients[0], p.clients[1]
	first := wait(a)
	expectChosen(t, p, "b") // a may send nothing until its first answer
	wait(b).Observe(budget.Headers{Allowed: 300, Count: 250, Reset: time.Minute})
	first.Observe(budget.Headers{Allowed: 300, Count: 10, Reset: time.Minute})
	expectChosen(t, p, "a")
	first.Throttle(200 * time.Second)
	expectChosen(t, p, "b")
}

// TestOneThatIsThrottledIsPassedOver for another that may go, and for none that may not.
func TestOneThatIsThrottledIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, changed := poolOf("a", "b")
		var asked []string
		throttle := func(m *oauthClient) error {
			grant, err := m.current.Load().budget.Wait(t.Context(), genesys.Share{})
			if err != nil {
				t.Fatal(err)
			}
			grant.Observe(budget.Headers{})
			asked = append(asked, m.secret)
			if m.secret == "a" || len(asked) > 3 {
				grant.Throttle(200 * time.Second)
				return &genesys.Error{Kind: genesys.KindThrottled, RetryAfter: 200 * time.Second}
			}
			return nil
		}
		for range 2 { // a and b; then b, because a must wait
			if err := p.call(throttle); err != nil {
				t.Error(err)
			}
		}
		if err := p.call(throttle); genesys.KindOf(err) != genesys.KindThrottled { // b, and now both must wait
			t.Errorf("%v, want throttled", err)
		}
		if !slices.Equal(asked, []string{"a", "b", "b", "b"}) || p.states() != "" || *changed != 0 {
			t.Errorf("asked %v, out %q, told %d times", asked, p.states(), *changed)
		}
	})
}

func expectChosen(t *testing.T, p *clientSet, want string) {
	t.Helper()
	if got := p.choose(nil); got.secret != want {
		t.Errorf("%s is asked, want %s", got.secret, want)
	}
}

// TestOneWhoseOrganizationIsNotKnownIsNeverAsked, not even as the last.
func TestOneWhoseOrganizationIsNotKnownIsNeverAsked(t *testing.T) {
	p, _ := poolOf("a", "b")
	p.clients[0].identity = genesys.Identity{}
	p.clients[1].identity = genesys.Identity{}
	var asked []string
	if err := p.call(answers{}.call(&asked)); err == nil || len(asked) != 0 {
		t.Errorf("asked %v, %v", asked, err)
	}
	if p.hasVerified() || p.anyClient() != nil {
		t.Error("there is somebody to ask")
	}
	p.clients[1].identity.OrganizationID = "o"
	if err := p.call(answers{}.call(&asked)); err != nil || !slices.Equal(asked, []string{"b"}) {
		t.Errorf("asked %v, %v; want b", asked, err)
	}
}

// TestALookThatWaitedForTheBudget says nothing against the client.
func TestALookThatWaitedForTheBudget(t *testing.T) {
	waiting := &genesys.Error{Kind: genesys.KindCancelled, Err: context.DeadlineExceeded}
	if got := budgetTimeout(waiting); genesys.KindOf(got) != genesys.KindThrottled {
		t.Errorf("%v, want throttled", got)
	}
	for _, err := range []error{nil, &genesys.Error{Kind: genesys.KindCancelled, Err: context.Canceled}, errors.New("x")} {
		if got := budgetTimeout(err); got != err { //nolint:errorlint // the very same
			t.Errorf("%v became %v", err, got)
		}
	}
}
