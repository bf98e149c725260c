package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var first = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func window(from, to time.Duration) slicing.Spec {
	return slicing.Spec{
		Start: first.Add(from), End: first.Add(to), Width: time.Hour, MaxConversations: 1000,
		Scope: slicing.Include, Screen: true, Other: true,
	}
}

// surveyedDay is the entry of a survey of the nth day of October.
func surveyedDay(n, pass int, purpose plan.Purpose) plan.Entry {
	at := first.AddDate(0, 0, n-1)
	return plan.Entry{Surveyed: &plan.Surveyed{
		Day: at, Pass: pass, Purpose: purpose, To: at.Add(day), Conversations: 10, Held: 1, AskAgain: at.Add(100 * time.Hour),
	}}
}

// withSlices adds slices to an entry.
func withSlices(entry plan.Entry, n int) plan.Entry {
	entry.Slices = nil
	for i := range n {
		entry.Slices = append(entry.Slices, plannedSlice(fmt.Sprint(i), "g"))
	}
	return entry
}

func plannedSlice(name, group string) plan.Slice {
	return laneSlice(slicing.Standard, name, group)
}

func laneSlice(lane slicing.Lane, name, group string) plan.Slice {
	return plan.Slice{Name: name, Group: group, Lane: lane, Start: first, End: first.Add(time.Hour)}
}

// logOf is the log of a plan with these entries, the nth of them written n minutes after the
// window begins.
func logOf(t testing.TB, spec slicing.Spec, entries ...plan.Entry) plan.View {
	t.Helper()
	log := plan.New("case-1", spec).Window(spec.End, spec.End)
	for n, entry := range entries {
		if err := log.Append(entry, first.Add(time.Duration(n)*time.Minute), "a"); err != nil {
			t.Fatal(err)
		}
	}
	return log
}

// countedOf are the first slices of the lane Standard.
func countedOf(n int) plan.SliceSet {
	return plan.SliceSet{slicing.Standard: slicing.FirstOrdinals(n)}
}

// planStore is an archive in memory that counts what is read of it. The write that is the
// failing one, counted down, fails: before it has an effect, or after that.
type planStore struct {
	fstest.MapFS
	reads, failing int
	after          bool
}

func (s *planStore) FS(context.Context) fs.FS { return s }

func (s *planStore) ReadFile(key string) ([]byte, error) {
	s.reads++
	return s.MapFS.ReadFile(key)
}

func (s *planStore) Create(_ context.Context, key string, write func(io.Writer) error) error {
	if s.MapFS[key] != nil {
		return fs.ErrExist
	}
	s.failing--
	var body strings.Builder
	if err := write(&body); err != nil || s.failing == 0 && !s.after {
		return errors.Join(errors.New("no space left"), err)
	}
	s.MapFS[key] = &fstest.MapFile{Data: []byte(body.String())}
	if s.failing == 0 {
		return errors.New("no answer")
	}
	return nil
}

func (s *planStore) Remove(context.Context, string) error { return nil }

// newPlanStore is an archive with a plan of these entries.
func newPlanStore(t *testing.T, entries ...plan.Entry) *planStore {
	t.Helper()
	store := &planStore{MapFS: fstest.MapFS{}}
	for number, entry := range entries {
		if err := (planner{recorder: recorder{processA, store}}).appendEntry(t.Context(), number, entry); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// processA is a process whose clock does not move.
var processA = process{clocktesting.NewFakeClock(first), "a"}

// voidedEntries are so many entries that lead to nothing.
func voidedEntries(n int) []plan.Entry {
	entries := make([]plan.Entry, n)
	for i := range entries {
		entries[i].Voided = &plan.Voided{}
	}
	return entries
}

// TestReadingAPlan: what is new is read; an entry that cannot be the next tells of a
// changed archive, and names the entry.
func TestReadingAPlan(t *testing.T) {
	store, log := newPlanStore(t, voidedEntries(2)...), logOf(t, window(0, 3*day))
	p := planner{recorder: recorder{processA, store}}
	for _, want := range []int{2, 3, 3} {
		if complete, err := readEntries(t.Context(), store, log.Log); err != nil || !complete || log.EntryCount() != want {
			t.Errorf("%d entries, %v; want %d", log.EntryCount(), err, want)
		}
		if err := p.appendEntry(t.Context(), 2, plan.Entry{Voided: &plan.Voided{}}); err != nil {
			t.Fatal(err)
		}
	}
	if entry := log.EntryAt(2); !entry.At.Equal(first) || entry.By != "a" || entry.Voided == nil {
		t.Errorf("the last entry is %+v", entry)
	}
	if _, err := artifacts.Put(t.Context(), store, artifacts.EntryKey(3), artifacts.Entry{Entry: surveyedDay(3, 7, plan.PurposeFirst)}); err != nil {
		t.Fatal(err)
	}
	if _, err := readEntries(t.Context(), store, log.Log); !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), "entry 3 of the plan") || log.EntryCount() != 3 {
		t.Errorf("%d entries, %v; want a corrupt archive", log.EntryCount(), err)
	}
}

