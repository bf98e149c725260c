package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var orphanColumns = []string{"orphan_id", "created", "medium", "media_type", "size", "file_state", "orphan_status", "conversation_id"}

// orphaned adds a recording of no conversation to the truth, and to the first seal if
// it was created within the window.
func (f *fixture) orphaned(n int, created time.Time) {
	f.Helper()
	o := orphan{ID: id(3, n), Created: created, Size: n, FileState: "AVAILABLE", Status: "NO_CONVERSATION"}
	f.data.OrphanRecordings = append(f.data.OrphanRecordings, o)
	var rows [][]string
	for _, o := range f.data.OrphanRecordings {
		if !o.Created.Before(morning) {
			rows = append(rows, []string{o.ID, o.Created.Format(time.RFC3339Nano), "Call", "CALL", fmt.Sprint(o.Size), o.FileState, o.Status, ""})
		}
	}
	f.orphans = map[string]any{"listed": len(rows), "undated": 0}
	f.write("seals/1/orphans.csv", table(orphanColumns, rows))
}

// TestOrphansThatDoNotFit: each recording of no conversation is listed once, as it is,
// and nothing else.
func TestOrphansThatDoNotFit(t *testing.T) {
	t.Parallel()
	const lines = "seals/1/orphans.csv"
	tests := map[string]struct {
		change func(*fixture)
		says   string
	}{
		"one is not listed":               {func(f *fixture) { f.data.OrphanRecordings[1].Created = morning; f.tell() }, "listed is false"},
		"one is listed that there is not": {func(f *fixture) { f.data.OrphanRecordings = f.data.OrphanRecordings[1:]; f.tell() }, "which there is not"},
		"one of another time is listed":   {func(f *fixture) { f.data.OrphanRecordings[0].Created = morning.Add(-time.Hour); f.tell() }, "listed is true"},
		"one is listed otherwise":         {func(f *fixture) { f.replace(lines, ",1,AVAILABLE", ",2,AVAILABLE") }, "it is {"},
		"one is listed twice":             {func(f *fixture) { f.replace(lines, id(3, 3), id(3, 1)) }, "is listed twice"},
		"the table is gone":               {func(f *fixture) { f.remove(lines) }, "the account says 2 orphaned recordings, 0 are listed"},
		"the account counts otherwise":    {func(f *fixture) { f.replace("seals/2/account.json", `"listed":2`, `"listed":3`) }, "the account says 3 orphaned recordings"},
		"an account says nothing":         {func(f *fixture) { f.replace("seals/2/account.json", `"orphans"`, `"others"`) }, "says nothing of orphaned recordings"},
		"it says that they are not listed": {func(f *fixture) {
			f.replace("seals/1/account.json", `"listed":2`, `"notListed":{"why":"x"},"listed":2`)
		}, "but lists some"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			tt.change(f)
			f.resignAll("1")
			f.resign("seals/2")
			if status, says := f.judge(); status != exitViolated || !strings.Contains(says, tt.says) {
				t.Errorf("status %d, does not say %q:\n%s", status, tt.says, says)
			}
		})
	}
}

// TestOrphansThatCouldNotBeListed are not a violation if the account says so, nor if
// nobody asked for them.
func TestOrphansThatCouldNotBeListed(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]string{
		"not listed": fmt.Sprintf(`"orphans":{"listed":0,"undated":0,"notListed":{"from":%q,"until":%q,"why":"x"}}`, morning.Format(time.RFC3339), morning.Add(time.Hour).Format(time.RFC3339)),
		"not asked":  `"others":{}`,
	} {
		f := newFixture(t)
		f.remove("seals/1/orphans.csv")
		for _, seal := range []string{"1", "2"} {
			f.replace("seals/"+seal+"/account.json", `"orphans":{"listed":2,"undated":0}`, told)
		}
		f.resignAll("1")
		f.resign("seals/2")
		if status, says := f.judge(); status != exitSound {
			t.Errorf("%s: status %d:\n%s", name, status, says)
		}
		if _, err := os.Stat(filepath.Join(f.archive, "seals/1/orphans.csv")); err == nil {
			t.Error("there is a table")
		}
	}
}
