package client

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"as it is":           {"Bad request", "Bad request"},
		"lines and tabs":     {" a\r\n\tb ", "a b"},
		"control characters": {"a\x00b\x1b[31mc\u0085d\u2028e", "a b [31mc d e"},
		"direction marks":    {"a\u202eb", "a b"},
		"not UTF-8":          {"a\xffb", "a b"},
		"a URL's query":      {`Get "https://h/p?sig=1&x=2": no`, `Get "https://h/p?[redacted] no`},
		"two of them":        {"/a?b /c?d", "/a?[redacted] /c?[redacted]"},
		"a question":         {"why? because", "why? because"},
		"too long":           {strings.Repeat("a", 30), "aaaaaaaaaaaaaaaaa…"},
		"cut at a character": {strings.Repeat("é", 30), "éééééééé…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			limit := 100
			if len(test.text) > 25 && !strings.Contains(test.text, "?") {
				limit = 20
			}
			if got := clean(test.text, limit); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Get \"https://h/p?sig=1\": \x00no\n")
	f.Add(strings.Repeat("é?x", 100))
	signed := regexp.MustCompile(`\?[^\s\[…]`)
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text, maxWord)
		if len(got) > maxWord || !utf8.ValidString(got) {
			t.Errorf("%d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		if strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("a control character in %q", got)
		}
		if signed.MatchString(got) {
			t.Errorf("a query in %q", got)
		}
	})
}
