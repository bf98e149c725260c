package recordingexportbatch

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// TestTheShareOfANamespace: no recording begins that does not fit into it, and one whose
// length nobody told ends when the share does; without a bound nothing is refused.
func TestTheShareOfANamespace(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	full, taken, reader := errors.New("full"), int64(0), strings.NewReader(strings.Repeat("x", 100))
	share := func(bytes int64) error {
		if taken+bytes > 60 {
			return full
		}
		return nil
	}
	here := room{store: store, share: share}
	if err := here.fits(t.Context(), 60); err != nil {
		t.Errorf("what fits: %v", err)
	}
	if err := here.fits(t.Context(), 61); !errors.Is(err, full) {
		t.Errorf("what does not fit: %v", err)
	}
	_, err = io.Copy(io.Discard, sharing{readerFunc(func(p []byte) (int, error) {
		n, err := reader.Read(p[:1])
		taken += int64(n)
		return n, err
	}), here})
	if !errors.Is(err, full) || taken != 61 {
		t.Errorf("a stream without a length: %v after %d bytes", err, taken)
	}
	if err := (room{store: store}).fits(t.Context(), 1); err != nil {
		t.Errorf("without a bound: %v", err)
	}
	s := &scope{store: store, fits: share}
	s.facts.inventory = &evidence.Inventory{}
	if out, err := (&Reconciler{}).haveRoom(t.Context(), s); err != nil || !out.IsDone() {
		t.Errorf("a batch that wants nothing: %v, %v", out, err)
	}
}

// readerFunc is a reader that is a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
