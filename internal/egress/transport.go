package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

// maxHeader bounds the header of an answer, in bytes. Go's own bound is 10 MB.
const maxHeader = 256 << 10

// Refused is the error for an address to which the operator does not connect. It contains only
// the host of the address.
type Refused struct{ Says string }

// Error names the address and the flag that would allow it.
func (r *Refused) Error() string { return r.Says }

// refuse makes the error for an address.
func refuse(purpose Purpose, address *url.URL, why string) error {
	return &Refused{fmt.Sprintf("%s %s; start the manager with %s to allow this", address.Hostname(), why, Setting(purpose, address))}
}

// Check refuses an address whose form alone forbids using it for a purpose:
// http if it is not on the list, or a user, who would be sent as Authorization.
func (l List) Check(purpose Purpose, address *url.URL) error {
	switch {
	case address.Hostname() == "" || address.Scheme != "https" && address.Scheme != "http":
		return &Refused{"the address is neither https nor http"}
	case address.User != nil:
		return &Refused{"the address has a user"}
	case address.Scheme == "http" && !l.Allows(purpose, address):
		return refuse(purpose, address, "has the scheme http, not https")
	default:
		return nil
	}
}

// Transport limits a transport to one purpose: it connects only to addresses on the list, and
// to public ones over https. It sets the dialer and the proxy of the transport.
//
// A proxy from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) belongs to the
// platform: it may be at any address. It resolves names itself, so that what
// cannot be judged by its name is left to the proxy, which has to refuse what is
// private.
func (l List) Transport(purpose Purpose, base *http.Transport, dialer net.Dialer) http.RoundTripper {
	t := &transport{list: l, purpose: purpose, base: base, free: dialer, guarded: dialer}
	t.guarded.ControlContext = judge
	base.DialContext = t.dial
	base.Proxy = func(r *http.Request) (*url.URL, error) { return routeOf(r.Context()).proxy, nil }
	base.MaxResponseHeaderBytes = maxHeader
	return t
}

type transport struct {
	list    List
	purpose Purpose
	base    *http.Transport
	// free connects to any address, guarded to public ones.
	free, guarded net.Dialer
}

// route is how a request leaves: to which address, and through which proxy, if any.
type route struct {
	address *url.URL
	proxy   *url.URL
}

type routeKey struct{}

func routeOf(ctx context.Context) route {
	r, _ := ctx.Value(routeKey{}).(route)
	return r
}

func withRoute(ctx context.Context, to route) context.Context {
	return context.WithValue(ctx, routeKey{}, to)
}

// RoundTrip sends a request if its address is allowed.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := t.route(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	return t.base.RoundTrip(r.WithContext(withRoute(r.Context(), to)))
}

// CloseIdleConnections closes the connections that are kept for the next request.
func (t *transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// route finds the way of a request.
func (t *transport) route(r *http.Request) (route, error) {
	if err := t.list.Check(t.purpose, r.URL); err != nil {
		return route{}, err
	}
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return route{}, errors.New("the proxy that the environment names is not a URL") // err contains it
	}
	to := route{r.URL, proxy}
	if proxy == nil || t.list.Allows(t.purpose, r.URL) {
		return to, nil
	}
	if what := notPublicName(r.URL.Hostname()); what != "" {
		return route{}, refuse(t.purpose, r.URL, "is not a public address ("+what+")")
	}
	return to, nil
}

// dial connects to an address or to the proxy in front of it.
func (t *transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to := routeOf(ctx)
	if to.address == nil {
		return nil, errors.New("a connection without a request")
	}
	if to.proxy != nil || t.list.Allows(t.purpose, to.address) {
		return t.free.DialContext(ctx, network, address)
	}
	conn, err := t.guarded.DialContext(ctx, network, address)
	var bad notPublicError
	if errors.As(err, &bad) {
		return nil, refuse(t.purpose, to.address, "is not at a public address ("+string(bad)+")")
	}
	return conn, err
}

// notPublicError is what an address is that is not connected to.
type notPublicError string

func (e notPublicError) Error() string { return "not a public address (" + string(e) + ")" }

// judge refuses a connection to an address that is not public. It is called with
// the address that the name was resolved to, right before the connection is made.
func judge(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return notPublicError("special")
	}
	if what := notPublic(at.Addr()); what != "" {
		return notPublicError(what)
	}
	return nil
}
