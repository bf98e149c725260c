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
		f.many(Contradiction, fmt.Sprintf("seals/%d/recordings.csv", n))
	}
	f.leaveUnjudged("seals/1/recordings.csv")
	f.fault(Unreadable, "seals/1/recordings.csv", "cannot be read")
	f.expect(t, map[Kind]int{Unreadable: 1}, 0)
}

// TestWhatCouldNotBeReadHidesNothingElse: a bag is judged by its own lists, whatever
// could not be read elsewhere, and what compares nothing is judged in any case.
func TestWhatCouldNotBeReadHidesNothingElse(t *testing.T) {
	t.Parallel()
	f := &findings{}
	f.leaveUnjudged("bags/b/data/index.csv")
	f.leaveUnjudged("seals/1/account.json")
	f.fault(Unreadable, "bags/b/data/index.csv", "cannot be read")
	f.fault(Contradiction, "bags/b/data/files.csv", "is about what could not be read")
	f.fault(Contradiction, "bags/c/data/files.csv", "is not")
	f.fault(Account, "seals/2/account.json", "adds up what could not be read")
	for _, kind := range []Kind{Planted, Missing, Altered, SealChain, Unsealed, Unsigned, Signature} {
		f.fault(kind, "bags/b/x", "is wrong in any case")
		f.fault(kind, "seals/1", "is wrong in any case")
	}
	f.expect(t, map[Kind]int{Unreadable: 1, Contradiction: 1, Planted: 2, Missing: 2, Altered: 2, SealChain: 2, Unsealed: 2, Unsigned: 2, Signature: 2}, 0)
}
