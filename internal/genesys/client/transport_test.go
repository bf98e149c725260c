package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// after answers 200 with a body once d of the bubble's time has passed.
func after(d time.Duration, body string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// loggedIn makes a client that needs no login and whose own requests go to a
// transport.
func loggedIn(t *testing.T, transport http.RoundTripper) *Client {
	t.Helper()
	client, err := New(configFor("http://unused"))
	if err != nil {
		t.Fatal(err)
	}
	client.session.current = token{"token-1", time.Now().Add(time.Hour)}
	client.api.Transport = transport
	return client
}

// timed are the calls that take a time-out, with a body that each takes.
var timed = map[string]struct {
	good string
	call func(context.Context, *Client, time.Duration) error
}{
	"RecordingMetadata": {`[]`, func(ctx context.Context, c *Client, timeout time.Duration) error {
		_, err := c.RecordingMetadata(ctx, conversationA, timeout)
		return err
	}},
	"Protected": {`[]`, func(ctx context.Context, c *Client, timeout time.Duration) error {
		_, err := c.Protected(ctx, []string{conversationA}, timeout)
		return err
	}},
	"LookUp": {`{"conversations":[]}`, func(ctx context.Context, c *Client, timeout time.Duration) error {
		_, err := c.LookUp(ctx, []string{conversationA}, timeout)
		return err
	}},
	"RequestBatch": {`{"id":"` + jobA + `"}`, func(ctx context.Context, c *Client, timeout time.Duration) error {
		_, err := c.RequestBatch(ctx, []genesys.RecordingRef{{ConversationID: conversationA, RecordingID: recordingA}}, timeout)
		return err
	}},
	"Restore": {`{"id":"` + recordingA + `"}`, func(ctx context.Context, c *Client, timeout time.Duration) error {
		return c.Restore(ctx, genesys.RecordingRef{ConversationID: conversationA, RecordingID: recordingA}, genesys.Retention{}, time.Unix(0, 0), timeout)
	}},
	"StartSurvey": {`{"jobId":"` + jobA + `"}`, func(ctx context.Context, c *Client, timeout time.Duration) error {
		_, err := c.StartSurvey(ctx, genesys.SurveyQuery{From: time.Unix(0, 0), To: time.Unix(60, 0)}, timeout)
		return err
	}},
}

func TestAnAnswerMayTakeTwoMinutes(t *testing.T) {
	for name, v := range timed {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := loggedIn(t, after(119*time.Second, v.good))
				if err := v.call(t.Context(), client, 2*time.Minute); err != nil {
					t.Fatal(err)
				}
				expectKind(t, v.call(t.Context(), client, time.Minute), genesys.KindTimeout)
			})
		})
	}
}

func TestABatchStatusMayTakeAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for seconds, want := range map[time.Duration]genesys.Kind{17: "", 59: "", 61: genesys.KindTimeout} {
			client := loggedIn(t, after(seconds*time.Second, `{"results":[]}`))
			if _, err := client.BatchStatus(t.Context(), jobA); genesys.KindOf(err) != want {
				t.Errorf("after %d s: %v, want kind %q", seconds, err, want)
			}
		}
	})
}

func TestTheBudgetDoesNotEatTheTimeout(t *testing.T) {
	for name, v := range timed {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := loggedIn(t, after(10*time.Second, v.good))
				grant, err := client.budget.Wait(t.Context(), genesys.Share{})
				if err != nil {
					t.Fatal(err)
				}
				grant.Throttle(time.Minute)
				grant.Done()
				if err := v.call(t.Context(), client, 16*time.Second); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestACallWithoutATimeoutIsRefused(t *testing.T) {
	for _, v := range timed {
		expectKind(t, v.call(t.Context(), loggedIn(t, nil), 0), genesys.KindInvalid)
	}
}

// TestABodyIsSentAgainWithAnotherToken: what was refused for its token had no
// effect, and goes out whole a second time.
func TestABodyIsSentAgainWithAnotherToken(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeBatches, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, verbs["RequestBatch"].good)
	})
	if err := verbs["RequestBatch"].call(t.Context(), newClient(t, cloud)); err != nil {
		t.Fatal(err)
	}
	got := cloud.got(routeBatches)
	if len(got) != 2 || got[0].body != got[1].body || !strings.Contains(got[1].body, recordingA) {
		t.Errorf("sent %+v", got)
	}
	if kind := got[1].header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("sent as %q", kind)
	}
}

func TestATimeoutWhileTheBodyComes(t *testing.T) {
	cloud := newCloud(t)
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	cloud.on(routeMetadata, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "[")
		w.(http.Flusher).Flush()
		<-released
	})
	_, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, 50*time.Millisecond)
	if got := expectKind(t, err, genesys.KindTimeout); got.Status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
}

