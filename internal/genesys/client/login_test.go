package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

var testCredentials = genesys.Credentials{ClientID: "client", ClientSecret: clientSecret}

// loginCounter answers logins by the clock of the bubble.
type loginCounter struct {
	n         atomic.Int32
	expiresIn string
	takes     time.Duration
}

func (l *loginCounter) logIn(context.Context, genesys.Credentials) (answer, error) {
	n := l.n.Add(1)
	<-time.After(l.takes)
	body := fmt.Sprintf(`{"access_token":"token-%d"%s}`, n, l.expiresIn)
	return answer{status: http.StatusOK, body: []byte(body)}, nil
}

func TestTokenLife(t *testing.T) {
	tests := map[string]struct {
		expiresIn string
		want      time.Duration
	}{
		"a day":          {`86400`, 24*time.Hour - time.Minute},
		"five minutes":   {`300`, 4*time.Minute + 30*time.Second},
		"half a minute":  {`30`, 27 * time.Second},
		"a second":       {`1`, 900 * time.Millisecond},
		"as a string":    {`"3600"`, 59 * time.Minute},
		"zero":           {`0`, 4*time.Minute + 30*time.Second},
		"negative":       {`-1`, 4*time.Minute + 30*time.Second},
		"null":           {`null`, 4*time.Minute + 30*time.Second},
		"more than ever": {`1e300`, 48*time.Hour - time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var n json.Number
			if err := json.Unmarshal([]byte(test.expiresIn), &n); err != nil {
				t.Fatal(err)
			}
			if got := usable(n); got != test.want {
				t.Errorf("used for %v, want %v", got, test.want)
			}
		})
	}
}

func TestALoginLastsAsLongAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := &loginCounter{expiresIn: `,"expires_in":600`}
		s := newSession(testCredentials, logins.logIn)
		end := time.After(time.Hour)
		for {
			if _, err := s.token(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case <-time.After(time.Second):
				continue
			case <-end:
			}
			break
		}
		if n := logins.n.Load(); n != 7 { // one every nine minutes
			t.Errorf("%d logins in an hour, want 7", n)
		}
	})
}

func TestALoginThatDoesNotSayItsLifeDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := &loginCounter{}
		s := newSession(testCredentials, logins.logIn)
		for range 1000 {
			if _, err := s.token(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := logins.n.Load(); n != 1 {
			t.Errorf("%d logins, want one", n)
		}
	})
}

func TestOneLoginForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := &loginCounter{expiresIn: `,"expires_in":3600`, takes: 5 * time.Second}
		s := newSession(testCredentials, logins.logIn)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got, err := s.token(t.Context()); err != nil || got != "token-1" {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		all.Wait()
		if n := logins.n.Load(); n != 1 {
			t.Errorf("%d logins, want one", n)
		}
	})
}

func TestALoginOutlivesWhoAskedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := &loginCounter{expiresIn: `,"expires_in":3600`, takes: 5 * time.Second}
		s := newSession(testCredentials, logins.logIn)
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := s.token(hasty); err == nil {
			t.Error("got a token before the login was over")
		}
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v, want 1s", waited)
		}
		if got, err := s.token(t.Context()); err != nil || got != "token-1" {
			t.Errorf("got %q, %v", got, err)
		}
		if n := logins.n.Load(); n != 1 {
			t.Errorf("%d logins, want one", n)
		}
	})
}

func TestRejectForgetsOnlyTheTokenThatWasRejected(t *testing.T) {
	s := newSession(testCredentials, (&loginCounter{}).logIn)
	first, _ := s.token(t.Context())
	s.reject(first)
	second, _ := s.token(t.Context())
	s.reject(first) // a late answer to a request with the first one
	third, _ := s.token(t.Context())
	if second == first || third != second {
		t.Errorf("got %q, %q, %q", first, second, third)
	}
}

