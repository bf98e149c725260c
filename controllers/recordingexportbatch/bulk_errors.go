package recordingexportbatch

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// bulkWaitError says what is waited for of bulk jobs. Waiting uses up the deadline.
type bulkWaitError struct {
	reason, message string
	last            error
}

func (e *bulkWaitError) Error() string {
	if e.last != nil {
		return fmt.Sprintf("%s; last error: %v", e.message, e.last)
	}
	return e.message
}

func (e *bulkWaitError) Unwrap() error { return e.last }

// Outcome is to wait for the next attempt.
func (e *bulkWaitError) Outcome() outcome.Outcome { return outcome.Wait(e.reason, e.Error(), 0) }

// UsesDeadline tells that waiting uses up the deadline.
func (e *bulkWaitError) UsesDeadline() bool { return true }

// CountsAsFailure tells that the waits become longer.
func (e *bulkWaitError) CountsAsFailure() bool { return true }

// MinWait is the shortest wait before the next attempt: what Genesys Cloud asked for last.
func (e *bulkWaitError) MinWait() time.Duration { return genesys.RetryAfterOf(e.last) }

// queuedError says that it is not the batch's turn to create a job.
type queuedError struct {
	// position of the batch in the queue, from 1.
	position int
	// others is how many jobs are running that this operator does not know.
	others int
	since  time.Time
	// next is how long after this look at the queue the next one follows.
	next time.Duration
}

func (e *queuedError) Error() string {
	message := fmt.Sprintf("position %d in the queue for the organisation's two recording bulk jobs", e.position)
	if e.others > 0 {
		message += fmt.Sprintf("; %s of others are running", words.Count(e.others, "job"))
	}
	return message
}

// Outcome is to wait for the turn.
func (e *queuedError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonBulkJobQueued, e.Error(), 0)
}

// CountsAsFailure tells that waiting for the turn does not count.
func (e *queuedError) CountsAsFailure() bool { return false }

// MinWait is the wait before the next look at the queue.
func (e *queuedError) MinWait() time.Duration { return e.next }

// readyError says that a job of the batch waits to be executed until others have ended.
type readyError struct {
	jobID string
	// next is how long after this look at the jobs the next one follows.
	next time.Duration
	last error
}

func (e *readyError) Error() string {
	return fmt.Sprintf("recording bulk job %s is READY and waits until fewer than %d jobs of the organisation are running; last error: %v", e.jobID, bulk.Limit, e.last)
}

func (e *readyError) Unwrap() error { return e.last }

// Outcome is to wait for the end of other jobs.
func (e *readyError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonBulkJobQueued, e.Error(), 0)
}

// CountsAsFailure tells that waiting for other jobs does not count.
func (e *readyError) CountsAsFailure() bool { return false }

// UsesDeadline tells that waiting for other jobs does not use up the deadline.
func (e *readyError) UsesDeadline() bool { return false }

// MinWait is the wait before the next attempt.
func (e *readyError) MinWait() time.Duration { return e.next }
