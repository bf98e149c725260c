package genesys

import (
	"net/url"
	"strings"
	"testing"
)

func TestValidID(t *testing.T) {
	tests := map[string]bool{
		"c0000000-0000-4000-8000-00000000000a":      true,
		"C0000000-0000-4000-8000-00000000000A":      true,
		"":                                          false,
		"c0000000-0000-4000-8000-00000000000":       false,
		"c0000000-0000-4000-8000-00000000000g":      false,
		"c0000000-0000-4000-8000-00000000000a\n":    false,
		" c0000000-0000-4000-8000-00000000000a":     false,
		"c0000000-0000-4000-8000-00000000000a/..":   false,
		"{c0000000-0000-4000-8000-00000000000a}":    false,
		"c0000000000040008000-00000000000a":         false,
		"c0000000-0000-4000-8000-00000000000a?x=1":  false,
		"../../c0000000-0000-4000-8000-00000000000": false,
	}
	for id, want := range tests {
		if got := ValidID(id); got != want {
			t.Errorf("%q: got %v", id, got)
		}
	}
}

func TestRegions(t *testing.T) {
	seen := map[string]string{}
	for region, endpoint := range regions {
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "https" || u.Path != "" || !strings.HasPrefix(u.Host, "api.") {
			t.Errorf("%s: %q is not a base URL that the login host can be made of", region, endpoint)
		}
		if seen[endpoint] != "" {
			t.Errorf("%s and %s are the same", region, seen[endpoint])
		}
		seen[endpoint] = region
	}
	if got, ok := RegionURL("eu-west-1"); !ok || got != "https://api.mypurecloud.ie" {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := RegionURL("nowhere"); ok || got != "" {
		t.Errorf("got %q, %v", got, ok)
	}
}