// TestALargePlan is read in several reconciles, none of which takes longer the larger it is;
// with its bundles it is read in few steps.
func TestALargePlan(t *testing.T) {
	const bundles, entries = 6, 6*artifacts.BundledEntries + 10
	store := newPlanStore(t, voidedEntries(entries)...)
	log := logOf(t, window(0, day))
	store.reads = 0
	if complete, err := readEntries(t.Context(), store, log.Log); err != nil || !complete || log.EntryCount() != entries || store.reads != 2*bundles+10+2 {
		t.Errorf("%d entries of %d in %d reads, %v", log.EntryCount(), entries, store.reads, err)
	}
	for number := range bundles {
		delete(store.MapFS, artifacts.PlanBundleKey(number*artifacts.BundledEntries))
	}
	log = logOf(t, window(0, day))
	for reconciles := 1; ; reconciles++ {
		store.reads = 0
		complete, err := readEntries(t.Context(), store, log.Log)
		if err != nil || store.reads > maxReads+1 {
			t.Fatalf("%d reads, %v", store.reads, err)
		}
		if complete {
			if want := entries/maxReads + 1; reconciles != want || log.EntryCount() != entries {
				t.Errorf("%d entries in %d reconciles, want %d", log.EntryCount(), reconciles, want)
			}
			return
		}
	}
}

// TestReadingSomeEntries of a plan, in bundles and without: a missing one tells of a changed
// archive.
func TestReadingSomeEntries(t *testing.T) {
	store := newPlanStore(t, voidedEntries(2*artifacts.BundledEntries+5)...)
	const want = "0-1,3,127-129,200,256-260"
	numbers, err := slicing.ParseOrdinals(want)
	if err != nil {
		t.Fatal(err)
	}
	delete(store.MapFS, artifacts.PlanBundleKey(artifacts.BundledEntries))
	entries, err := readEntriesOf(t.Context(), store, numbers)
	var got slicing.Ordinals
	for _, entry := range entries {
		got = got.With(entry.Number)
	}
	if err != nil || got.String() != want || len(entries) != numbers.Len() || entries[0].By != "a" || !entries[0].At.Equal(first) || entries[0].Voided == nil {
		t.Errorf("entries %s, %v; want %s", got, err, want)
	}
	if _, err := readEntriesOf(t.Context(), store, numbers.With(261)); !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), artifacts.EntryKey(261)) {
		t.Errorf("an entry is missing: %v", err)
	}
}

// TestAPlanIsBundledWhateverFails: whichever write fails, before it has an effect or after
// that, the entry is appended again, and the plan has every entry once, and its bundle.
func TestAPlanIsBundledWhateverFails(t *testing.T) {
	const last = artifacts.BundledEntries + 1
	for failing := range 5 { // none, or entry 127, the bundle, entry 128 or entry 129
		for _, after := range []bool{false, true} {
			store := newPlanStore(t, voidedEntries(artifacts.BundledEntries-1)...)
			store.failing, store.after = failing, after
			log, failures := logOf(t, window(0, day)), 0
			for log.EntryCount() <= last {
				if err := (planner{recorder: recorder{processA, store}}).appendEntry(t.Context(), log.EntryCount(), plan.Entry{Voided: &plan.Voided{}}); err != nil {
					failures++
				}
				if _, err := readEntries(t.Context(), store, log.Log); err != nil {
					t.Fatal(err)
				}
			}
			again := logOf(t, window(0, day))
			if complete, err := readEntries(t.Context(), store, again.Log); err != nil || !complete || again.EntryCount() != last+1 || failures != min(failing, 1) {
				t.Errorf("write %d fails (after its effect: %t): %d entries, %d failures, %v", failing, after, again.EntryCount(), failures, err)
			}
			if store.MapFS[artifacts.PlanBundleKey(0)] == nil {
				t.Errorf("write %d fails (after its effect: %t): there is no bundle", failing, after)
			}
		}
	}
}

// TestAPlanOf15Years is read in one reconcile, however many of its entries are in no bundle
// yet.
func TestAPlanOf15Years(t *testing.T) {
	const years15 = 15 * 365 * 3
	entries := (years15/artifacts.BundledEntries+1)*artifacts.BundledEntries - 1
	store, log := newPlanStore(t, voidedEntries(entries)...), logOf(t, window(0, day))
	if complete, err := readEntries(t.Context(), store, log.Log); err != nil || !complete || log.EntryCount() != entries {
		t.Errorf("%d entries of %d, %v", log.EntryCount(), entries, err)
	}
}

// TestLogsOfPlans are kept for each export, and never given to another one of its name.
func TestLogsOfPlans(t *testing.T) {
	var logs planLogs
	export, other := wholeExport(), wholeExport()
	other.UID = "uid-2"
	kept := logs.logOf(export, window(0, day))
	if logs.logOf(export, window(0, day)) != kept {
		t.Error("the log is not kept")
	}
	if logs.logOf(other, window(0, day)) == kept {
		t.Error("the log is that of another export")
	}
	kept = logs.logOf(export, window(0, day))
	logs.drop(types.NamespacedName{Namespace: export.Namespace, Name: export.Name})
	if logs.logOf(export, window(0, day)) == kept {
		t.Error("the log is kept for an export that is gone")
	}
}
