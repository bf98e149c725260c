package recordingexportbatch

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Intervals says how often the reconciler evaluates and polls.
type Intervals struct {
	// Retry is the wait before the next evaluation after an error outside the pools of the
	// lanes.
	Retry time.Duration
	// StepTimeout is how long an evaluation of a batch may take; 0 is without end.
	StepTimeout time.Duration
	// FirstPoll is the wait before each of the first two polls of a batch request; from then
	// on the wait doubles up to LastPoll.
	FirstPoll, LastPoll time.Duration
	// Missing is how long to wait for the rest of a batch request that has given all it
	// expects to give, but less than was requested.
	Missing time.Duration
	// NoProgress is the longest wait for a batch request without progress.
	NoProgress time.Duration
	// Queue is how long after a look at the queue for recording bulk jobs the next one follows.
	Queue time.Duration
	// Listed is how long after the attempt to create it a recording bulk job may still be missing in
	// the list of jobs.
	Listed time.Duration
}

// DefaultIntervals returns the intervals that the manager uses.
func DefaultIntervals() Intervals {
	return Intervals{
		Retry: 10 * time.Second, StepTimeout: 90 * time.Second, FirstPoll: time.Second, LastPoll: 15 * time.Second,
		Missing: time.Minute, NoProgress: 10 * time.Minute, Queue: 15 * time.Second, Listed: bulk.ListedAfter,
	}
}

// Backoff is that of the pool that reads archives for states and inventories: the wait is always
// Retry, and an error is not a failure of the step that needs them.
func (p Intervals) Backoff(error, int) transfer.Pause { return transfer.Pause{Wait: p.Retry} }

// limitedTo shortens NoProgress, to Missing at least, so that maxIncompleteRequests requests without
// progress end within a deadline.
func (p Intervals) limitedTo(deadline time.Duration) Intervals {
	p.NoProgress = max(p.Missing, min(p.NoProgress, deadline/maxIncompleteRequests))
	return p
}
