package evidence

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// allDates is a recording with every date.
var allDates = genesys.Retention{
	ArchiveDate: "2024-01-01T00:00:00.000+0000", DeleteDate: "2033-10-01T00:00:00.000+0000",
	ExportDate: "2024-02-01T00:00:00Z", ExportedDate: "2024-02-02T00:00:00Z",
}

// asked is recording n, which was asked to be restored, with dates that were changed
// by change; nil if they were not read again.
func asked(n int, change func(*genesys.Retention)) Restoration {
	r := Restoration{RecordingRef: genesys.RecordingRef{ConversationID: id(1), RecordingID: id(n)}, Before: allDates, Asked: day.Add(time.Hour)}
	if change != nil {
		after := allDates
		after.ArchiveDate = "2023-10-01T01:00:00.000Z"
		change(&after)
		r.After = &after
	}
	return r
}

// restorationCases are what may become of the dates of a recording, with the cell
// that reports it.
func restorationCases() map[string]struct {
	Restoration
	changed string
} {
	type tt = struct {
		Restoration
		changed string
	}
	return map[string]tt{
		"nothing but the archive date":      {asked(1, func(*genesys.Retention) {}), ""},
		"not even the archive date":         {asked(1, func(r *genesys.Retention) { r.ArchiveDate = allDates.ArchiveDate }), ""},
		"an archive date that nobody asked": {asked(1, func(r *genesys.Retention) { r.ArchiveDate = "" }), ""},
		"another spelling":                  {asked(1, func(r *genesys.Retention) { r.DeleteDate = "2033-10-01T00:00:00Z" }), ""},
		"another delete date":               {asked(1, func(r *genesys.Retention) { r.DeleteDate = "2033-10-02T00:00:00Z" }), "deleteDate"},
		"no delete date any more":           {asked(1, func(r *genesys.Retention) { r.DeleteDate = "" }), "deleteDate"},
		"no dates any more":                 {asked(1, func(r *genesys.Retention) { *r = genesys.Retention{} }), "deleteDate exportDate exportedDate"},
		"a text that is not a date": {asked(1, func(r *genesys.Retention) {
			r.DeleteDate, r.ExportDate = "=cmd|'/c calc'!A1", "never\x00"
		}), "deleteDate exportDate"},
		"nobody knows": {asked(1, nil), NotReadAgain},
		"the word for what nobody knows": {asked(1, func(r *genesys.Retention) {
			*r = genesys.Retention{ArchiveDate: NotReadAgain, DeleteDate: NotReadAgain, ExportDate: NotReadAgain, ExportedDate: NotReadAgain}
		}), "deleteDate exportDate exportedDate"},
	}
}

func TestWhatChangedWithARestoration(t *testing.T) {
	for name, tt := range restorationCases() {
		if got := tt.changedCell(); got != tt.changed {
			t.Errorf("%s: %q, want %q", name, got, tt.changed)
		}
		if got := strings.Join(tt.Changed(), " "); got != tt.changed && tt.changed != NotReadAgain {
			t.Errorf("%s: changed %q, want %q", name, got, tt.changed)
		}
		var table bytes.Buffer
		if err := WriteRetention(&table, []Restoration{tt.Restoration}); err != nil {
			t.Fatal(err)
		}
		written := table.String()
		if rows, err := csv.NewReader(strings.NewReader(written)).ReadAll(); err != nil || slices.ContainsFunc(rows[1], func(cell string) bool { return strings.HasPrefix(cell, "=") }) {
			t.Errorf("%s: %q, %v", name, written, err)
		}
		for got, err := range ReadRetention(&table) {
			var again bytes.Buffer
			if err != nil || WriteRetention(&again, []Restoration{got}) != nil || again.String() != written || got.changedCell() != tt.changed {
				t.Errorf("%s: read %+v, %v, from %q", name, got, err, written)
			}
		}
	}
	broken := strings.Join(retentionColumns, ",") + "\na,b,,never,,,,,,,,\n"
	for _, err := range ReadRetention(strings.NewReader(broken)) {
		if err == nil {
			t.Error("a date that is none was read without an error")
		}
	}
}

