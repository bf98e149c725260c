package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// monday is when tests begin: the default data are a week old.
var monday = time.Date(2023, time.October, 9, 12, 0, 0, 0, time.UTC)

// clock is a clock that moves only when told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a simulator behind a real server, and a client of it.
type world struct {
	*simulator.Simulator
	t     *testing.T
	clock *clock
	url   string
	token string
}

// newWorld starts a simulator that answers at once, with a client logged in.
// Delays are as in Defaults and pass when the clock is advanced.
func newWorld(t *testing.T, change ...func(*simulator.Options)) *world {
	t.Helper()
	return newWorldBehind(t, func(h http.Handler) http.Handler { return h }, change...)
}

// newWorldBehind is newWorld with something between the client and the simulator.
func newWorldBehind(t *testing.T, wrap func(http.Handler) http.Handler, change ...func(*simulator.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: monday}}
	o := simulator.Defaults()
	o.Conversations = 60
	o.Latency = simulator.Latency{}
	o.Now = w.clock.Now
	for _, c := range change {
		c(&o)
	}
	w.Simulator = simulator.New(o)
	server := httptest.NewServer(wrap(w.Simulator))
	t.Cleanup(server.Close)
	w.url = server.URL
	w.token = w.login(o.Clients[0])
	return w
}

// as returns the same world seen by another OAuth client.
func (w *world) as(c simulator.Client) *world {
	other := *w
	other.token = w.login(c)
	return &other
}

func (w *world) login(c simulator.Client) string {
	w.t.Helper()
	a := w.tryLogin(c.ID, c.Secret, "grant_type=client_credentials")
	w.want(a, http.StatusOK)
	return a.get("access_token").(string)
}

func (w *world) tryLogin(id, secret, form string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/oauth/token", strings.NewReader(form))
	if err != nil {
		w.t.Fatal(err)
	}
	r.SetBasicAuth(id, secret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.must(r)
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// get returns the field of a JSON object at a path of names; nil if it is not
// there.
func (a answer) get(path ...string) any {
	a.t.Helper()
	var value any
	a.decode(&value)
	for _, name := range path {
		object, isObject := value.(map[string]any)
		if !isObject {
			return nil
		}
		value = object[name]
	}
	return value
}

func (a answer) text(path ...string) string {
	a.t.Helper()
	text, _ := a.get(path...).(string)
	return text
}

func (a answer) number(path ...string) int {
	a.t.Helper()
	number, isNumber := a.get(path...).(float64)
	if !isNumber {
		a.t.Fatalf("%v is not a number in %s", path, a.body)
	}
	return int(number)
}

func (a answer) list(path ...string) []any {
	a.t.Helper()
	list, _ := a.get(path...).([]any)
	return list
}

func (a answer) decode(into any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		a.t.Fatalf("answer %d is not JSON: %v\n%s", a.status, err, a.body)
	}
}

// call sends a request of the client and returns the answer, or why there is
// none. A body that is not a string is sent as JSON.
func (w *world) try(method, path string, body any) (answer, error) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader(w.t, body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Content-Type", "application/json")
	return w.send(r)
}

func reader(t *testing.T, body any) io.Reader {
	t.Helper()
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(b)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(text)
}

func (w *world) send(r *http.Request) (answer, error) {
	// A connection of its own for each: on one that was used before, net/http
	// would send a request again that was reset.
	transport := http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{w.t, response.StatusCode, response.Header, body}, err
}

func (w *world) must(r *http.Request) answer {
	w.t.Helper()
	a, err := w.send(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) call(method, path string, body any) answer {
	w.t.Helper()
	a, err := w.try(method, path, body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (w *world) get(path string) answer            { w.t.Helper(); return w.call("GET", path, nil) }
func (w *world) post(path string, body any) answer { w.t.Helper(); return w.call("POST", path, body) }
func (w *world) put(path string, body any) answer  { w.t.Helper(); return w.call("PUT", path, body) }
func (w *world) remove(path string) answer         { w.t.Helper(); return w.call("DELETE", path, nil) }

// download gets an absolute address without a token.
func (w *world) download(url string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.must(r)
}

// want fails the test unless the answer has this status.
func (w *world) want(a answer, status int) {
	w.t.Helper()
	if a.status != status {
		w.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
}

// wantCode fails the test unless the answer is this error.
func (w *world) wantCode(a answer, status int, code string) {
	w.t.Helper()
	w.want(a, status)
	if got := a.text("code"); got != code {
		w.t.Fatalf("code %q, want %q: %s", got, code, a.body)
	}
}

// object is shorthand for a JSON object.
type object map[string]any

// pick returns the first conversation that fits.
func (w *world) pick(fits func(simulator.Conversation) bool) simulator.Conversation {
	w.t.Helper()
	for _, c := range w.Dataset().Conversations {
		if fits(c) {
			return c
		}
	}
	w.t.Fatal("no conversation fits")
	return simulator.Conversation{}
}

func heldWithScreens(c simulator.Conversation) bool    { return c.Held && c.HasScreens() }
func heldWithoutScreens(c simulator.Conversation) bool { return c.Held && !c.HasScreens() }
func freeWithScreens(c simulator.Conversation) bool    { return !c.Held && c.HasScreens() }
func quiet(c simulator.Conversation) bool {
	return !c.Held && !c.HasScreens() && len(c.Recordings) > 0 && len(c.Recordings) < 100
}

func metadataPath(c simulator.Conversation) string {
	return "/api/v2/conversations/" + c.ID + "/recordingmetadata"
}
