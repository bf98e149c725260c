package recordingexport

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/bulk"
)

// Intervals are waits and time limits.
type Intervals struct {
	// Retry is the wait before the next evaluation after an error outside the pool.
	Retry time.Duration
	// FirstPoll is the wait before the first poll of an analytics job. It doubles after each
	// poll. LastPoll is the longest wait between two polls.
	FirstPoll, LastPoll time.Duration
	// Reask is the shortest time between two surveys that ask for a conversation that has not
	// ended.
	Reask time.Duration
	// ForcedDeletion is the longest time between the deletion of an export and the removal of
	// its finalizer, even if its analytics job at Genesys Cloud could not be ended.
	ForcedDeletion time.Duration
	// StepTimeout is the longest time that an evaluation of an export may take; 0 is without
	// end.
	StepTimeout time.Duration
	// LongestWait is the longest time between two evaluations of an export that waits for an
	// instant, so that setting the clock has an effect soon.
	LongestWait time.Duration
	// Listed is how long after the attempt to create it a recording bulk job may still be missing in
	// the list of jobs.
	Listed time.Duration
}

// DefaultIntervals returns the intervals that the manager uses.
func DefaultIntervals() Intervals {
	return Intervals{
		Retry: 10 * time.Second, FirstPoll: time.Second, LastPoll: 15 * time.Second,
		Reask: 15 * time.Minute, ForcedDeletion: 10 * time.Minute, StepTimeout: 90 * time.Second, LongestWait: 15 * time.Minute,
		Listed: bulk.ListedAfter,
	}
}
