package recordingexport

import (
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
)

// requestHandler acts upon the requests that annotations make: to cancel the export, and to retry.
// A retry has the pools retry at once whatever has failed.
type requestHandler struct {
	pool     exportPool
	memories *exportMemories
}

// handle notes in the status what was requested.
func (h *requestHandler) handle(s *subject) {
	status := &s.export.Status
	cancel, cancelNew := loop.Request(s.export, v1alpha1.AnnotationCancel, status.LastCancelRequest)
	retry, retryNew := loop.Request(s.export, v1alpha1.AnnotationRetry, status.LastRetryRequest)
	if cancelNew {
		status.LastCancelRequest = cancel
		status.Cancelled = !s.isFinished()
	}
	if !retryNew || cancelNew && !isLater(retry, cancel) {
		return
	}
	status.Cancelled = false
	s.retry = retry
	if h.memories.memoryOf(s.export).takeRetry(retry) {
		h.pool.retryFailed(s.name())
	}
	if status.Seal == nil {
		s.acceptRetry()
	}
}

// isLater reports whether one request was made after another. Unless both are
// instants there is no telling.
func isLater(one, other string) bool {
	a, errA := time.Parse(time.RFC3339, one)
	b, errB := time.Parse(time.RFC3339, other)
	return errA == nil && errB == nil && a.After(b)
}
