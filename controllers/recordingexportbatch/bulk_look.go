package recordingexportbatch

import (
	"errors"
	"sync"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// bulkLook is the result of one look into the bucket.
type bulkLook struct {
	mu sync.Mutex
	// absent counts the recordings of which the bucket has nothing yet, unread those whose objects
	// could not be read, and taken the files that were taken in.
	absent, unread, taken int
	// lone counts the recordings that are there without their metadata.
	lone int
	// missing are the absent ones.
	missing []genesys.RecordingRef
	// failures counts the errors that are likely to concern every object.
	failures int
	// broken is the first error of the bucket, nil if there was none.
	broken *bucketError
}

// maxBucketFailures is how many errors that are likely to concern every object are enough to end a look.
const maxBucketFailures = 5

// addTaken counts files that were taken in.
func (l *bulkLook) addTaken(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken += n
}

// addLone counts a recording that is there without its metadata.
func (l *bulkLook) addLone() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lone++
}

// addUnread counts something that could not be read, and returns all other errors.
func (l *bulkLook) addUnread(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var broken *bucketError
	switch {
	case errors.As(err, &broken):
		if l.broken == nil {
			l.broken = broken
		}
		if broken.isWholeBucket() {
			l.failures++
		}
	case !isChanged(err):
		return err
	}
	l.unread++
	return nil
}

// isChanged tells whether an object changed while it was read, or did not arrive whole.
func isChanged(err error) bool {
	return errors.Is(err, ErrObjectChanged) || errors.Is(err, transfer.ErrShort)
}

// isHopeless tells whether reading more objects is likely to fail, too.
func (l *bulkLook) isHopeless() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures >= maxBucketFailures
}

// wait returns what the next look waits for, nil if another look would find nothing more.
func (l *bulkLook) wait() error {
	switch {
	case l.broken != nil:
		return l.broken
	case l.unread > 0:
		return &bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "reading " + words.Count(l.unread, "recording") + " again, which changed in the bucket"}
	case l.absent > 0:
		return &bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "waiting for " + words.Count(l.absent, "recording") + " in the bucket"}
	case l.lone > 0:
		return &bulkWaitError{reason: v1alpha1.ReasonBulkExporting, message: "waiting for the metadata of " + words.Count(l.lone, "recording") + " in the bucket"}
	case l.taken > 0:
		return growingError{}
	default:
		return nil
	}
}

// detail says what the last look did not find, empty if nothing.
func (l *bulkLook) detail() string {
	switch {
	case l.broken != nil:
		return l.broken.Error()
	case l.unread > 0:
		return words.Count(l.unread, "recording") + " changed in the bucket while the operator read them"
	case l.absent > 0:
		return words.Count(l.absent, "recording") + " did not appear in the bucket"
	default:
		return ""
	}
}

// growingError says that the bucket had something new. A recording may have several files, and nothing
// tells how many, so only a look that finds nothing new is the last one.
type growingError struct{}

func (growingError) Error() string { return "looking for more files in the bucket" }

// Outcome is to wait for the next look.
func (e growingError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonBulkExporting, e.Error(), 0)
}

// CountsAsFailure tells that such a look has not failed.
func (growingError) CountsAsFailure() bool { return false }

// MinWait is the shortest wait before the next look.
func (growingError) MinWait() time.Duration { return 0 }
