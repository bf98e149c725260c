package recordingexportbatch

import (
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/transfer"
)

const waitsForMetadata = "waiting for the metadata of 1 recording in the bucket"

// newLoneWorld has a file in the bucket without metadata beside it.
func newLoneWorld(t *testing.T) *bulkWorld {
	t.Helper()
	w := newBulkWorld(t, 2)
	w.absent[conversationID(0)] = true
	w.put(".opus", "soun")
	_ = w.until(waitsForMetadata)
	if n := len(w.files()); n != 1 {
		t.Fatalf("%d recordings, want only the one with metadata", n)
	}
	return w
}

// TestMetadataThatComeAfterTheFile are compared with it: a file of another size is not the recording.
func TestMetadataThatComeAfterTheFile(t *testing.T) {
	for metadata, want := range map[string]int{`{"mediaSizeBytes": 5}`: 1, `{"mediaSizeBytes": 4}`: 2} {
		t.Run(metadata, func(t *testing.T) {
			w := newLoneWorld(t)
			w.put(".opus"+companionEnding, metadata)
			w.run()
			if len(w.files()) != want || len(w.refused()) != 2-want {
				t.Errorf("%d recordings, want %d; refused %v", len(w.files()), want, w.refused())
			}
		})
	}
}

// TestAFileWithoutMetadata is used once these did not come for a while, whatever another file does, or
// once the deadline is used up.
func TestAFileWithoutMetadata(t *testing.T) {
	t.Run("after a while", func(t *testing.T) {
		w := newLoneWorld(t)
		seen := w.clock.Now()
		for _, wait := range w.run() {
			if !strings.Contains(wait, "metadata of 1 recording") && wait != (growingError{}).Error() {
				t.Errorf("it waits for %q", wait)
			}
		}
		if after := w.clock.Since(seen); len(w.files()) != 2 || after < loneFor || after > loneFor+2*time.Minute {
			t.Errorf("%d recordings after %s", len(w.files()), after)
		}
	})
	t.Run("changed", func(t *testing.T) {
		w := newLoneWorld(t)
		w.clock.Step(loneFor - time.Second)
		w.put(".opus", "sound")
		_ = w.until(waitsForMetadata)
		w.clock.Step(2 * time.Second)
		_ = w.until(waitsForMetadata)
	})
	t.Run("at the deadline", func(t *testing.T) {
		w := newLoneWorld(t)
		if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil || len(w.files()) != 2 {
			t.Errorf("%v, %d recordings", err, len(w.files()))
		}
	})
}
