package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// orphanSeal is a seal up to the end of a day that lists orphans which were created
// since the begin of another, or says why it does not.
type orphanSeal struct {
	until, from int
	orphans     []int
	why         string
}

// orphanArchive makes an archive of seals without a bag.
func orphanArchive(t *testing.T, seals ...orphanSeal) string {
	t.Helper()
	root, day := t.TempDir(), func(n int) time.Time { return specimen.Day.AddDate(0, 0, n) }
	record, err := evidence.NewExportRecord("legal", "case-1", specimen.ID(1), specimen.ID(2), map[string]any{"start": day(0), "mediaTypes": []string{"Call"}}, day(9))
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(record)
	if err == nil {
		err = os.WriteFile(filepath.Join(root, evidence.RecordPath), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var former *evidence.Former
	last, entry := 0, 0
	for i, s := range seals {
		seal := evidence.Seal{
			Number: i + 1, Record: record, At: day(10 + i), Former: former, From: day(0), Until: day(s.until), Orphans: orphansOf(t, root, i+1, s),
			Surveys: []evidence.Span{{Start: day(last), End: day(s.until)}},
			Events:  []evidence.Event{{Time: day(9), Type: "ArchiveBegun", Actor: "m"}},
		}
		if former != nil {
			seal.Events = []evidence.Event{{Time: former.Account.SealedAt, Type: "FormerSeal", Actor: "m", Details: map[string]string{"number": fmt.Sprint(i), "sha256": former.Digest}}}
		}
		for ; last < s.until; last++ {
			for _, purpose := range []string{"First", "Review"} {
				survey := specimen.Planned(entry, 0, specimen.Surveyed(day(last), seal.At.Add(-time.Hour), purpose, 0, 0))
				survey.Actor = "m"
				entry++
				seal.Events = append(seal.Events, survey)
			}
		}
		seal.Events = append(append(seal.Events, seal.Orphans.Events(day(9), "m")...), evidence.Event{Time: seal.At, Type: "ExportSealed", Actor: "m"})
		account, digest, err := seal.Write(t.Context(), os.DirFS(root), specimen.Creator(root))
		if err != nil {
			t.Fatal(err)
		}
		former = &evidence.Former{Account: account, Digest: digest}
	}
	return root
}

// orphansOf stores what a seal lists.
func orphansOf(t *testing.T, root string, number int, s orphanSeal) *evidence.FoundOrphans {
	t.Helper()
	day := func(n int) time.Time { return specimen.Day.AddDate(0, 0, n) }
	part := evidence.Span{Start: day(s.from), End: day(s.until)}
	if s.why != "" || s.from == s.until {
		return &evidence.FoundOrphans{From: part.Start, Until: part.End, NotListed: s.why}
	}
	all := func(yield func(genesys.Orphan, error) bool) {
		for i, n := range s.orphans {
			if !yield(genesys.Orphan{ID: specimen.ID(100*number + i), Created: day(n), Size: -1}, nil) {
				return
			}
		}
	}
	var table bytes.Buffer
	found, err := evidence.ListOrphans(&table, all, part, func() (map[string]bool, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	found.At, found.Table = day(9), fmt.Sprintf(".work/%d.csv", number)
	if err := os.MkdirAll(filepath.Join(root, ".work"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, found.Table), table.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return &found
}

// TestOrphansFromSealToSeal: what one seal could not list another one makes up for.
func TestOrphansFromSealToSeal(t *testing.T) {
	tests := map[string]struct {
		seals  []orphanSeal
		listed int64
		why    string
	}{
		"listed":                 {[]orphanSeal{{until: 2, orphans: []int{0, 1, 5}}}, 2, ""},
		"listed day by day":      {[]orphanSeal{{until: 1, orphans: []int{0}}, {until: 2, from: 1, orphans: []int{1, 1}}}, 3, ""},
		"nothing new":            {[]orphanSeal{{until: 1, orphans: []int{0}}, {until: 1, from: 1}}, 1, ""},
		"never listed":           {[]orphanSeal{{until: 1, why: "no permission"}, {until: 2, why: "no permission"}}, 0, "no permission"},
		"listed, then no more":   {[]orphanSeal{{until: 1, orphans: []int{0}}, {until: 2, from: 1, why: "no permission"}}, 1, "no permission"},
		"not listed, but now":    {[]orphanSeal{{until: 1, why: "no permission"}, {until: 2, orphans: []int{0, 1}}, {until: 3, from: 2, orphans: []int{2}}}, 3, ""},
		"not listed, nor is new": {[]orphanSeal{{until: 1, why: "no permission"}, {until: 1, orphans: []int{0}}}, 1, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			report, err := verify.Archive(t.Context(), os.DirFS(orphanArchive(t, tt.seals...)), verify.Options{Running: true})
			if err != nil || len(report.Findings) > 0 {
				t.Errorf("%v, %v", report.Findings, err)
			}
			if report.Orphans != tt.listed || report.OrphansNotListed != tt.why {
				t.Errorf("%d are listed, not listed because of %q; want %d, %q", report.Orphans, report.OrphansNotListed, tt.listed, tt.why)
			}
		})
	}
}

// TestASealThatListsLessThanItHasTo leaves a part out that nobody else lists.
func TestASealThatListsLessThanItHasTo(t *testing.T) {
	root := orphanArchive(t, orphanSeal{until: 1, why: "no permission"}, orphanSeal{until: 3, from: 2, why: "no permission"})
	report, err := verify.Archive(t.Context(), os.DirFS(root), verify.Options{Running: true})
	if err != nil || len(report.Findings) != 1 || report.Findings[0].Kind != verify.Coverage || report.Findings[0].Path != "seals/2/account.json" {
		t.Errorf("%v, %v; want that the second seal leaves out a day", report.Findings, err)
	}
}
