package recordingexportbatch

import (
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestHalvingDoesNotSlowDown: however many jobs fail, the waits stay as short as for the first ones.
func TestHalvingDoesNotSlowDown(t *testing.T) {
	w := newBulkWorld(t, 64)
	w.poisoned[conversationID(3)], w.poisoned[conversationID(40)] = true, true
	policy, failures, longest := transfer.DefaultRetryPolicy(), 0, time.Duration(0)
	for range 400 {
		err := w.work().export(t.Context(), transfer.Try{Failures: failures})
		if err == nil {
			break
		}
		pause := policy.Backoff(err, failures)
		if pause.Restarts {
			failures = 0
		}
		if pause.Counts {
			failures++
		}
		longest = max(longest, pause.Wait)
		w.clock.Step(pause.Wait)
	}
	if w.record().done == nil || w.created < 20 || longest > 4*time.Second {
		t.Errorf("%d jobs created, the longest wait is %v", w.created, longest)
	}
}

// TestABatchLooksAtItsNewJobsSooner: a batch that waits for its turn looks again after as long as its
// newest job is old, but not later than a batch without jobs.
func TestABatchLooksAtItsNewJobsSooner(t *testing.T) {
	w := newBulkWorld(t, 2)
	_ = w.work().export(t.Context(), transfer.Try{})
	interval := DefaultIntervals().Queue
	work := w.work()
	work.record = w.record()
	w.clock.Step(2 * time.Second)
	if next := work.nextLook(interval); next != 2*time.Second {
		t.Errorf("with a new job the next look is after %v", next)
	}
	w.clock.Step(time.Hour)
	if next := work.nextLook(interval); next != interval {
		t.Errorf("with an old job the next look is after %v", next)
	}
}
