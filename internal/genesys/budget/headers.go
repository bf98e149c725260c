package budget

import (
	"net/http"
	"strconv"
	"time"
)

// maxReset bounds what an answer may say of its window's end. Genesys Cloud
// says 61 seconds at most; what says more counts differently from what we know.
const maxReset = 2 * time.Minute

// Headers is what an answer of Genesys Cloud says about the budget. The zero
// value says nothing.
type Headers struct {
	// Allowed is how many requests Genesys Cloud accepts in a window.
	Allowed int
	// Count is how many it has counted in the present one.
	Count int
	// Reset is the time until the present window ends.
	Reset time.Duration
}

// ParseHeaders reads the inin-ratelimit-* headers. If one of them is missing or
// is not a number, the result is zero.
func ParseHeaders(header http.Header) Headers {
	allowed, okAllowed := number(header, "inin-ratelimit-allowed")
	count, okCount := number(header, "inin-ratelimit-count")
	reset, okReset := number(header, "inin-ratelimit-reset")
	if !okAllowed || !okCount || !okReset {
		return Headers{}
	}
	seconds := min(reset, int(maxReset/time.Second))
	return Headers{Allowed: allowed, Count: count, Reset: time.Duration(seconds) * time.Second}
}

func number(header http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(header.Get(name))
	return n, err == nil && n >= 0
}

// amplePercent is the part of the allowance below which a 429 cannot be about it.
// The rest is for requests that were counted while the answer was written.
const amplePercent = 90

// Ample reports whether the headers say that less than 90 % of the allowance is
// used. A 429 that says so is not about the allowance.
func (h Headers) Ample() bool { return h.told() && 100*h.Count < amplePercent*h.Allowed }

// told is whether the headers tell anything.
func (h Headers) told() bool { return h.Allowed > 0 }
