package recordingexportbatch

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
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

// MinWait is the shortest wait before the next attempt.
func (e *bulkWaitError) MinWait() time.Duration { return 0 }

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
