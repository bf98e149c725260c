package simulator_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestRateLimit(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RequestsPerMinute = 3 })
	const probe = "/api/v2/tokens/me"
	for i := range 3 {
		a := w.get(probe)
		w.want(a, 200)
		if got := a.header.Get("inin-ratelimit-count"); got != strconv.Itoa(i+1) {
			t.Errorf("count %s at request %d", got, i+1)
		}
		w.clock.advance(10500 * time.Millisecond)
	}
	a := w.get(probe)
	w.wantCode(a, 429, "too.many.requests.retry.after")
	// The window began 31.5 s ago and has 28.5 s left.
	for header, want := range map[string]string{
		"Retry-After": "29", "inin-ratelimit-reset": "29", "inin-ratelimit-allowed": "3", "inin-ratelimit-count": "3",
	} {
		if got := a.header.Get(header); got != want {
			t.Errorf("%s is %s, want %s", header, got, want)
		}
	}
	if got := a.text("message"); got != "Rate limit exceeded the maximum. Retry the request in [29] seconds" {
		t.Errorf("message %q", got)
	}
	if a.number("limit", "value") != 3 {
		t.Errorf("limit in %s", a.body)
	}

	w.clock.advance(29 * time.Second)
	w.want(w.get(probe), 200)
	windows := w.Journal().Windows()
	if len(windows) != 2 || windows[0].Used != 3 || windows[0].Refused != 1 || windows[1].Used != 1 {
		t.Errorf("windows are %+v", windows)
	}
	if w.Journal().Throttled() != 1 {
		t.Errorf("%d throttled, want 1", w.Journal().Throttled())
	}
}

func TestRateLimitScope(t *testing.T) {
	for name, tc := range map[string]struct {
		scope  simulator.RateScope
		status int
	}{
		"each token has a budget":      {simulator.PerToken, 200},
		"all tokens of a client share": {simulator.PerClient, 429},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(o *simulator.Options) { o.RequestsPerMinute, o.RateScope = 1, tc.scope })
			w.want(w.get("/api/v2/tokens/me"), 200)
			w.want(w.get("/api/v2/tokens/me"), 429)
			w.want(w.as(w.Options().Clients[0]).get("/api/v2/tokens/me"), tc.status)
		})
	}
}

func TestLoginAndDownloadsDoNotCount(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RequestsPerMinute, o.BatchDelay = 2, 0 })
	c := w.pick(quiet)
	batch := w.submitBatch(object{"conversationId": c.ID})
	address := w.get("/api/v2/recording/batchrequests/" + batch).list("results")[0].(map[string]any)["resultUrl"].(string)
	for range 5 {
		w.want(w.download(address), 200)
		w.login(w.Options().Clients[0])
	}
	w.want(w.get("/api/v2/tokens/me"), 429) // the two before were the whole budget
}
