package recordingexportbatch

import (
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// progressError is what the work of bulk jobs waits for after an attempt in which a job was created,
// executed or ended. The waits between attempts begin again with the shortest one: halving a failed job
// takes many attempts.
type progressError struct{ error }

func (e progressError) Unwrap() error { return e.error }

// Outcome is that of the error.
func (e progressError) Outcome() outcome.Outcome { return outcome.Of(e.error, 0) }

// UsesDeadline is that of the error.
func (e progressError) UsesDeadline() bool {
	var user transfer.DeadlineUser
	return errors.As(e.error, &user) && user.UsesDeadline()
}

// MadeProgress tells that the attempt got further.
func (progressError) MadeProgress() bool { return true }

// withProgress returns the error of an attempt, and marks it if the attempt got further.
func (w *bulkWork) withProgress(err error) error {
	if err == nil || !w.progressed {
		return err
	}
	return progressError{err}
}

// nextLook returns how long after this look at the queue the next one follows. A batch that has jobs
// looks again sooner while they are new, because it also looks at its jobs then.
func (w *bulkWork) nextLook(interval time.Duration) time.Duration {
	for _, job := range w.record.running() {
		interval = min(interval, w.age(job))
	}
	return interval
}
