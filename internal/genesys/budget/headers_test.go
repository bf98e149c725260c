package budget

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseHeaders(t *testing.T) {
	tests := map[string]struct {
		allowed, count, reset string
		want                  Headers
	}{
		"as sent":                {"300", "12", "48", Headers{300, 12, 48 * time.Second}},
		"a second over a minute": {"180", "1", "61", Headers{180, 1, 61 * time.Second}},
		"window at its end":      {"300", "300", "0", Headers{300, 300, 0}},
		"none":                   {"", "", "", Headers{}},
		"one missing":            {"300", "", "48", Headers{}},
		"not a number":           {"300", "twelve", "48", Headers{}},
		"negative":               {"300", "-1", "48", Headers{}},
		"absurd reset":           {"300", "1", "99999999999", Headers{300, 1, 2 * time.Minute}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			header.Set("inin-ratelimit-allowed", test.allowed)
			header.Set("inin-ratelimit-count", test.count)
			header.Set("inin-ratelimit-reset", test.reset)
			if diff := cmp.Diff(test.want, ParseHeaders(header)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAmple(t *testing.T) {
	for headers, want := range map[Headers]bool{
		{}:                          false, // nothing is known
		{Count: 5}:                  false,
		{Allowed: 300}:              true,
		{Allowed: 300, Count: 12}:   true,
		{Allowed: 300, Count: 269}:  true,
		{Allowed: 300, Count: 270}:  false,
		{Allowed: 300, Count: 300}:  false,
		{Allowed: 300, Count: 1000}: false,
		{Allowed: 1, Count: 0}:      true,
		{Allowed: 1, Count: 1}:      false,
	} {
		if got := headers.Ample(); got != want {
			t.Errorf("%+v: %v, want %v", headers, got, want)
		}
	}
}
