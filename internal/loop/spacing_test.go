package loop

import (
	"testing"
	"time"
)

// TestSpacing: what is scheduled for one object is a second apart, in whatever rhythm it
// is asked for, and is never dropped. Other objects do not matter.
func TestSpacing(t *testing.T) {
	begin := time.Unix(1000, 0)
	steps := []struct {
		at   time.Duration
		of   string
		wait time.Duration
	}{
		{0, "a", 0},
		{100 * time.Millisecond, "a", 900 * time.Millisecond},
		{200 * time.Millisecond, "a", 800 * time.Millisecond},
		{200 * time.Millisecond, "b", 0},
		{999 * time.Millisecond, "a", time.Millisecond},
		{1500 * time.Millisecond, "a", 500 * time.Millisecond},
		{3 * time.Second, "a", 0},
		{3*time.Second + 1, "a", time.Second - 1},
	}
	var s spacing[string]
	for _, step := range steps {
		if wait := s.schedule(step.of, begin.Add(step.at)); wait != step.wait {
			t.Errorf("%s at %v: wait %v, want %v", step.of, step.at, wait, step.wait)
		}
	}
}

// TestSpacingAfterTheClockWasSetBack: nothing waits longer than a second.
func TestSpacingAfterTheClockWasSetBack(t *testing.T) {
	var s spacing[string]
	begin := time.Unix(1e6, 0)
	s.schedule("a", begin)
	if wait := s.schedule("a", begin.Add(-time.Hour)); wait > statusInterval {
		t.Errorf("wait %v after the clock was set back", wait)
	}
}

// TestSpacingForgets objects for which nothing is done any more.
func TestSpacingForgets(t *testing.T) {
	var s spacing[int]
	now := time.Unix(1000, 0)
	for i := range 1000 {
		now = now.Add(10 * time.Millisecond)
		s.schedule(i, now)
		if len(s.last) > 250 {
			t.Fatalf("knows %d objects, of which 100 are of the last second", len(s.last))
		}
	}
}