func TestTheCallersOwnDeadlineIsNotGenesysClouds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := loggedIn(t, after(time.Hour, `[]`))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.RecordingMetadata(ctx, conversationA, time.Minute)
		expectCancelled(t, err, context.DeadlineExceeded)
	})
}

// elsewhere starts a second cloud and returns it with an address of it whose
// host is another one, by name.
func elsewhere(t *testing.T) (*cloud, string) {
	other := newCloud(t)
	return other, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
}

func TestRedirectsDoNotCarryTheTokenElsewhere(t *testing.T) {
	for _, name := range []string{"WhoAmI", "SurveyPage", "RecordingMetadata", "RequestBatch"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verbs[name]
			other, address := elsewhere(t)
			cloud := newCloud(t)
			cloud.on(v.route, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, address+"/stolen", http.StatusTemporaryRedirect)
			})
			if err := v.call(t.Context(), newClient(t, cloud)); err == nil {
				t.Error("no error")
			}
			for _, r := range other.requests {
				if r.header.Get("Authorization") != "" {
					t.Errorf("the token went elsewhere: %+v", r)
				}
			}
		})
	}
}

func TestOwnRequestsAreNotRedirected(t *testing.T) {
	for _, name := range []string{"SurveyPage", "RecordingMetadata", "RequestBatch", "Protected", "StartSurvey", "Restore", "SubmitBulkJob"} {
		v := verbs[name]
		cloud := newCloud(t)
		cloud.answers("GET /other", http.StatusOK, v.good)
		cloud.on(v.route, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusFound)
		})
		got := expectKind(t, v.call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
		if got.Status != http.StatusFound || cloud.count("GET /other") != 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestOwnConnectionsAreKept(t *testing.T) {
	cloud := newCloud(t)
	var addresses []string
	cloud.on(routeMetadata, func(w http.ResponseWriter, r *http.Request) {
		addresses = append(addresses, r.RemoteAddr)
		_, _ = io.WriteString(w, "[]")
	})
	client := newClient(t, cloud)
	for range 3 {
		if _, err := client.RecordingMetadata(t.Context(), conversationA, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if addresses[0] != addresses[1] || addresses[1] != addresses[2] {
		t.Errorf("three connections: %v", addresses)
	}
}

func TestNew(t *testing.T) {
	good := configFor("https://api.mypurecloud.ie")
	tests := map[string]struct {
		change func(*Config)
		good   bool
	}{
		"as it is":           {func(*Config) {}, true},
		"plain http":         {func(c *Config) { c.Endpoint = "http://127.0.0.1:8080" }, true},
		"with a path":        {func(c *Config) { c.Endpoint = "http://127.0.0.1:8080/prefix" }, true},
		"a slash at the end": {func(c *Config) { c.Endpoint += "/" }, false},
		"no scheme":          {func(c *Config) { c.Endpoint = "api.mypurecloud.ie" }, false},
		"another scheme":     {func(c *Config) { c.Endpoint = "ftp://api.mypurecloud.ie" }, false},
		"no host":            {func(c *Config) { c.Endpoint = "https://" }, false},
		"with a password":    {func(c *Config) { c.Endpoint = "https://a:SIGNATURE@h" }, false},
		"with a query":       {func(c *Config) { c.Endpoint = "https://h?SIGNATURE" }, false},
		"no URL":             {func(c *Config) { c.Endpoint = "https://h/%zz?SIGNATURE" }, false},
		"empty":              {func(c *Config) { c.Endpoint = "" }, false},
		"no client id":       {func(c *Config) { c.Credentials.ClientID = "" }, false},
		"no secret":          {func(c *Config) { c.Credentials.ClientSecret = "" }, false},
		"no budget":          {func(c *Config) { c.Budget = nil }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := good
			test.change(&cfg)
			_, err := New(cfg)
			if (err == nil) != test.good {
				t.Errorf("error %v, want none: %v", err, test.good)
			}
			if err != nil && strings.Contains(err.Error(), "SIGNATURE") {
				t.Errorf("the error holds the endpoint: %v", err)
			}
		})
	}
}

func TestPathsStayWithinThePrefix(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers("POST /prefix/oauth/token", http.StatusOK, `{"access_token":"token-1","expires_in":60}`)
	for name, v := range verbsWithBody() {
		method, path, _ := strings.Cut(v.route, " ")
		cloud.answers(method+" /prefix"+path, http.StatusOK, v.good)
		cfg := configFor(cloud.URL + "/prefix")
		client, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := v.call(t.Context(), client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheQueryIsEncoded(t *testing.T) {
	if got, want := pageQuery("a&pageSize=1", 1000).Encode(), "cursor="+url.QueryEscape("a&pageSize=1")+"&pageSize=1000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