// TestASealListsWhatWasRestored: a bag lists it, its summary counts it, and the seal
// repeats each line with the name of the bag.
func TestASealListsWhatWasRestored(t *testing.T) {
	root := t.TempDir()
	restorations := []Restoration{asked(11, func(r *genesys.Retention) { r.DeleteDate = "" }), asked(12, nil), asked(13, func(*genesys.Retention) {})}
	folder := filepath.Join(root, "bags", "b")
	bag := sampleBag(t, folder)
	bag.Restorations = restorations
	if _, err := bag.Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
		t.Fatal(err)
	}
	summary, err := ReadSummary(os.DirFS(folder))
	if err != nil || summary.Restorations != 3 || len(summary.RetentionChanged) != 1 || summary.RetentionChanged[0].RecordingID != id(11) {
		t.Errorf("summary %+v, %v", summary, err)
	}
	seal := sealOfSample(t)
	account, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	listed, err := os.ReadFile(filepath.Join(root, "seals", "1", "retention.csv"))
	inBag, err2 := os.ReadFile(filepath.Join(folder, RetentionTable))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	want := strings.Join(append(slices.Clone(retentionColumns), "bag"), ",") + strings.ReplaceAll(strings.TrimPrefix(string(inBag), strings.Join(retentionColumns, ",")), "\n", ",b\n")
	want = strings.Replace(want, ",bag,b\n", ",bag\n", 1)
	if diff := cmp.Diff(want, string(listed)); diff != "" {
		t.Errorf("retention.csv of the seal (-want +got):\n%s", diff)
	}
	if err := sha256sum(t, filepath.Join(root, "seals", "1"), "manifest-sha256.txt"); err != nil {
		t.Error(err)
	}
	got := findings(t, root, account).Restorations
	if got.Asked != 3 || got.Changed != 1 || got.Unknown != 1 || len(got.Listed) != 1 || got.Listed[0].Bag != "b" ||
		!slices.Equal(got.Listed[0].Changed(), []string{genesys.DeleteDate}) || !got.Listed[0].Asked.Equal(day.Add(time.Hour)) {
		t.Errorf("findings %+v", got)
	}
}

// TestNothingRestored: neither a bag nor a seal says anything of restorations.
func TestNothingRestored(t *testing.T) {
	root := t.TempDir()
	account, _, err := sampleSeal(t, root).Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"seals/1/retention.csv", "bags/b/data/retention.csv"} {
		if _, err := os.Stat(filepath.Join(root, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v, want that it does not exist", name, err)
		}
	}
	if got := findings(t, root, account).Restorations; got.Asked != 0 {
		t.Errorf("findings %+v", got)
	}
}

// TestRestorationsAreListedUpToABound and counted to the end.
func TestRestorationsAreListedUpToABound(t *testing.T) {
	root := fstest.MapFS{}
	sealOf(root, 1, "", "", "")
	var table bytes.Buffer
	many := slices.Repeat([]Restoration{asked(11, func(r *genesys.Retention) { r.DeleteDate = "" })}, MostListed+1)
	if err := WriteRetention(&table, many); err != nil {
		t.Fatal(err)
	}
	root[SealFolder(1)+"/"+retentionTable] = &fstest.MapFile{Data: table.Bytes()}
	got, err := ReadFindings(root, Account{Number: 1})
	if err != nil || got.Restorations.Changed != MostListed+1 || len(got.Restorations.Listed) != MostListed {
		t.Errorf("%d changed, %d listed, %v", got.Restorations.Changed, len(got.Restorations.Listed), err)
	}
}

// FuzzRetention: whatever dates a recording has, its line is read as it was written,
// and says of its dates what they say.
func FuzzRetention(f *testing.F) {
	f.Add("2024-01-01T00:00:00.000+0000", "", "=1", "\x00", "unknown", "2024-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, archive, deleted, export, archiveAfter, deletedAfter, exportAfter string) {
		r := Restoration{
			Before: genesys.Retention{ArchiveDate: archive, DeleteDate: deleted, ExportDate: export}, Asked: day,
			After: &genesys.Retention{ArchiveDate: archiveAfter, DeleteDate: deletedAfter, ExportDate: exportAfter},
		}
		var table, again bytes.Buffer
		if err := WriteRetention(&table, []Restoration{r}); err != nil {
			t.Fatal(err)
		}
		written := table.String()
		for got, err := range ReadRetention(&table) {
			if err != nil || !slices.Equal(got.Changed(), r.Changed()) || WriteRetention(&again, []Restoration{got}) != nil || again.String() != written {
				t.Errorf("%q is read as %+v, %v; changed %q", written, got, err, r.Changed())
			}
		}
	})
}
