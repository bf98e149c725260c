package plan

import (
	"runtime"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// memoryOf returns the plan of 15 years of hours, 131,400 slices, and how many bytes of
// memory it keeps.
func memoryOf(t testing.TB) (View, int) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := hours(t, 15, slicing.Standard)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return l, int(after.HeapAlloc) - int(before.HeapAlloc)
}

// TestMemory: a plan of 131,400 slices takes less than 100 bytes for each.
func TestMemory(t *testing.T) {
	l, bytes := memoryOf(t)
	slices := l.SliceCount()
	if slices != 131_400 || bytes > 100*slices || bytes < 10*slices {
		t.Errorf("%d slices in %d bytes, %d for each", slices, bytes, bytes/slices)
	}
	runtime.KeepAlive(l)
}

// BenchmarkMemory prints how many bytes a slice takes.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		l, bytes := memoryOf(b)
		b.ReportMetric(float64(bytes)/float64(l.SliceCount()), "B/slice")
		runtime.KeepAlive(l)
	}
}

// BenchmarkSealable asks what can be sealed while nothing is counted, and while all is.
func BenchmarkSealable(b *testing.B) {
	l := hours(b, 15, slicing.Standard)
	for name, counted := range map[string]SliceSet{"none": nil, "all": counted(l.SliceCount())} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l.Sealable(counted, true, first, first)
			}
		})
	}
}
