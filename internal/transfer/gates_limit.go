package transfer

import "github.com/gcexport/recording-export-operator/internal/genesys"

// verdict is what the end of a request says of how Genesys Cloud copes.
type verdict int

const (
	// silent says nothing: throttled, cancelled, refused, or not even asked.
	silent verdict = iota
	// well: the answer came.
	well
	// badly: it came too late, or was a 5xx.
	badly
)

// verdictOf judges how a request ended. That it was throttled is the budget's
// matter; that it was refused, or its answer malformed, would be so with fewer
// requests in flight too.
func verdictOf(err error) verdict {
	if err == nil {
		return well
	}
	switch genesys.KindOf(err) {
	case genesys.KindTimeout, genesys.KindTransient, genesys.KindOverloaded:
		return badly
	default:
		return silent
	}
}

const (
	// cut is what a request that ended badly divides the limit by.
	cut = 2
	// floor is the lowest limit: one request in flight always tells whether
	// Genesys Cloud copes again.
	floor = 1
)

// limit is how many requests Genesys Cloud copes with, as far as is known:
// additive increase, multiplicative decrease. The zero value knows nothing.
//
// It grows by one with every full round of requests that end well, up to the
// ceiling of whoever made them, and is cut in half by one that ends badly. Of
// the requests that were in flight together only the first such cuts: the others
// tell of the same trouble.
type limit struct {
	// known is the limit, 0 as long as no request has ended badly.
	known float64
	// cuts counts the cuts.
	cuts int
}

// under is how many requests may be in flight for somebody with a ceiling.
func (l *limit) under(ceiling int) int {
	if l.known == 0 {
		return ceiling
	}
	return max(floor, min(int(l.known), ceiling))
}

// learn takes what became of a request that was made under a ceiling, and set
// out when the limit had been cut so often.
func (l *limit) learn(v verdict, ceiling, cuts int) {
	switch {
	case v == badly && cuts == l.cuts:
		l.known = max(floor, float64(l.under(ceiling))/cut)
		l.cuts++
	case v == well && l.known > 0 && l.known < float64(ceiling):
		l.known = min(l.known+1/l.known, float64(ceiling))
	}
}
