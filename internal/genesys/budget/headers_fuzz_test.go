package budget

import (
	"net/http"
	"testing"
)

// FuzzParseHeaders: an answer never says less than nothing, nor bars us for long.
func FuzzParseHeaders(f *testing.F) {
	f.Add("300", "12", "48")
	f.Add("-1", "99999999999999999999", "0x10")
	f.Add("0", "1", "9223372036854775807")
	f.Fuzz(func(t *testing.T, allowed, count, reset string) {
		got := ParseHeaders(http.Header{"Inin-Ratelimit-Allowed": {allowed}, "Inin-Ratelimit-Count": {count}, "Inin-Ratelimit-Reset": {reset}})
		if got.Allowed < 0 || got.Count < 0 || got.Reset < 0 || got.Reset > maxReset {
			t.Errorf("%q, %q, %q: %+v", allowed, count, reset, got)
		}
	})
}
