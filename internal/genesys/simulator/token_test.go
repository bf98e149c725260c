package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestLogin(t *testing.T) {
	w := newWorld(t)
	id, secret, grant := simulator.DefaultClientID, simulator.DefaultClientSecret, "grant_type=client_credentials"
	for name, tc := range map[string]struct {
		id, secret, form string
		status           int
		code             string
	}{
		"good":           {id, secret, grant, 200, ""},
		"wrong secret":   {id, "guess", grant, 401, "invalid_client"},
		"unknown client": {"nobody", secret, grant, 400, "invalid_client"},
		"other grant":    {id, secret, "grant_type=password", 400, "unsupported_grant_type"},
		"no form":        {id, secret, "", 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.tryLogin(tc.id, tc.secret, tc.form)
			w.want(a, tc.status)
			if got := a.text("error"); got != tc.code {
				t.Errorf("error %q, want %q", got, tc.code)
			}
			if tc.status == 200 && (a.text("token_type") != "bearer" || a.number("expires_in") != 86400) {
				t.Errorf("login says %s", a.body)
			}
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/oauth/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		a := w.must(r)
		if a.status != 400 || a.text("error") != "invalid_request" {
			t.Errorf("answer %d %s", a.status, a.body)
		}
	})
}

func TestTokens(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.TokenTTL = time.Hour })
	const probe = "/api/v2/tokens/me"
	a := w.get(probe)
	w.want(a, 200)
	if a.text("OAuthClient", "id") != simulator.DefaultClientID || a.text("organization", "id") != simulator.DefaultOrganizationID {
		t.Errorf("token says %s", a.body)
	}

	t.Run("made up", func(*testing.T) {
		w := *w
		w.token = "made-up"
		w.wantCode(w.get(probe), 401, "bad.credentials")
	})
	t.Run("missing", func(t *testing.T) {
		a := w.download(w.url + probe)
		w.wantCode(a, 401, "authentication.required")
		if a.header.Get("ININ-Correlation-Id") != a.text("contextId") {
			t.Errorf("correlation id %q in the header, %s in the body", a.header.Get("ININ-Correlation-Id"), a.body)
		}
	})
	t.Run("revoked", func(t *testing.T) {
		if err := w.RevokeTokens(simulator.DefaultClientID); err != nil {
			t.Fatal(err)
		}
		w.wantCode(w.get(probe), 401, "bad.credentials")
		w.token = w.login(w.Options().Clients[0])
		w.want(w.get(probe), 200)
	})
	t.Run("expired", func(*testing.T) {
		w.clock.advance(time.Hour - time.Second)
		w.want(w.get(probe), 200)
		w.clock.advance(time.Second)
		w.wantCode(w.get(probe), 401, "bad.credentials")
	})
}

func TestChangedSecret(t *testing.T) {
	w := newWorld(t)
	if err := w.SetSecret(simulator.DefaultClientID, "rotated"); err != nil {
		t.Fatal(err)
	}
	w.want(w.get("/api/v2/tokens/me"), 200) // what was issued stays good
	form := "grant_type=client_credentials"
	w.want(w.tryLogin(simulator.DefaultClientID, simulator.DefaultClientSecret, form), 401)
	w.want(w.tryLogin(simulator.DefaultClientID, "rotated", form), 200)
}

func TestOrganization(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.OrganizationName = "Acme" })
	a := w.get("/api/v2/organizations/me")
	w.want(a, 200)
	if a.text("id") != simulator.DefaultOrganizationID || a.text("name") != "Acme" {
		t.Errorf("organization is %s", a.body)
	}
	w.wantCode(w.get("/api/v2/users/me"), 400, "not.a.user")
	limits := w.get("/api/v2/organizations/limits/namespaces/platform.api")
	w.want(limits, 200)
	if len(limits.list("entities")) == 0 {
		t.Errorf("no limits: %s", limits.body)
	}
	if got := w.get("/api/v2/organizations/limits/namespaces/nothing").list("entities"); len(got) != 0 {
		t.Errorf("limits of an unknown namespace: %v", got)
	}
}
