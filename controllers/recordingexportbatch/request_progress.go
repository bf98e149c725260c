package recordingexportbatch

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// requestProgress decides when a batch request will give no more.
type requestProgress struct {
	intervals Intervals
	// maxDelay is the longest wait between two polls, 0 for that of intervals: addresses that
	// expire soon must be seen soon.
	maxDelay time.Duration
	// polls counts the polls of the request; since is the time of the last progress.
	polls    int
	since    time.Time
	expected int
	results  int
	// gotFile tells whether the last poll brought a file.
	gotFile bool
	// failedPolls counts the failed polls since the last one that succeeded.
	failedPolls int
}

// maxFailedPolls is how many polls in a row may fail before the work ends with an error. A
// single failed poll must not restart the work: the wait would begin from zero, and if one
// poll in three fails, no wait would ever end.
const maxFailedPolls = 5

// toleratesFailure tells whether polling continues after an error. The next poll may succeed
// after a transient error, up to maxFailedPolls in a row.
func (p *requestProgress) toleratesFailure(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindTransient, genesys.KindTimeout, genesys.KindMalformed:
		p.failedPolls++
		return p.failedPolls <= maxFailedPolls
	default:
		return false
	}
}

// nextDelay returns the wait before the next poll. The first two waits are equal, because a
// complete request shows that in two polls; after that the wait doubles up to LastPoll.
func (p *requestProgress) nextDelay() time.Duration {
	delay := min(p.intervals.FirstPoll<<max(0, min(p.polls-1, 20)), p.intervals.LastPoll)
	if p.maxDelay > 0 {
		delay = min(delay, max(p.maxDelay, p.intervals.FirstPoll))
	}
	return delay
}

// excludePollTime excludes the duration of a poll from the time without progress: most of it
// is waiting for the request budget.
func (p *requestProgress) excludePollTime(d time.Duration) { p.since = p.since.Add(d) }

// isOver takes in the answer to a poll, and tells whether the request will give no more. That
// is so when every recording has its answer and two polls expected the same number, unless
// addresses expired while others were fetched: the next poll may show new ones. It is also so
// when the request has given all it expects to give, but less than was requested, for
// intervals.Missing; or has made no progress for intervals.NoProgress.
func (p *requestProgress) isOver(status genesys.BatchStatus, recordings recordingStates, now time.Time) bool {
	same := p.polls > 0 && status.Expected == p.expected && len(status.Results) == p.results
	if !same || p.gotFile {
		p.since = now
	}
	p.polls++
	p.failedPolls = 0
	steady := p.polls > 1 && status.Expected == p.expected
	p.expected, p.results = status.Expected, len(status.Results)
	still := now.Sub(p.since)
	switch {
	case recordings.countExpectingMore() == 0:
		return steady && (!p.gotFile || !recordings.onlyExpired())
	case status.Expected > 0 && len(status.Results) >= status.Expected:
		return still >= p.intervals.Missing
	default:
		return still >= p.intervals.NoProgress
	}
}
