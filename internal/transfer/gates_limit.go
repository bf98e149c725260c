package transfer

import "github.com/gcexport/recording-export-operator/internal/genesys"

// verdict is what the end of a request says about the load of Genesys Cloud.
type verdict int

const (
	// neutral: the request was throttled, cancelled, refused or not made.
	neutral verdict = iota
	// succeeded: the answer came.
	succeeded
	// overwhelmed: the answer came too late, or was a 5xx.
	overwhelmed
)

// verdictOf judges how a request ended. Throttling is the budget's concern. A refusal or a
// malformed answer would be the same with fewer requests in flight.
func verdictOf(err error) verdict {
	if err == nil {
		return succeeded
	}
	switch genesys.KindOf(err) {
	case genesys.KindTimeout, genesys.KindTransient, genesys.KindOverloaded:
		return overwhelmed
	default:
		return neutral
	}
}

const (
	// divisor is what the limit is divided by when Genesys Cloud is overwhelmed.
	divisor = 2
	// minLimit is the lowest limit: with one request in flight the gate notices when Genesys
	// Cloud recovers.
	minLimit = 1
)

// limit is how many requests Genesys Cloud can take, as far as is known: additive
// increase, multiplicative decrease. The zero value knows nothing.
//
// The limit grows by one each time as many requests as it allows have succeeded, up to the
// ceiling of whoever made them. A request that overwhelms Genesys Cloud cuts it in half.
// Of requests that were in flight together only the first one cuts, because they all have
// the same cause.
type limit struct {
	// known is the limit, 0 as long as no request has overwhelmed Genesys Cloud.
	known float64
	// cuts counts the cuts.
	cuts int
}

// allowed is how many requests may be in flight for an export with a ceiling.
func (l *limit) allowed(ceiling int) int {
	if l.known == 0 {
		return ceiling
	}
	return max(minLimit, min(int(l.known), ceiling))
}

// update changes the limit after a request that was made with a ceiling, and sent when the
// limit had been cut so often.
func (l *limit) update(v verdict, ceiling, cuts int) {
	switch {
	case v == overwhelmed && cuts == l.cuts:
		l.known = max(minLimit, float64(l.allowed(ceiling))/divisor)
		l.cuts++
	case v == succeeded && l.known > 0 && l.known < float64(ceiling):
		l.known = min(l.known+1/l.known, float64(ceiling))
	}
}
