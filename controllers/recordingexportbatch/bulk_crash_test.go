package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

var errCrash = errors.New("the process ended")

// crashingStore is a store whose process ends at a write: before it, or after it although the write
// took effect.
type crashingStore struct {
	archive.Store
	// left is how many writes succeed before that.
	left  *atomic.Int64
	after bool
}

// write makes a write unless the process has ended.
func (s crashingStore) write(write func() error) error {
	switch left := s.left.Add(-1); {
	case left > 0:
		return write()
	case left == 0 && s.after:
		return errors.Join(write(), errCrash)
	default:
		return errCrash
	}
}

func (s crashingStore) Create(ctx context.Context, key string, content func(io.Writer) error) error {
	return s.write(func() error { return s.Store.Create(ctx, key, content) })
}

func (s crashingStore) Remove(ctx context.Context, key string) error {
	return s.write(func() error { return s.Store.Remove(ctx, key) })
}

// crashAt runs the work with a process that ends at the nth write, and reports whether it came so far.
func (w *bulkWorld) crashAt(n int, after bool) (crashed bool) {
	w.t.Helper()
	sound := w.store
	crashing := crashingStore{sound, &atomic.Int64{}, after}
	crashing.left.Store(int64(n))
	for range 50 {
		w.batch.store = crashing
		work := w.work()
		work.objects.taker.follower.store = crashing
		err := work.export(w.t.Context(), transfer.Try{})
		if err == nil || errors.Is(err, errCrash) {
			w.batch.store = sound
			return err != nil
		}
		w.clock.Step(1e9)
	}
	w.t.Fatal("it does not end")
	return false
}

// TestAProcessMayEndAtAnyWrite: whichever write of the work is its last, another process continues:
// each job that is needed is created once, executed at most once, and none is left behind.
func TestAProcessMayEndAtAnyWrite(t *testing.T) {
	for _, copies := range []bool{false, true} {
		for _, after := range []bool{false, true} {
			for n, crashed := 1, true; crashed; n++ {
				t.Run(fmt.Sprintf("write %d, copies %t, after it %t", n, copies, after), func(t *testing.T) {
					w := newBulkWorld(t, 3)
					w.batch.export.Spec.Delivery.BulkJob.Copy = copies
					w.poisoned[conversationID(1)] = true
					crashed = w.crashAt(n, after)
					w.run()
					// All three, the two halves, and the two parts of one conversation of the first half.
					if w.created != 5 || len(w.files()) != 2 || len(w.left()) != 0 {
						t.Errorf("%d jobs created, %d recordings, left %v", w.created, len(w.files()), w.left())
					}
					for job, times := range w.executed {
						if times != 1 {
							t.Errorf("job %s was executed %d times", job, times)
						}
					}
				})
			}
		}
	}
}
