package client

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// zipped answers with a status and a text that is repeated, in gzip.
func zipped(t *testing.T, status int, begin, repeated string, times int, end string) http.HandlerFunc {
	t.Helper()
	var body bytes.Buffer
	to := gzip.NewWriter(&body)
	_, _ = io.WriteString(to, begin)
	block := strings.Repeat(repeated, 1000)
	for range times / 1000 {
		_, _ = io.WriteString(to, block)
	}
	_, _ = io.WriteString(to, end)
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		_, _ = w.Write(body.Bytes())
	}
}

// allocated is how many bytes were allocated while something was done.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestAnswersThatWouldFillTheMemory: each is small on its way, and is refused
// before it is decoded, with memory for its bytes and not for what is in it.
func TestAnswersThatWouldFillTheMemory(t *testing.T) {
	const million = 1_000_000
	empty := func(status int, begin, end string) func(*testing.T) http.HandlerFunc {
		return func(t *testing.T) http.HandlerFunc { return zipped(t, status, begin, "{},", million/5, end) }
	}
	deep := func(t *testing.T) http.HandlerFunc { return zipped(t, http.StatusOK, `[{"id":`, "[", million/10, "") }
	tests := map[string]struct {
		route string
		with  func(*testing.T) http.HandlerFunc
		ask   func(*testing.T, *Client) error
		kind  genesys.Kind
		says  string
	}{
		"metadata of empty objects": {routeMetadata, empty(200, "[", "{}]"), askMetadata, genesys.KindMalformed, "over 250000 values"},
		"deep metadata":             {routeMetadata, deep, askMetadata, genesys.KindMalformed, "nested more than 64 deep"},
		"metadata without end": {routeMetadata, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `[{"id":"`, "0123456789", 2*million, `"}]`)
		}, askMetadata, genesys.KindMalformed, "the answer is larger than this call allows"},
		"a batch of empty results": {routeBatch, empty(200, `{"results":[`, "{}]}"), askBatch, genesys.KindMalformed, "over 250000 values"},
		"a batch of many bytes": {routeBatch, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"results":[`, `{"a":"b"},`, million*9/10, "{}]}")
		}, askBatch, genesys.KindMalformed, "the answer is larger than this call allows"},
		"who we are": {routeMe, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"organization":{"id":"`, "0123456789", million, `"}}`)
		}, askWho, genesys.KindMalformed, "the answer is larger than this call allows"},
		"a login": {"POST /oauth/token", func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"access_token":"`, "0123456789", million, `"}`)
		}, askWho, genesys.KindMalformed, "the answer is larger than this call allows"},
		"a refused login": {"POST /oauth/token", empty(400, `{"error":"invalid_client","a":[`, "{}]}"), askWho, genesys.KindMalformed, ""},
		"a refusal":       {routeMetadata, empty(500, `{"code":"x","messageParams":{"a":[`, "{}]}}"), askMetadata, genesys.KindTransient, ""},
		"a page of one conversation": {routePage, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"conversations":[{"conversationId":"`, "0123456789", 2*million, `"}]}`)
		}, askPage, genesys.KindMalformed, "an element of over 16777216 bytes"},
		"a page of one field": {routePage, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"x":"`, "0123456789", 2*million, `"}`)
		}, askPage, genesys.KindMalformed, "an element of over 16777216 bytes"},
		"a page of conversations": {routePage, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"conversations":[`, `{"conversationId":"a","conversationStart":"2023-10-01T00:00:00Z"},`, million/50, `{}]}`)
		}, askPage, genesys.KindMalformed, "a page of more than 10000 entries"},
		"a page of long ids": {routePage, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"conversations":[{"conversationStart":"2023-10-01T00:00:00Z","conversationId":"`, `0123456789`, 1000, `"}]}`)
		}, askPage, genesys.KindMalformed, "an id of 10000 bytes"},
		"a page of unknown values": {routePage, func(t *testing.T) http.HandlerFunc {
			return zipped(t, 200, `{"x":[`, `0,`, million/5, `0]}`)
		}, askPage, genesys.KindMalformed, "an unknown field of more than 100000 tokens"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			client := newClient(t, cloud)
			if tt.route != "POST /oauth/token" { // so that logging in is not counted
				cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
				if err := askWho(t, client); err != nil {
					t.Fatal(err)
				}
			}
			cloud.on(tt.route, tt.with(t))
			var err error
			took := allocated(func() { err = tt.ask(t, client) })
			got := expectKind(t, err, tt.kind)
			if tt.says != "" && !strings.Contains(got.Err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			// A growing buffer takes five times what it contains in the end: 16 MB.
			if most := int64(200 << 20); took > most {
				t.Errorf("%d MB were allocated, want %d at most", took>>20, most>>20)
			}
		})
	}
}

func askMetadata(t *testing.T, c *Client) error {
	_, err := c.RecordingMetadata(t.Context(), conversationA, waitLimit)
	return err
}

func askBatch(t *testing.T, c *Client) error {
	_, err := c.BatchStatus(t.Context(), jobA)
	return err
}

func askWho(t *testing.T, c *Client) error {
	_, err := c.WhoAmI(t.Context())
	return err
}

func askPage(t *testing.T, c *Client) error {
	_, err := c.SurveyPage(t.Context(), jobA, "", false)
	return err
}

// TestRefusalsAreRead to the end of what they may contain: what is behind it is left out.
func TestRefusalsAreRead(t *testing.T) {
	const body = `{"code":"too.long","message":"a message"}`
	for padding, code := range map[int]string{maxRefusal - len(body): "too.long", maxRefusal - len(body) + 1: ""} {
		cloud := newCloud(t)
		cloud.answers(routeMetadata, http.StatusConflict, body+strings.Repeat(" ", padding))
		got := asError(t, askMetadata(t, newClient(t, cloud)))
		if got.Code != "too.long" {
			t.Errorf("%d bytes: code %q, want %q", padding+len(body), got.Code, code)
		}
	}
}

// TestNoRedirectIsFollowed: neither to another host nor to the same, whoever wrote
// the request, and no token or secret leaves.
func TestNoRedirectIsFollowed(t *testing.T) {
	var asked []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	for name, v := range verbsWithBody() {
		for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
			for _, host := range []string{other.URL, ""} {
				cloud := newCloud(t)
				cloud.on(v.route, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, host+"/elsewhere", status) })
				if err := v.call(t.Context(), newClient(t, cloud)); err == nil {
					t.Errorf("%s: a redirect is taken for an answer", name)
				}
				if n := cloud.count("GET /elsewhere") + cloud.count("POST /elsewhere"); n != 0 || cloud.count(v.route) != 1 {
					t.Errorf("%s: %d follows a %d, %d requests", name, status, n, cloud.count(v.route))
				}
			}
		}
	}
	cloud := newCloud(t)
	cloud.on("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/oauth/token", http.StatusTemporaryRedirect)
	})
	if err := askWho(t, newClient(t, cloud)); err == nil {
		t.Error("a redirected login is taken for one")
	}
	if len(asked) > 0 {
		t.Errorf("the other host was asked: %q", asked)
	}
}

// TestEndpointsThatAreNotPublic: a region's host that is resolved to a private
// address is asked only if it is on the list, by the SDK's requests and our own.
func TestEndpointsThatAreNotPublic(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	secure := httptest.NewTLSServer(cloud)
	t.Cleanup(secure.Close)
	cfg := configFor(secure.URL)
	cfg.Allowed = allowed(t, "media="+secure.URL)
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := "127.0.0.1 is not at a public address (loopback); start the manager with --allow-endpoints=genesys=" + secure.URL
	for _, ask := range []func(*testing.T, *Client) error{askWho, askMetadata} {
		got := expectKind(t, ask(t, client), genesys.KindMalformed)
		if !strings.Contains(got.Err.Error(), want) {
			t.Errorf("got %v, want %q", got, want)
		}
	}
	if n := cloud.count("POST /oauth/token"); n != 0 {
		t.Errorf("the secret was sent %d times", n)
	}
}

// TestSecretsThatComeBack: a server repeats what it was sent, in the forms in which
// it got them, and where a message is cut.
func TestSecretsThatComeBack(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte("client:" + clientSecret))
	for _, echo := range []string{
		clientSecret, basic, base64.StdEncoding.EncodeToString([]byte(clientSecret)), base64.RawURLEncoding.EncodeToString([]byte("x" + clientSecret)),
		strings.Repeat("x", maxMessage-8) + clientSecret, strings.Repeat("y", 4*maxMessage-8) + clientSecret,
	} {
		cloud := newCloud(t)
		cloud.answers("POST /oauth/token", http.StatusBadRequest,
			fmt.Sprintf(`{"error":"bad_%[1]s","error_description":"got %[1]s","code":"%[1]s","message":"%[1]s","contextId":"%[1]s"}`, echo))
		err := askWho(t, newClient(t, cloud))
		text := fmt.Sprintf("%v %+v", err, asError(t, err))
		for _, part := range []string{clientSecret[:8], basic[16:32], basic[8:20]} {
			if strings.Contains(text, part) {
				t.Errorf("%.60q: the error holds %q: %s", echo, part, text)
			}
		}
	}
}
