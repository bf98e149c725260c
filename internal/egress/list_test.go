package egress

import (
	"net/url"
	"strings"
	"testing"
)

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAllows(t *testing.T) {
	const text = "genesys=https://api.genesys.example:443, s3=http://minio:9000,media=https://*.s3.example:443,timestamp=http://tsa.example:80,genesys=http://[::1]:8080"
	list, err := ParseList(text)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		purpose Purpose
		address string
		want    bool
	}{
		{Genesys, "https://api.genesys.example", true},
		{Genesys, "https://API.genesys.example.:443/prefix", true},
		{Genesys, "https://login.genesys.example/oauth/token", true},
		{Genesys, "https://apps.genesys.example", false},
		{Genesys, "https://x.api.genesys.example", false},
		{Genesys, "http://api.genesys.example:443", false},
		{Genesys, "https://api.genesys.example:8443", false},
		{Genesys, "http://[::1]:8080", true},
		{Genesys, "http://minio:9000", false},
		{S3, "http://minio:9000", true},
		{S3, "http://evidence.minio:9000/key", true},
		{S3, "http://evilminio:9000", false},
		{S3, "http://minio:9001", false},
		{Media, "https://minio:9000", false},
		{Media, "https://bucket.s3.example/k?X-Amz-Signature=x", true},
		{Media, "https://s3.example/k", false},
		{Media, "https://bucket.s3.example.evil/k", false},
		{Timestamp, "http://tsa.example", true},
		{Timestamp, "https://tsa.example", false},
	}
	for _, tt := range tests {
		if got := list.Allows(tt.purpose, parsed(t, tt.address)); got != tt.want {
			t.Errorf("%s for %s: %v, want %v", tt.address, tt.purpose, got, tt.want)
		}
		if !Any().Allows(tt.purpose, parsed(t, tt.address)) || (List{}).Allows(tt.purpose, parsed(t, tt.address)) {
			t.Errorf("%s: it is not on the list of all, or on the empty one", tt.address)
		}
	}
}

// TestWhatIsNoEntry: each error says how to write the entry.
func TestWhatIsNoEntry(t *testing.T) {
	for text, want := range map[string]string{
		"genesys.example":                       "genesys=https://genesys.example:443",
		"localhost:8080":                        "genesys=https://localhost:8080",
		"http://localhost:8080":                 "genesys=http://localhost:8080",
		"http://localhost/?a=b":                 "genesys=http://localhost:80",
		"s3=minio:9000":                         "s3=https://minio:9000",
		"s3=http://minio":                       "s3=http://minio:80",
		"s3=http://minio:":                      "has no port",
		"s3=http://minio:0":                     "has no valid port",
		"s3=http://minio:65536":                 "has no valid port",
		"s3=":                                   "s3=https://host.example:443",
		"s3=http://minio:9000/bucket":           "s3=http://minio:9000",
		"s3=http://u:p@minio:9000":              "has more than",
		"s3=http://minio:9000?a=b":              "has more than",
		"s3=ftp://minio:21":                     "has no scheme",
		"swift=https://minio:9000":              "must be genesys, media, s3 or timestamp",
		"media=https://*:443":                   "has no valid host",
		"media=https://a.*.b:443":               "has no valid host",
		"genesys=https://a:443,genesys.example": "genesys=https://genesys.example:443",
		"genesys=https://a b:443":               "has no scheme",
	} {
		if _, err := ParseList(text); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "--allow-endpoints: ") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", " , ", "media=https://*.b:443/"} {
		if _, err := ParseList(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzParseList: whatever is taken allows what the flag that names it says.
func FuzzParseList(f *testing.F) {
	f.Add("genesys=https://api.genesys.example:443,s3=http://minio:9000")
	f.Add("media=https://*.s3.example:443")
	f.Add("timestamp=http://[::1%25eth0]:80")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseList(text)
		if err != nil {
			return
		}
		for _, e := range list.entries {
			host := e.host
			if e.wildcard {
				host = "x." + host
			}
			if !list.Allows(e.purpose, &url.URL{Scheme: e.scheme, Host: "[" + host + "]:" + e.port}) {
				t.Errorf("%q: %+v does not allow itself", text, e)
			}
		}
	})
}
