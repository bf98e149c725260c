package health

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

// TestLately: it fails from the start until it has worked once, and later only
// after a minute without success. A try that hangs counts as one that fails, and
// another is not begun beside it.
func TestLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		var fails, hangs atomic.Bool
		var tries atomic.Int32
		release := make(chan struct{})
		l := &Lately{Clock: clock.RealClock{}, Try: func(context.Context) error {
			tries.Add(1)
			if hangs.Load() {
				<-release
			}
			if fails.Load() {
				return down
			}
			return nil
		}}
		expect := func(pass time.Duration, want error) {
			t.Helper()
			<-time.After(pass)
			if got := l.Check(httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil)); !errors.Is(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
		fails.Store(true)
		expect(0, down)
		fails.Store(false)
		expect(0, nil)
		fails.Store(true)
		expect(lately-time.Second, nil)
		expect(time.Second, down)
		fails.Store(false)
		expect(0, nil)
		hangs.Store(true)
		expect(0, nil)
		expect(lately-2*checkTimeout-time.Second, nil)
		before := tries.Load()
		expect(checkTimeout, errHangs)
		if tries.Load() != before {
			t.Error("another try was begun beside one that hangs")
		}
		close(release)
		synctest.Wait()
		expect(0, nil)
	})
}

func TestWritable(t *testing.T) {
	root := t.TempDir()
	if err := Writable(root); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := Writable(filepath.Join(root, "missing")); err == nil {
		t.Error("a directory that is not there can be written")
	}
}
