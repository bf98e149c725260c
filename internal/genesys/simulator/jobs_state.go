package simulator

import (
	"cmp"
	"time"
)

// The states of a bulk job except for those that it shares with analytics jobs.
//
//	PENDING -> PROCESSING -> READY -> (PUT) -> PROCESSING -> FULFILLED | FAILED
//	any -> (DELETE) -> CANCELLED
const (
	stateReady      = "READY"
	stateProcessing = "PROCESSING"
	stateFailed     = "FAILED"
)

// bulkJob is a bulk job. Once it is submitted only its execution and its end by
// cancelling change it; how far it has come is a matter of the clock.
type bulkJob struct {
	id, client string
	query      jobQuery
	raw        []byte // the query as received
	created    time.Time
	executed   time.Time // zero before
	cancelled  bool
	settled    bool // the outcome was written into the recordings

	// The contents of the job: conversations found, recordings that it is to
	// change, those that it passes over, and those that it cannot change.
	conversations int
	selected      []*Recording
	skipped       int
	broken        []*Recording
	// doom is the error that the job will end with, empty if it will not, and
	// doomed what it stumbles over.
	doom   string
	doomed []*Recording
	// unending jobs stay PROCESSING once they are executed.
	unending bool
	// lasts is how long the job runs once it is executed, 0 if that is for the options to say.
	lasts time.Duration
}

// state is that of the job at a moment, where each half of it takes delay.
func (j *bulkJob) state(now time.Time, delay time.Duration) string {
	switch queried := now.Sub(j.created); {
	case j.cancelled:
		return stateCancelled
	case !j.executed.IsZero():
		return j.running(now, delay)
	case queried >= delay:
		return stateReady
	case queried >= delay/4:
		return stateProcessing
	default:
		return statePending
	}
}

// running is the state of a job that was executed. One that is going to fail
// does so half-way.
func (j *bulkJob) running(now time.Time, delay time.Duration) string {
	delay = cmp.Or(j.lasts, delay)
	switch passed := now.Sub(j.executed); {
	case j.unending && j.doom == "":
		return stateProcessing
	case j.doom != "" && passed >= delay/2:
		return stateFailed
	case passed >= delay:
		return stateFulfilled
	default:
		return stateProcessing
	}
}

// counted reports whether the job knows yet what it is about.
func (j *bulkJob) counted(now time.Time, delay time.Duration) bool {
	return now.Sub(j.created) >= delay
}

// progress is the part of the work that is finished, 0 to 1.
func (j *bulkJob) progress(now time.Time, delay time.Duration) float64 {
	if j.executed.IsZero() {
		return 0
	}
	delay = cmp.Or(j.lasts, delay)
	most := 1.0
	switch {
	case j.doom != "":
		most = 0.5
	case j.unending:
		most = 0.99
	}
	passed := now.Sub(j.executed)
	if passed >= delay {
		return most
	}
	return min(float64(passed)/float64(delay), most)
}

// failures are the recordings that the job has listed as failed by now.
func (j *bulkJob) failures(now time.Time, delay time.Duration) []*Recording {
	switch j.state(now, delay) {
	case stateFailed:
		return j.doomed
	case stateFulfilled:
		return j.broken
	default:
		return nil
	}
}
