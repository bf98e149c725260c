package verify

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// many has a cause found more often than is kept.
func (f *findings) many(kind Kind, file string) {
	for n := range mostFindings + 5 {
		f.fault(kind, file, "line %d", n)
	}
}

// expect compares what is kept of each kind, and what is only counted.
func (f *findings) expect(t *testing.T, kept map[Kind]int, more int64) {
	t.Helper()
	list, left := f.sorted()
	got := map[Kind]int{}
	for _, finding := range list {
		got[finding.Kind]++
	}
	if diff := cmp.Diff(kept, got); diff != "" {
		t.Errorf("kept, -want +got:\n%s", diff)
	}
	if left != more {
		t.Errorf("%d more, want %d", left, more)
	}
}

// TestOneCauseLeavesRoomForOthers: what follows from one broken list does not hide
// what else is wrong.
func TestOneCauseLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	f := &findings{}
	f.many(Contradiction, "seals/1/recordings.csv")
	f.fault(Missing, "bags/b/data/x.wav", "is missing")
	f.expect(t, map[Kind]int{Contradiction: mostAlike, Missing: 1}, mostFindings+5-mostAlike)
}

// TestNoCauseIsLeftOut, however much was found before it.
func TestNoCauseIsLeftOut(t *testing.T) {
	t.Parallel()
	f := &findings{}
	for n := range mostFindings / mostAlike {
		f.many(Planted, fmt.Sprintf("bags/b%d/x", n))
	}
	f.fault(Altered, "bags/b0/data/x.wav", "was changed")
	f.fault(Altered, "bags/b0/data/y.wav", "was changed")
	f.expect(t, map[Kind]int{Planted: mostFindings, Altered: 1}, mostFindings/mostAlike*(mostFindings+5-mostAlike)+1)
}

// TestWhatCouldNotBeReadAfterMuchElse: what is not judged for that reason neither
// counts nor hides it.
func TestWhatCouldNotBeReadAfterMuchElse(t *testing.T) {
	t.Parallel()
	f := &findings{}
	for n := range mostFindings / mostAlike {
		f.many(Contradiction, fmt.Sprintf("bags/b%d/data/index.csv", n))
	}
	f.leaveUnjudged("seals/1/recordings.csv")
	f.fault(Unreadable, "seals/1/recordings.csv", "cannot be read")
	f.expect(t, map[Kind]int{Unreadable: 1}, 0)
}
