package genesys

import (
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
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
	if got, ok := RegionURL("mx-central-1"); !ok || got != "https://api.mxc1.pure.cloud" {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := RegionURL("eu-west-1"); !ok || got != "https://api.mypurecloud.ie" {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := RegionURL("nowhere"); ok || got != "" {
		t.Errorf("got %q, %v", got, ok)
	}
}

// TestRegionsCanBeNamed: what the API server accepts, and what the documentation
// lists, are the regions that there are.
func TestRegionsCanBeNamed(t *testing.T) {
	name := regexp.MustCompile(`\b[a-z]{2,4}(-[a-z]+)+-[0-9]\b`)
	for _, file := range []struct{ path, from, to string }{
		{"../../config/crd/bases/recording.gcexport.dev_genesysorganizations.yaml", "\n              region:", "type: string"},
		{"../../docs/spec/v1alpha1/genesysorganizations.md", "\n| `region` |", "|\n"},
	} {
		text, err := os.ReadFile(file.path)
		if err != nil {
			t.Fatal(err)
		}
		_, list, found := strings.Cut(string(text), file.from)
		list, _, ended := strings.Cut(list, file.to)
		if !found || !ended {
			t.Fatalf("%s lists no regions", file.path)
		}
		named := slices.Sorted(slices.Values(name.FindAllString(list, -1)))
		if want := slices.Sorted(maps.Keys(regions)); !slices.Equal(named, want) {
			t.Errorf("%s names %v, want %v", file.path, named, want)
		}
	}
}