func TestRefusedLogin(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		want   genesys.Error
	}{
		"wrong secret": {
			401, `{"error":"invalid_client","description":"d","error_description":"authentication failed for the-secret-of-the-client"}`,
			genesys.Error{Kind: genesys.KindUnauthorized, Code: "invalid_client", Message: "authentication failed for [redacted]"},
		},
		"unknown client": {
			400, `{"error":"invalid_client","description":"client not found: client"}`,
			genesys.Error{Kind: genesys.KindUnauthorized, Code: "invalid_client", Message: "client not found: client"},
		},
		"no explanation": {401, ``, genesys.Error{Kind: genesys.KindUnauthorized}},
		"forbidden":      {403, `{"code":"x","message":"no"}`, genesys.Error{Kind: genesys.KindForbidden, Code: "x", Message: "no"}},
		"by a proxy":     {400, `<html>`, genesys.Error{Kind: genesys.KindMalformed}},
		"by a firewall":  {403, `<html>`, genesys.Error{Kind: genesys.KindMalformed}},
		"by OAuth": {
			403, `{"error":"access_denied","description":"no"}`,
			genesys.Error{Kind: genesys.KindForbidden, Code: "access_denied", Message: "no"},
		},
		"throttled":   {429, `{}`, genesys.Error{Kind: genesys.KindThrottled, RetryAfter: 3 * time.Second}},
		"unavailable": {503, `<html>`, genesys.Error{Kind: genesys.KindTransient, RetryAfter: 3 * time.Second}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.on("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
				if test.want.RetryAfter > 0 {
					w.Header().Set("Retry-After", "3")
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			_, err := newClient(t, cloud).WhoAmI(t.Context())
			got := *expectKind(t, err, test.want.Kind)
			test.want.Op, test.want.Status, test.want.CorrelationID = opLogIn, test.status, correlation
			if got.Kind == genesys.KindUnauthorized && !errors.Is(err, errRefused) {
				t.Errorf("%v does not say that the client is refused", err)
			}
			got.Err = nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if n := cloud.count("POST /oauth/token"); n != 1 {
				t.Errorf("%d logins, want one", n)
			}
			if n := cloud.count(routeMe); n != 0 {
				t.Errorf("asked %d times without a token", n)
			}
		})
	}
}

func TestLoginsThatAreNone(t *testing.T) {
	bodies := map[string]string{
		"null":                  `null`,
		"empty":                 ``,
		"an array":              `[]`,
		"no token":              `{"expires_in":60}`,
		"the token of no type":  `{"access_token":7}`,
		"a life of words":       `{"access_token":"token-1","expires_in":"soon"}`,
		"cut in the middle":     `{"access_token":"tok`,
		"the page of a gateway": `<html></html>`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers("POST /oauth/token", http.StatusOK, body)
			_, err := newClient(t, cloud).WhoAmI(t.Context())
			if got := expectKind(t, err, genesys.KindMalformed); got.Op != opLogIn {
				t.Errorf("got %v, want it to be about the login", err)
			}
		})
	}
}

func TestLoginRequest(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	if _, err := newClient(t, cloud).WhoAmI(t.Context()); err != nil {
		t.Fatal(err)
	}
	login := cloud.got("POST /oauth/token")[0]
	id, secret, ok := (&http.Request{Header: login.header}).BasicAuth()
	if !ok || id != "client" || secret != clientSecret || login.body != "grant_type=client_credentials" {
		t.Errorf("got %q, %q, %q", id, secret, login.body)
	}
}

func TestCancelledWhileLoggingIn(t *testing.T) {
	cloud := newCloud(t)
	arrived := make(chan struct{})
	released := make(chan struct{})
	defer close(released)
	cloud.on("POST /oauth/token", func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-released
	})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	client := newClient(t, cloud)
	go func() {
		_, err := client.WhoAmI(ctx)
		failed <- err
	}()
	receive(t, arrived)
	cancel()
	expectCancelled(t, receive(t, failed), context.Canceled)
}

func TestNothingPrintsSecrets(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	cfg := configFor(cloud.URL)
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.WhoAmI(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		got := fmt.Sprintf(verb+" "+verb, client, cfg)
		if strings.Contains(got, clientSecret) || strings.Contains(got, "token-1") ||
			strings.Contains(got, fmt.Sprintf("%x", clientSecret)) {
			t.Errorf("%s prints a secret: %s", verb, got)
		}
	}
	if got := marshal(t, client); got != "{}" {
		t.Errorf("marshalled: %s", got)
	}
}
