package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/budget"
)

const (
	clientSecret = "the-secret-of-the-client"

	conversationA = "c0000000-0000-4000-8000-00000000000a"
	conversationB = "c0000000-0000-4000-8000-00000000000b"
	recordingA    = "a0000000-0000-4000-8000-00000000000a"
	jobA          = "10000000-0000-4000-8000-00000000000a"

	correlation = "c0de0000-0000-4000-8000-000000000001"

	// waitLimit is how long a test waits for what has to come at once.
	waitLimit = 10 * time.Second

	routeMe           = "GET /api/v2/tokens/me"
	routeAvailability = "GET /api/v2/analytics/conversations/details/jobs/availability"
	routeLookUp       = "GET /api/v2/analytics/conversations/details"
	routeJobs         = "POST /api/v2/analytics/conversations/details/jobs"
	routeJob          = "GET /api/v2/analytics/conversations/details/jobs/" + jobA
	routeDeleteJob    = "DELETE /api/v2/analytics/conversations/details/jobs/" + jobA
	routePage         = "GET /api/v2/analytics/conversations/details/jobs/" + jobA + "/results"
	routeProtection   = "POST /api/v2/recordings/deletionprotection"
	routeMetadata     = "GET /api/v2/conversations/" + conversationA + "/recordingmetadata"
	routeBatches      = "POST /api/v2/recording/batchrequests"
	routeBatch        = "GET /api/v2/recording/batchrequests/" + jobA
	routeRestore      = "PUT /api/v2/conversations/" + conversationA + "/recordings/" + recordingA
	routeMedia        = "GET /media"
)

// cloud stands in for Genesys Cloud: it answers what a test tells it to.
type cloud struct {
	URL string

	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
	requests []request
}

// request is one request that came.
type request struct {
	route  string
	query  string
	header http.Header
	body   string
}

// newCloud starts a cloud that logs everybody in with the tokens token-1,
// token-2 and so on.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{handlers: map[string]http.HandlerFunc{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL
	c.on("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"bearer","expires_in":3600}`, c.count("POST /oauth/token"))
	})
	return c
}

// on has a route answered by a handler.
func (c *cloud) on(route string, handler http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handlers[route] = handler
}

// answers has a route answered with a status and a body.
func (c *cloud) answers(route string, status int, body string) {
	c.on(route, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// ServeHTTP implements http.Handler.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	route := r.Method + " " + r.URL.Path
	c.mu.Lock()
	c.requests = append(c.requests, request{route, r.URL.RawQuery, r.Header.Clone(), string(body)})
	handler := c.handlers[route]
	c.mu.Unlock()
	w.Header().Set("ININ-Correlation-Id", correlation)
	if handler == nil {
		http.Error(w, `{"code":"not.found"}`, http.StatusNotFound)
		return
	}
	handler(w, r)
}

// got is the requests that came to a route.
func (c *cloud) got(route string) []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []request
	for _, r := range c.requests {
		if r.route == route {
			all = append(all, r)
		}
	}
	return all
}

func (c *cloud) count(route string) int { return len(c.got(route)) }

// cutShort answers 200, promises more bytes than it sends and hangs up.
func cutShort(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, out, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body)+100, body)
		_ = out.Flush()
	}
}

// newClient makes a client of a cloud whose budget is not a hindrance.
func newClient(t *testing.T, c *cloud) *Client {
	t.Helper()
	client, err := New(configFor(c.URL))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func configFor(endpoint string) Config {
	var registry budget.Registry
	return Config{
		Endpoint:    endpoint,
		Allowed:     egress.Any(),
		Credentials: genesys.Credentials{ClientID: "client", ClientSecret: clientSecret},
		Budget:      registry.For(budget.Client{Endpoint: endpoint, ClientID: "client"}, "test", 1<<20),
	}
}

// bareSDK is the SDK as its documentation would have it used, logged in.
func bareSDK(url string) *platformclientv2.Configuration {
	sdk := platformclientv2.NewConfigurationWithConfigFile("", false)
	sdk.BasePath = url
	sdk.AccessToken = "token"
	return sdk
}

// asError is err as the one error type of package genesys.
func asError(t *testing.T, err error) *genesys.Error {
	t.Helper()
	var got *genesys.Error
	if !errors.As(err, &got) {
		t.Fatalf("got %#v, want a *genesys.Error", err)
	}
	return got
}

// expectKind fails unless err is of a kind and without secrets.
func expectKind(t *testing.T, err error, want genesys.Kind) *genesys.Error {
	t.Helper()
	got := asError(t, err)
	if got.Kind != want {
		t.Errorf("got kind %s (%v), want %s", got.Kind, err, want)
	}
	if got.Op == "" {
		t.Errorf("%v does not say what was being done", err)
	}
	for _, secret := range []string{clientSecret, "token-1", "SIGNATURE"} {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("the error holds %q: %v", secret, err)
		}
	}
	return got
}

// receive takes what has to come at once.
func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(waitLimit):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// marshal is v as JSON.
func marshal(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// allowed is a list of allowed addresses.
func allowed(t *testing.T, text string) egress.List {
	t.Helper()
	list, err := egress.ParseList(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
