package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/redact"
)

const (
	opLogIn = "log in"

	// shortestToken is the shortest life that Genesys Cloud lets an OAuth client
	// set for its tokens; a login that does not say is taken to mean that.
	shortestToken = 5 * time.Minute
	// longestToken is the longest, and bounds what a login may say.
	longestToken = 48 * time.Hour
	// tokenMargin is how long before its end a token is not used any more, but at
	// most a tenth of its life.
	tokenMargin = time.Minute
)

// errRefused says in our words what OAuth's codes mean.
var errRefused = errors.New("the OAuth client's id or secret is refused")

// session contains the token of one OAuth client.
type session struct {
	credentials genesys.Credentials
	logIn       func(context.Context, genesys.Credentials) (answer, error)

	mu      sync.Mutex
	current token
	// running is the login under way, nil if there is none.
	running *login
}

// token is an access token and when to stop using it.
type token struct {
	value string
	until time.Time
}

// login is one login, shared by all who need it. Its result may be read once
// done is closed.
type login struct {
	done  chan struct{}
	token token
	err   error
}

func newSession(credentials genesys.Credentials, logIn func(context.Context, genesys.Credentials) (answer, error)) *session {
	return &session{credentials: credentials, logIn: logIn}
}

// token returns a valid token, logging in if there is none. However many callers
// ask, there is one login at a time. It continues if the first caller is
// cancelled, because others wait for it too; the SDK's time-out ends it.
func (s *session) token(ctx context.Context) (string, error) {
	s.mu.Lock()
	if time.Now().Before(s.current.until) {
		defer s.mu.Unlock()
		return s.current.value, nil
	}
	if s.running == nil {
		s.running = &login{done: make(chan struct{})}
		go s.run(context.WithoutCancel(ctx), s.running)
	}
	running := s.running
	s.mu.Unlock()
	select {
	case <-running.done:
		return running.token.value, running.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// run makes a login and keeps its token.
func (s *session) run(ctx context.Context, l *login) {
	got, err := failpoint.Get(failpoint.Call(opLogIn), "", func() (answer, error) { return s.logIn(ctx, s.credentials) })
	l.token, l.err = loginResult(got, err, s.credentials.ClientSecret, time.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.running = l.token, nil
	close(l.done)
}

// reject forgets a token that Genesys Cloud does not accept, unless another one
// has taken its place already.
func (s *session) reject(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.value == value {
		s.current = token{}
	}
}

// logIn asks for a token. It is not counted in the budget, which is by token.
func (c *Client) logIn(ctx context.Context, credentials genesys.Credentials) (answer, error) {
	return c.viaSDK(ctx, "", func(sdk *platformclientv2.Configuration) error {
		return sdk.AuthorizeClientCredentials(credentials.ClientID, credentials.ClientSecret)
	})
}

// loginResult reads what a login at the time now came to.
func loginResult(got answer, err error, secret string, now time.Time) (token, error) {
	switch {
	case got.status >= http.StatusBadRequest:
		return token{}, loginRefusal(got, secret)
	case err != nil:
		return token{}, failure(opLogIn, got, err)
	}
	var body struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := got.expect(opLogIn, http.StatusOK); err != nil {
		return token{}, err
	}
	if err := got.object(opLogIn, &body); err != nil {
		return token{}, err
	}
	if body.AccessToken == "" {
		return token{}, got.lacking(opLogIn, "access_token")
	}
	return token{body.AccessToken, now.Add(usable(body.ExpiresIn))}, nil
}

// usable is how long a token is used whose login said so many seconds of life.
func usable(expiresIn json.Number) time.Duration {
	seconds, _ := expiresIn.Float64()
	seconds = min(seconds, longestToken.Seconds())
	life := time.Duration(seconds * float64(time.Second))
	if life <= 0 {
		life = shortestToken
	}
	return life - min(tokenMargin, life/10)
}

// loginRefusal is the error of a refused login. Its body is OAuth's, not the
// Platform API's: an error in place of a code. Which of 400 and 401 Genesys Cloud
// answers to a wrong id or secret is not documented; both mean that a person has
// to correct them. A 400 in other words, such as a proxy's, does not.
func loginRefusal(got answer, secret string) error {
	var body struct {
		Error            string `json:"error"`
		Description      string `json:"description"`
		ErrorDescription string `json:"error_description"`
	}
	_ = unmarshal(got.body, refusals, &body) // fields of a wrong type stay empty
	refused := refusal(opLogIn, got, secret)
	if code := clean(redact.Text(body.Error, secret), maxWord); code != "" {
		refused.Kind, refused.Err = believed(opLogIn, got.status, code)
		refused.Code = code
	}
	if refused.Status == http.StatusBadRequest && refused.Code != "" {
		refused.Kind = genesys.KindUnauthorized
	}
	if text := cmp.Or(body.ErrorDescription, body.Description); text != "" {
		refused.Message = clean(redact.Text(text, secret), maxMessage)
	}
	if refused.Kind == genesys.KindUnauthorized {
		refused.Err = errRefused
	}
	return refused
}

// loginFailure is the error of a call that got no token: the login's own, or
// the caller's if it was cancelled while waiting.
func loginFailure(op string, err error) error {
	var refused *genesys.Error
	if errors.As(err, &refused) {
		return refused
	}
	return cancelled(op, err)
}
