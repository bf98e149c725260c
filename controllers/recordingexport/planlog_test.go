package recordingexport

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
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
func logOf(t testing.TB, spec slicing.Spec, entries ...plan.Entry) *plan.Log {
	t.Helper()
	log := plan.New("case-1", spec)
	log.SetWindow(spec.End, spec.End)
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

// putEntries stores the entries of a plan.
func putEntries(t *testing.T, store archive.Store, from int, entries ...plan.Entry) {
	t.Helper()
	for n, entry := range entries {
		stored := artifacts.Entry{Stamp: artifacts.NewStamp(first, "a"), Entry: entry}
		if _, err := artifacts.Put(t.Context(), store, artifacts.EntryKey(from+n), stored); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadingAPlan: what is new is read; an entry that cannot be the next tells of a
// changed archive, and names the entry.
func TestReadingAPlan(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	log := logOf(t, window(0, 3*day))
	putEntries(t, store, 0, withSlices(surveyedDay(1, 0, plan.PurposeFirst), 1), surveyedDay(2, 0, plan.PurposeFirst))
	for _, want := range []int{2, 3, 3} {
		if err := readEntries(t.Context(), store, log); err != nil || log.EntryCount() != want {
			t.Errorf("%d entries, %v; want %d", log.EntryCount(), err, want)
		}
		putEntries(t, store, 2, surveyedDay(3, 0, plan.PurposeFirst))
	}
	if entry := log.EntryAt(2); !entry.At.Equal(first) || entry.By != "a" || log.SliceCount() != 1 {
		t.Errorf("the last entry is %+v, %d slices", entry, log.SliceCount())
	}
	putEntries(t, store, 3, surveyedDay(3, 7, plan.PurposeFirst))
	if err := readEntries(t.Context(), store, log); !errors.Is(err, evidence.ErrCorrupt) || err.Error() == "" || log.EntryCount() != 3 {
		t.Errorf("%d entries, %v; want a corrupt archive", log.EntryCount(), err)
	}
}

// TestLogsOfPlans are kept for each export, and never given to another one of its name.
func TestLogsOfPlans(t *testing.T) {
	var logs planLogs
	export, other := wholeExport(), wholeExport()
	other.UID = "uid-2"
	kept := logs.of(export, window(0, day))
	if logs.of(export, window(0, day)) != kept {
		t.Error("the log is not kept")
	}
	if logs.of(other, window(0, day)) == kept {
		t.Error("the log is that of another export")
	}
	kept = logs.of(export, window(0, day))
	logs.drop(types.NamespacedName{Namespace: export.Namespace, Name: export.Name})
	if logs.of(export, window(0, day)) == kept {
		t.Error("the log is kept for an export that is gone")
	}
}
