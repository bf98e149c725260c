package egress

import (
	"net/netip"
	"testing"
)

func TestNotPublic(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "10.255.0.1": "private", "100.64.0.1": "shared (CGNAT)", "100.100.100.200": "shared (CGNAT)",
		"127.0.0.1": "loopback", "127.255.255.254": "loopback", "168.63.129.16": "metadata", "169.254.169.254": "link-local",
		"172.16.0.1": "private", "172.31.255.255": "private", "192.0.0.192": "special", "192.0.2.1": "documentation", "192.168.1.1": "private",
		"198.18.0.1": "benchmark", "224.0.0.1": "multicast", "255.255.255.255": "reserved",
		"::": "special", "::1": "loopback", "fd00:ec2::254": "private", "fe80::1": "link-local", "fe80::1%eth0": "special", "ff02::1": "multicast",
		"::ffff:127.0.0.1": "special", "::ffff:8.8.8.8": "special", "::7f00:1": "special", "2002:7f00:1::": "6to4", "2001:0:1::1": "special",
		"64:ff9b::10.0.0.1": "private", "64:ff9b::169.254.169.254": "link-local", "64:ff9b:1::1": "special", "fec0::1": "special",
		"8.8.8.8": "", "1.1.1.1": "", "100.63.255.255": "", "100.128.0.0": "", "172.15.0.1": "", "172.32.0.1": "", "168.63.129.17": "",
		"2a00:1450:4001::1": "", "2600:1f18::1": "", "64:ff9b::8.8.8.8": "",
	} {
		if got := notPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

// TestNamesThatAProxyWouldResolve: numbers in the notations that resolvers in C
// take, and names that mean something in one network only.
func TestNamesThatAProxyWouldResolve(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "local", "LOCALHOST.": "local", "metadata": "local", "metadata.google.internal": "local", "vault.svc": "local",
		"kubernetes.default.svc.cluster.local": "local", "printer.lan": "local", "a.localhost": "local", ".": "local",
		"2130706433": "local", "0x7f.1": "special", "127.1": "special", "0177.0.0.1": "special", "10.0.0.1": "private", "::1": "loopback",
		"bucket.s3.eu-west-1.amazonaws.com": "", "api.mypurecloud.ie": "", "8.8.8.8": "",
	} {
		if got := notPublicName(host); got != want {
			t.Errorf("%s is %q, want %q", host, got, want)
		}
	}
}
