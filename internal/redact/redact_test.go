package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	const secret = "s3cr3t/with+signs"
	for text, want := range map[string]string{
		"nothing of it":                        "nothing of it",
		"a s3cr3t/with+signs b":                "a [redacted] b",
		"s3cr3t%2Fwith%2Bsigns":                "[redacted]",
		"s3cr3t%2fwith%2bsigns":                "[redacted]",
		`"s3cr3t\/with+signs"`:                 `"[redacted]"`,
		"s3cr3t/with+s3cr3t":                   "s3cr3t/with+s3cr3t",
		"Basic aWQ6czNjcjN0L3dpdGgrc2lnbnM= x": "Basic [redacted] x",
	} {
		if got := Text(text, secret, "", "abc"); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// ways are the ways in which a server may write what it was sent.
var ways = map[string]func(string) string{
	"as it is":     func(s string) string { return s },
	"query":        url.QueryEscape,
	"path":         url.PathEscape,
	"lower query":  func(s string) string { return lowerPercent(url.QueryEscape(s)) },
	"percent":      percent,
	"JSON":         func(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) },
	"JSON, ASCII":  func(s string) string { q := strconv.QuoteToASCII(s); return q[1 : len(q)-1] },
	"JSON slashes": func(s string) string { return strings.ReplaceAll(quoted(s, false), "/", `\/`) },
	"HTML":         html.EscapeString,
	"hex":          func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":          func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
}

var alphabets = map[string]*base64.Encoding{
	"std": base64.StdEncoding, "raw std": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
}

// TestNoFormOfASecretStays: whatever is around it, and however it is written. What
// is left is compared with what would be left of a text with another secret: it
// must not depend on the secret.
func TestNoFormOfASecretStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Both have the same form, so that all that differs is the secret itself.
		form := rapid.SampledFrom([]string{"[a-zA-Z0-9]", "[a-z0-9+/=&<>'\"% -]", "[äß€😀x/]"}).Draw(t, "form")
		secret := rapid.StringMatching(form+"{8,40}").Draw(t, "secret")
		before := rapid.StringMatching(`[ -~]{0,9}`).Draw(t, "before")
		after := rapid.StringMatching(`[ -~]{0,9}`).Draw(t, "after")
		way := rapid.SampledFrom(keys(ways)).Draw(t, "way")
		alphabet := rapid.SampledFrom(keys(alphabets)).Draw(t, "alphabet")

		if way != "JSON, ASCII" || !strings.ContainsAny(secret, "😀") { // Go's own notation, not JSON's
			if got := Text("<<"+ways[way](secret)+">>", secret); got != "<<"+Mark+">>" {
				t.Fatalf("%s: %q became %q", way, ways[way](secret), got)
			}
		}
		inside := alphabets[alphabet].EncodeToString([]byte(before + secret + after))
		if got := Text("Basic "+inside+".", secret); got != "Basic "+Mark+"." {
			t.Fatalf("%s: %q became %q", alphabet, inside, got)
		}
		if got := Text("a="+url.QueryEscape(inside)+"&", secret); strings.Contains(got, encoded(secret)[0]) {
			t.Fatalf("%s in a query: %q became %q", alphabet, inside, got)
		}
	})
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
