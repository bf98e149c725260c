package recordingexportbatch

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// progress tells when a batch request will give no more.
type progress struct {
	pace Intervals
	// longest is the longest wait between two looks, 0 for that of pace: addresses
	// that live for a short time have to be seen soon.
	longest time.Duration
	// polls is how often the request was looked at, since when it last moved.
	polls    int
	since    time.Time
	expected int
	results  int
	// moved tells whether the last look brought a file.
	moved bool
	// misses counts the looks since then that failed.
	misses int
}

// maxMisses is how many looks in a row may fail before the work starts again. A single
// failed look must not restart it: all that was waited for would be forgotten, and
// where one look in three fails, no wait would ever come to its end.
const maxMisses = 5

// missed tells whether a look failed in a way that the next one may not.
func (p *progress) missed(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindTransient, genesys.KindTimeout, genesys.KindMalformed:
		p.misses++
		return p.misses <= maxMisses
	default:
		return false
	}
}

// delay is how long to wait before the next look: twice the first wait, since a
// request that is complete shows it in two looks, then longer each time.
func (p *progress) delay() time.Duration {
	delay := min(p.pace.FirstPoll<<max(0, min(p.polls-1, 20)), p.pace.LastPoll)
	if p.longest > 0 {
		delay = min(delay, max(p.longest, p.pace.FirstPoll))
	}
	return delay
}

// pause leaves out of account that a look took so long: what waits for its
// answer, for the budget above all, is not the request.
func (p *progress) pause(d time.Duration) { p.since = p.since.Add(d) }

// over takes what was just seen. A request is over when every recording has its
// answer and the expected number was the same in two looks, unless addresses
// expired while others were fetched: the next look may show new ones; when it has
// given all it expects to give, though not all that was asked for, for
// pace.Missing; or when it has not progressed for pace.Patience.
func (p *progress) over(status genesys.BatchStatus, lines ledger, now time.Time) bool {
	same := p.polls > 0 && status.Expected == p.expected && len(status.Results) == p.results
	if !same || p.moved {
		p.since = now
	}
	p.polls++
	p.misses = 0
	steady := p.polls > 1 && status.Expected == p.expected
	p.expected, p.results = status.Expected, len(status.Results)
	still := now.Sub(p.since)
	switch {
	case lines.open() == 0:
		return steady && (!p.moved || !lines.expired())
	case status.Expected > 0 && len(status.Results) >= status.Expected:
		return still >= p.pace.Missing
	default:
		return still >= p.pace.NoProgress
	}
}
