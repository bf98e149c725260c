package usage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

func limits(t *testing.T, list string) Limits {
	t.Helper()
	parsed, err := ParseLimits(list)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestParseLimits(t *testing.T) {
	for list, want := range map[string]map[string]int64{
		"":                      {"legal": 0, "sales": 0},
		"0":                     {"legal": 0, "sales": 0},
		"1Ki":                   {"legal": 1024, "sales": 1024},
		"legal=2Ki":             {"legal": 2048, "sales": 0},
		"legal=2Ki, *=1Ki":      {"legal": 2048, "sales": 1024},
		"legal=0,*=1Ki":         {"legal": 0, "sales": 1024},
		"legal=2Ki,1Ki,hr=3000": {"legal": 2048, "sales": 1024, "hr": 3000},
	} {
		got := limits(t, list)
		for namespace, bytes := range want {
			if got.Of(namespace) != bytes {
				t.Errorf("%q: %s has %d, want %d", list, namespace, got.Of(namespace), bytes)
			}
		}
	}
	for _, list := range []string{"x", "-1", "legal=", "=1Gi", "Legal=1Gi", "legal=1Gi,legal=2Gi", "1Gi,*=2Gi", "1Gi,", "legal=-1", "a/b=1Gi"} {
		if got, err := ParseLimits(list); err == nil {
			t.Errorf("%q is %v", list, got)
		}
	}
}

// FuzzParseLimits: whatever is given, it is limits that are not negative, or an error.
func FuzzParseLimits(f *testing.F) {
	f.Add("legal=2Ti,*=500Gi", "legal")
	f.Fuzz(func(t *testing.T, list, namespace string) {
		if parsed, err := ParseLimits(list); err == nil && parsed.Of(namespace) < 0 {
			t.Errorf("%q: %d", list, parsed.Of(namespace))
		}
	})
}

// volume is an archive volume with a meter.
func volume(t *testing.T, list string) *Meter {
	t.Helper()
	return &Meter{Root: t.TempDir(), Limits: limits(t, list), Clock: clock.RealClock{}}
}

// write writes a file of a size on the volume, unknown to the meter.
func (m *Meter) write(t *testing.T, name string, size int64) {
	t.Helper()
	at := filepath.Join(m.Root, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMeasure: everything below a namespace counts once, whoever put it there and however
// deep, links do not, and other namespaces do not.
func TestMeasure(t *testing.T) {
	m := volume(t, "legal=100,sales=0,*=1000")
	if err := m.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.write(t, "legal/evidence/case-1/bags/b/data/1.wav", 60)
	m.write(t, "legal/.other/x", 30)
	m.write(t, "sales/evidence/case-1/x", 5000)
	m.write(t, "hr/x", 500)
	m.write(t, "a-file", 7)
	for target, name := range map[string]string{filepath.Join(m.Root, "sales"): "legal/evidence/link", filepath.Join(m.Root, "hr/x"): "legal/link"} {
		if err := os.Symlink(target, filepath.Join(m.Root, name)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 * namesAtOnce {
		m.write(t, fmt.Sprintf("hr/many/%d", i), 0)
	}
	if err := m.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(m.All()), "[{hr 500 1000} {legal 90 100}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for bytes, fits := range map[int64]bool{0: true, 10: true, 11: false} {
		if err := m.Fits("legal", bytes); (err == nil) != fits {
			t.Errorf("%d bytes more: %v", bytes, err)
		}
	}
	if err := errors.Join(m.Fits("sales", 1<<60), m.Fits("hr", 500)); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(m.Root, "legal/.other/x")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.measure(t.Context()), m.Fits("legal", 40)); err != nil {
		t.Errorf("after something was removed: %v", err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(m.Root, "hr")), m.measure(t.Context())); err != nil || len(m.All()) != 1 {
		t.Errorf("after a namespace was removed: %v, %v", m.All(), err)
	}
}

// TestWhatCannotBeRead is told of and skipped: all else of its namespace counts, once, and
// the namespaces after it are measured.
func TestWhatCannotBeRead(t *testing.T) {
	m := volume(t, "100")
	m.write(t, "legal/a/"+strings.Repeat("d/", maxDepth)+"x", 1)
	m.write(t, "legal/b", 70)
	m.write(t, "sales/c", 50)
	m.addStored("legal", 70)
	for range 2 {
		if err := m.measure(t.Context()); err == nil || !strings.Contains(err.Error(), "namespace legal: 1 files or folders could not be read") ||
			!strings.Contains(err.Error(), "folders deep") {
			t.Errorf("a folder without end: %v", err)
		}
		if got, want := fmt.Sprint(m.All()), "[{legal 70 100} {sales 50 100}]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestAWalkThatCannotEnd: what was known still counts, once, or what was found if
// that is more.
func TestAWalkThatCannotEnd(t *testing.T) {
	m := volume(t, "100")
	m.write(t, "legal/a", 70)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.measure(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	m.addStored("legal", 40)
	for _, tt := range []struct{ found, stored, want int64 }{{20, 5, 45}, {20, 0, 45}, {60, 5, 65}} {
		before := m.startWalk("legal")
		m.addStored("legal", tt.stored)
		m.abortWalk("legal", found{bytes: tt.found}, before)
		if now := m.All()[0].Bytes; now != tt.want {
			t.Errorf("after %+v were found: %d", tt, now)
		}
	}
}

// TestWhatIsStoredDuringAWalk counts once, whether the walk has found it or not, and what
// others write counts too.
func TestWhatIsStoredDuringAWalk(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stored int64
		found  found
		want   int64
	}{
		{"not found", 15, found{60, 0}, 75},
		{"found", 15, found{75, 15}, 75},
		{"found in part", 15, found{65, 5}, 75},
		{"found, and what others wrote", 15, found{95, 35}, 95},
		{"failed, and was not found", -15, found{60, 0}, 60},
		{"by a clock that is ahead", 15, found{75, 75}, 75},
	} {
		m := volume(t, "100")
		m.addStored("legal", 60)
		before := m.startWalk("legal")
		m.addStored("legal", tt.stored)
		m.endWalk("legal", tt.found, before)
		if now := m.All()[0].Bytes; now != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, now, tt.want)
		}
	}
}

// TestWhatIsStoredCounts at once, what failed does not, and what was stored while a walk
// ran is not forgotten by it.
func TestWhatIsStoredCounts(t *testing.T) {
	m := volume(t, "100")
	directory, err := archive.OpenDirectory(m.Root, "legal/evidence/case-1")
	if err != nil {
		t.Fatal(err)
	}
	store := m.CountWrites(directory, "legal")
	put := func(key string, size int, fails error) {
		t.Helper()
		err := store.Create(t.Context(), key, func(w io.Writer) error {
			_, err := w.Write(make([]byte, size))
			if now := m.All()[0].Bytes; now < int64(size) {
				t.Errorf("%d are counted while %d are written", now, size)
			}
			return errors.Join(err, fails)
		})
		if !errors.Is(err, fails) {
			t.Errorf("%s: %v, want %v", key, err, fails)
		}
	}
	broken := errors.New("broken")
	put("bags/b/1", 60, nil)
	put("bags/b/2", 60, broken)
	expect := func(when string, want int64) {
		t.Helper()
		if all := m.All(); len(all) != 1 || all[0].Bytes != want {
			t.Errorf("%s: %v, want %d", when, all, want)
		}
	}
	expect("stored", 60)
	before := m.startWalk("legal")
	put("bags/b/3", 15, nil)
	m.endWalk("legal", found{bytes: 60}, before)
	expect("stored while a walk ran", 75)
	if err := m.measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("measured", 75)
	if free, known, err := archive.Free(t.Context(), store); err != nil || !known || free == 0 {
		t.Errorf("%d, %v, %v", free, known, err)
	}
	if none := volume(t, "").CountWrites(directory, "legal"); none != archive.Store(directory) {
		t.Errorf("%v is counted", none)
	}
}

// TestAFullNamespace says what is wrong, who set it, the figures, and what to do.
func TestAFullNamespace(t *testing.T) {
	m := volume(t, "legal=2Gi")
	m.addStored("legal", 2<<30-5<<20)
	out := outcome.Of(m.Fits("legal", 6<<20), time.Minute)
	if out.State != outcome.Stalled || out.Reason != v1alpha1.ReasonNamespaceFull || out.After != time.Minute {
		t.Fatalf("%+v", out)
	}
	for _, want := range []string{"the namespace legal", "about 2043Mi and needs 6Mi more", "may use 2Gi", "--max-bytes-per-namespace", "platform team", "no recording is lost"} {
		if !strings.Contains(out.Message, want) {
			t.Errorf("%q does not say %q", out.Message, want)
		}
	}
}

// TestTheVolumeIsMeasuredFromTimeToTime, and not at all without a bound.
func TestTheVolumeIsMeasuredFromTimeToTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := volume(t, "100")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Start(ctx) }()
		synctest.Wait()
		m.write(t, "legal/x", 101)
		if err := m.Fits("legal", 0); err != nil {
			t.Errorf("before the second walk: %v", err)
		}
		<-time.After(MeasureInterval + time.Second)
		synctest.Wait()
		if m.Fits("legal", 0) == nil {
			t.Error("the second walk found nothing")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := (&Meter{}).Start(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestReservations: what is reserved counts once, whatever of it is stored, until it is
// released.
func TestReservations(t *testing.T) {
	m := volume(t, "100,hr=0")
	first, err := m.Reserve("legal", 60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Reserve("legal", 41); err == nil {
		t.Error("41 bytes more fit")
	}
	m.addStored("legal", 50)
	first.Stored(50)
	for bytes, fits := range map[int64]bool{40: true, 41: false} {
		if err := m.Fits("legal", bytes); (err == nil) != fits {
			t.Errorf("%d bytes beside the first: %v", bytes, err)
		}
	}
	first.Release()
	first.Release()
	first.Stored(5)
	second, err := m.Reserve("legal", 50)
	if err != nil || m.Fits("legal", 1) == nil {
		t.Errorf("after the first: %v", err)
	}
	second.Release()
	if none, err := m.Reserve("hr", 1<<60); none != nil || err != nil {
		t.Errorf("without a bound: %v, %v", none, err)
	}
}
