package egress

import (
	"net/netip"
	"strings"
)

// special are the ranges of addresses that are not for everybody to reach, with a
// word for each (IANA's registries of special-purpose addresses for IPv4 and IPv6,
// and the addresses of clouds' metadata services).
var special = []struct {
	what   string
	prefix netip.Prefix
}{
	{"unspecified", netip.MustParsePrefix("0.0.0.0/8")},
	{"private", netip.MustParsePrefix("10.0.0.0/8")},
	{"shared (CGNAT)", netip.MustParsePrefix("100.64.0.0/10")},
	{"loopback", netip.MustParsePrefix("127.0.0.0/8")},
	{"metadata", netip.MustParsePrefix("168.63.129.16/32")}, // Azure
	{"link-local", netip.MustParsePrefix("169.254.0.0/16")}, // metadata of most clouds
	{"private", netip.MustParsePrefix("172.16.0.0/12")},
	{"special", netip.MustParsePrefix("192.0.0.0/24")}, // metadata of Oracle Cloud
	{"documentation", netip.MustParsePrefix("192.0.2.0/24")},
	{"relay", netip.MustParsePrefix("192.88.99.0/24")},
	{"private", netip.MustParsePrefix("192.168.0.0/16")},
	{"benchmark", netip.MustParsePrefix("198.18.0.0/15")},
	{"documentation", netip.MustParsePrefix("198.51.100.0/24")},
	{"documentation", netip.MustParsePrefix("203.0.113.0/24")},
	{"multicast", netip.MustParsePrefix("224.0.0.0/4")},
	{"reserved", netip.MustParsePrefix("240.0.0.0/4")},

	{"loopback", netip.MustParsePrefix("::1/128")},
	{"private", netip.MustParsePrefix("fc00::/7")}, // metadata of AWS
	{"link-local", netip.MustParsePrefix("fe80::/10")},
	{"multicast", netip.MustParsePrefix("ff00::/8")},
	{"special", netip.MustParsePrefix("2001::/23")}, // Teredo among them, which contains an IPv4 address
	{"documentation", netip.MustParsePrefix("2001:db8::/32")},
	{"6to4", netip.MustParsePrefix("2002::/16")}, // contains an IPv4 address
	{"documentation", netip.MustParsePrefix("3fff::/20")},
}

var (
	// global is where all public IPv6 addresses are.
	global = netip.MustParsePrefix("2000::/3")
	// nat64 is how a network without IPv4 writes IPv4 addresses (RFC 6052).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// notPublic names what an address is that is not public; empty if it is public.
// An address of NAT64 is what the IPv4 address in its last four bytes is.
func notPublic(address netip.Addr) string {
	if nat64.Contains(address) {
		bytes := address.As16()
		address = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if !address.IsValid() || address.Is4In6() || address.Zone() != "" {
		return "special"
	}
	for _, s := range special {
		if s.prefix.Contains(address) {
			return s.what
		}
	}
	if address.Is6() && !global.Contains(address) {
		return "special"
	}
	return ""
}

// localSuffixes are the ends of names that mean something in one network only.
var localSuffixes = []string{".localhost", ".local", ".internal", ".svc", ".lan", ".home.arpa"}

// notPublicName names what a host is that is certain not to be public, whatever it
// resolves to; empty for any other. It serves where a proxy resolves names.
func notPublicName(host string) string {
	if address, err := netip.ParseAddr(host); err == nil {
		return notPublic(address)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case last == "" || last == host:
		return "local"
	case last[0] >= '0' && last[0] <= '9': // an IPv4 address in another notation
		return "special"
	}
	for _, suffix := range localSuffixes {
		if strings.HasSuffix(host, suffix) {
			return "local"
		}
	}
	return ""
}
