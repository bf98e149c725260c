package egress

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Purpose is what an address is used for.
type Purpose string

// The purposes.
const (
	// Genesys is the Platform API and its login.
	Genesys Purpose = "genesys"
	// Media is a recording's content, at a signed URL that Genesys Cloud gives.
	Media Purpose = "media"
	// S3 is where evidence is stored.
	S3 Purpose = "s3"
	// Timestamp is an RFC 3161 authority.
	Timestamp Purpose = "timestamp"
)

// Flag is the flag of the programs that sets the list.
const Flag = "--allow-endpoints"

// Usage describes the flag.
const Usage = "comma-separated `list` of endpoints, each as purpose=scheme://host:port, to which the operator may connect in addition to " +
	"Genesys Cloud's regions and Amazon S3, also at private IP addresses and over http; purposes: genesys (spec.endpoint of a GenesysOrganization), " +
	"media (signed URLs of recordings), s3 (spec.s3.endpoint of an ExportDestination, spec.delivery.bulkJob.s3.endpoint), timestamp (spec.signing.timestamp.url); a host may begin with \"*.\" (default none)"

// List contains the addresses to which the operator may connect in addition to public ones over
// https, each for one purpose. The zero value is the empty list.
type List struct {
	entries []entry
	any     bool
}

// entry is one address: exactly this host, or with wildcard all names below it.
type entry struct {
	purpose            Purpose
	scheme, host, port string
	wildcard           bool
}

// Any returns a list that contains every address, for programs whose user names the addresses,
// and for tests.
func Any() List { return List{any: true} }

// ParseList parses the value of the flag: a comma-separated list of
// purpose=scheme://host:port, each part of which must be there. The error says how
// to write the entry that is wrong.
func ParseList(text string) (List, error) {
	var list List
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		parsed, err := parseEntry(part)
		if err != nil {
			return List{}, fmt.Errorf("%s: %w", Flag, err)
		}
		list.entries = append(list.entries, parsed)
	}
	return list, nil
}

// parseEntry parses one address.
func parseEntry(text string) (entry, error) {
	wrong := func(says string) (entry, error) {
		return entry{}, fmt.Errorf("%q %s; write purpose=scheme://host:port, for example %s", text, says, example(text))
	}
	purpose, address, found := strings.Cut(text, "=")
	if !found || strings.Contains(purpose, "/") {
		return wrong("has no purpose")
	}
	switch Purpose(purpose) {
	case Genesys, Media, S3, Timestamp:
	default:
		return wrong("has an unknown purpose: it must be genesys, media, s3 or timestamp")
	}
	at, err := url.Parse(address)
	if says := wrongAddress(at, err); says != "" {
		return wrong(says)
	}
	host, wildcard := strings.CutPrefix(hostOf(at), "*.")
	return entry{Purpose(purpose), at.Scheme, host, at.Port(), wildcard}, nil
}

// wrongAddress says what an entry's address lacks, or has too much; empty if it is
// scheme://host:port.
func wrongAddress(at *url.URL, err error) string {
	switch {
	case err != nil || at.Scheme != "https" && at.Scheme != "http":
		return "has no scheme https or http"
	case at.User != nil || at.Path != "" && at.Path != "/" || at.RawQuery != "" || at.Fragment != "":
		return "has more than a scheme, a host and a port"
	case at.Port() == "":
		return "has no port"
	}
	if n, err := strconv.Atoi(at.Port()); err != nil || n < 1 || n > 65535 {
		return "has no valid port"
	}
	if host := strings.TrimPrefix(hostOf(at), "*."); host == "" || strings.Contains(host, "*") {
		return "has no valid host"
	}
	return ""
}

// example is how an entry could be written that was written in another way.
func example(text string) string {
	purpose, rest, found := strings.Cut(text, "=")
	if !found || strings.ContainsAny(purpose, ":/") {
		purpose, rest = string(Genesys), text
	}
	scheme, host, found := strings.Cut(rest, "://")
	if !found {
		scheme, host = "https", rest
	}
	host, _, _ = strings.Cut(host, "/")
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, defaultPort(scheme)
	}
	if name == "" {
		name = "host.example"
	}
	return purpose + "=" + scheme + "://" + net.JoinHostPort(strings.Trim(name, "[]"), port)
}

// With returns the list with one more address, exactly this one.
func (l List) With(purpose Purpose, address *url.URL) List {
	l.entries = append(slices.Clip(l.entries), entry{purpose: purpose, scheme: address.Scheme, host: hostOf(address), port: portOf(address)})
	return l
}

// Allows reports whether an address is on the list for a purpose. For S3 a bucket's
// host below a listed one is too, and for Genesys Cloud the host login.X that
// belongs to a listed api.X, where its tokens come from.
func (l List) Allows(purpose Purpose, address *url.URL) bool {
	if l.any {
		return true
	}
	host, port := hostOf(address), portOf(address)
	for _, e := range l.entries {
		if e.purpose == purpose && e.scheme == address.Scheme && e.port == port && e.covers(host) {
			return true
		}
	}
	return false
}

// covers reports whether a host is the entry's, or belongs to it.
func (e entry) covers(host string) bool {
	below := strings.HasSuffix(host, "."+e.host)
	if e.wildcard {
		return below
	}
	rest, isAPI := strings.CutPrefix(e.host, "api.")
	return host == e.host || below && e.purpose == S3 || isAPI && e.purpose == Genesys && host == "login."+rest
}

// Setting is the flag with an entry that allows an address.
func Setting(purpose Purpose, address *url.URL) string {
	return fmt.Sprintf("%s=%s=%s://%s", Flag, purpose, address.Scheme, net.JoinHostPort(hostOf(address), portOf(address)))
}

// hostOf is an address's host, in the form that is compared.
func hostOf(address *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(address.Hostname()), ".")
}

func portOf(address *url.URL) string {
	if port := address.Port(); port != "" {
		return port
	}
	return defaultPort(address.Scheme)
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}
