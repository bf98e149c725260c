package egress

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// get asks an address for a recording.
func get(t *testing.T, list List, address string) error {
	t.Helper()
	base := &http.Transport{TLSClientConfig: nil}
	t.Cleanup(base.CloseIdleConnections)
	client := &http.Client{Transport: list.Transport(Media, base, net.Dialer{Timeout: time.Second})}
	response, err := client.Get(address)
	if err == nil {
		response.Body.Close()
	}
	return err
}

func expectRefused(t *testing.T, err error, says string) {
	t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Says, says) {
		t.Errorf("got %v, want a refusal that says %q", err, says)
	}
}

// TestTheServerOnThisMachine is reached only by who has it on the list, for its purpose.
func TestTheServerOnThisMachine(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(server.Close)
	expectRefused(t, get(t, List{}, server.URL), "127.0.0.1 is not at a public address (loopback); start the manager with --allow-endpoints=media="+server.URL)
	// A name that is resolved to this machine is judged by what it is resolved to.
	byName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	expectRefused(t, get(t, List{}, byName), "localhost is not at a public address (loopback)")
	other, err := ParseList("s3=" + server.URL)
	if err != nil {
		t.Fatal(err)
	}
	expectRefused(t, get(t, other, server.URL), "not at a public address")
	listed, err := ParseList("media=" + server.URL)
	if err != nil {
		t.Fatal(err)
	}
	// It is reached, and not trusted: its certificate is its own.
	if err := get(t, listed, server.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want that its certificate is refused", err)
	}
	if asked.Load() != 0 {
		t.Error("a request came through")
	}
}

func TestHTTPIsForTheList(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	expectRefused(t, get(t, List{}, server.URL), "has the scheme http, not https")
	expectRefused(t, get(t, List{}, "http://8.8.8.8/"), "has the scheme http, not https")
	listed, err := ParseList("media=" + server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := get(t, listed, server.URL); err != nil {
		t.Errorf("what is on the list: %v", err)
	}
	expectRefused(t, get(t, listed, strings.Replace(server.URL, "http://", "http://user:SECRET@", 1)), "has a user")
}

// TestRefusedOverIPv6: the judgement is about every address that may be dialled.
func TestRefusedOverIPv6(t *testing.T) {
	for _, host := range []string{"[::1]", "[::ffff:127.0.0.1]", "[fd00:ec2::254]", "[fe80::1]", "169.254.169.254", "0.0.0.0", "[::]"} {
		expectRefused(t, get(t, List{}, "https://"+host+":1/latest?SIGNATURE"), "not at a public address")
	}
}

// TestBehindAProxy: a proxy may be anywhere; whatever it is used for is judged by its name.
func TestBehindAProxy(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	list := List{}
	tr, ok := list.Transport(Media, &http.Transport{}, net.Dialer{}).(*transport)
	if !ok {
		t.Fatal("another transport")
	}
	// The connection to the proxy itself is tried: nobody listens there.
	ctx := t.Context()
	conn, err := tr.dial(withRoute(ctx, route{&url.URL{Scheme: "https", Host: "bucket.example"}, proxy}), "tcp", proxy.Host)
	if err == nil {
		conn.Close()
	}
	var refused *Refused
	if err == nil || errors.As(err, &refused) {
		t.Errorf("got %v, want that nobody listens", err)
	}
	if _, err := tr.dial(ctx, "tcp", "127.0.0.1:1"); err == nil {
		t.Error("a connection without a request is made")
	}
}
