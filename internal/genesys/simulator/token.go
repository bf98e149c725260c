package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// login is one successful login: a token and what it stands for.
type login struct {
	client  *client
	expires time.Time
	// window is the key of the rate window that the token's requests count in.
	window string
}

// loginError is the body of a refused login, which is OAuth's and not the
// Platform API's.
type loginError struct {
	Error            string `json:"error"`
	Description      string `json:"description"`
	ErrorDescription string `json:"error_description"`
}

// login answers the client-credentials grant. Unverified: an unknown client is
// 400 and a wrong secret 401, both invalid_client; Genesys Cloud documents
// neither.
func (s *Simulator) login(c *call) reply {
	id, secret, ok := c.BasicAuth()
	if !ok {
		return loginRefused(http.StatusBadRequest, "invalid_request", "client credentials are missing")
	}
	if grant := c.form("grant_type"); grant != "client_credentials" {
		return loginRefused(http.StatusBadRequest, "unsupported_grant_type", "grant type not supported: "+grant)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	client := s.clients[id]
	switch {
	case client == nil:
		return loginRefused(http.StatusBadRequest, "invalid_client", "client not found: "+id)
	case client.secret != secret:
		return loginRefused(http.StatusUnauthorized, "invalid_client", "authentication failed")
	}
	c.client = client
	return s.issue(client)
}

// issue makes a token. s.mu is locked.
func (s *Simulator) issue(client *client) reply {
	s.logins++
	token := newSecret()
	window := client.id
	if s.options.RateScope == PerToken {
		window = fmt.Sprintf("%s/%d", client.id, s.logins)
	}
	ttl := s.options.TokenTTL
	s.tokens[token] = &login{client: client, expires: s.now().Add(ttl), window: window}
	return ok(struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}{token, "bearer", int(ttl.Seconds())})
}

func loginRefused(status int, code, description string) reply {
	return respond(status, loginError{code, description, description})
}

// form returns a field of a form in the body, which has been read already.
func (c *call) form(field string) string {
	values, err := url.ParseQuery(string(c.body))
	if err != nil {
		return ""
	}
	return values.Get(field)
}

// authorize is the gate of API routes. It wants a valid token, then room in the
// rate window, then the permissions of the route.
func (s *Simulator) authorize(c *call) *reply {
	login, refusal := s.identify(c)
	if refusal != nil {
		return refusal
	}
	c.client = login.client
	use := s.limiter.count(login.window, login.client.id, s.now())
	use.announce(c.header)
	switch missing := s.missingPermissions(c); {
	case use.refused:
		return use.refusal()
	case c.oversized:
		return refuse(http.StatusRequestEntityTooLarge, "request.entity.too.large",
			fmt.Sprintf("The request is over the size limit. Maximum bytes: %d", maxBody))
	case missing != nil:
		return c.route.demand.forbidden(missing)
	default:
		return nil
	}
}

// identify finds the login that the request's token is from.
func (s *Simulator) identify(c *call) (*login, *reply) {
	token, isBearer := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		return nil, refuse(http.StatusUnauthorized, "authentication.required",
			"No authentication bearer token specified in authorization header.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	login := s.tokens[token]
	if login == nil || !s.now().Before(login.expires) {
		return nil, refuse(http.StatusUnauthorized, "bad.credentials", "Invalid login credentials.")
	}
	return login, nil
}

func (s *Simulator) missingPermissions(c *call) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.route.demand.missing(c.client.permissions)
}

// allowed reports whether the call's client has a permission. s.mu is locked.
func (c *call) allowed(permission string) bool { return c.client.permissions[permission] }
