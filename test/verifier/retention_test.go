package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// restores has a recording of a bag restored, whose delete date is another one then
// if changed says so.
func (f *fixture) restores(b *madeBag, of, id, deleted, deletedAfter, changed string) {
	f.Helper()
	const before, asked, after = "2024-01-01T00:00:00.000+0000", "2024-06-08T00:00:00Z", "2024-06-08T00:00:00.000Z"
	b.restored = append(b.restored, []string{of, id, before, asked, after, deleted, deletedAfter, "", "", "", "", changed})
	body, _ := json.Marshal([]map[string]string{{"id": id, "archiveDate": after, "deleteDate": deletedAfter}})
	f.write("bags/"+b.name+"/data/metadata/"+of+".restored.json", body)
	b.told = append(b.told, event{Type: "RestorationRequested", Details: map[string]string{
		"conversation": of, "recording": id, "archiveDateBefore": before, "archiveDateAsked": asked, "deleteDateBefore": deleted,
	}})
	if changed != "" {
		b.told = append(b.told, event{Type: "RetentionChanged", Details: map[string]string{"conversation": of, "recording": id, "dates": changed}})
	}
}

// TestRestorationsThatDoNotFit: what is said of restored recordings fits the bag, its
// log, what Genesys Cloud answered, and the seal.
func TestRestorationsThatDoNotFit(t *testing.T) {
	t.Parallel()
	const (
		bag    = "bags/case-isolated-d4"
		lines  = bag + "/data/retention.csv"
		sealed = "seals/1/retention.csv"
		answer = bag + "/data/metadata/00000001-0000-4000-8000-000000000008.restored.json"
	)
	both := func(f *fixture, old, new string) {
		f.replace(lines, old, new)
		f.replace(sealed, old, new)
	}
	tests := map[string]struct {
		change func(*fixture)
		says   string
	}{
		"a change is hidden":        {func(f *fixture) { both(f, "deleteDate", "") }, `says that "" of`},
		"a change is made up":       {func(f *fixture) { both(f, "2030-01-01", "2031-01-01") }, `says that "deleteDate" of`},
		"another date is said":      {func(f *fixture) { both(f, "2030-01-01", "2032-01-01") }, "than Genesys Cloud answered"},
		"an answer changes":         {func(f *fixture) { f.replace(answer, "2024-06-08", "2024-06-09") }, "another archiveDate of"},
		"an answer is gone":         {func(f *fixture) { f.remove(answer) }, "that Genesys Cloud did not answer"},
		"another date is asked for": {func(f *fixture) { both(f, "2024-06-08T00:00:00Z", "2024-06-09T00:00:00Z") }, "the custody log differ about"},
		"the dates are hidden":      {func(f *fixture) { both(f, "2024-06-08T00:00:00.000Z", "unknown") }, "whose dates were not read"},
		"another recording":         {func(f *fixture) { both(f, id(2, 82), id(2, 81)) }, "which index.csv does not"},
		"a line is dropped":         {func(f *fixture) { f.write(lines, table(restoredColumns, nil)) }, "the custody log reports the restoration of"},
		"the table is gone": {func(f *fixture) {
			f.remove(lines)
			f.remove(sealed)
		}, "the custody log reports changed dates of"},
		"the seal's table is gone":  {func(f *fixture) { f.remove(sealed) }, "retention.csv and the bags differ"},
		"the seal's table differs":  {func(f *fixture) { f.replace(sealed, "2030-01-01", "2030-01-02") }, "retention.csv and the bags differ"},
		"a line is planted in seal": {func(f *fixture) { f.replace(sealed, "\n", "\n"+strings.Repeat("x,", len(restoredColumns))+"x\n") }, "retention.csv and the bags differ"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			tt.change(f)
			f.forge("case-isolated-d4", "1")
			if status, says := f.judge(); status != exitViolated || !strings.Contains(says, tt.says) {
				t.Errorf("status %d, does not say %q:\n%s", status, tt.says, says)
			}
		})
	}
}

// TestDatesThatAreNotKnown afterwards: nothing is claimed of them.
func TestDatesThatAreNotKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const line = "2024-01-01T00:00:00.000+0000,2024-06-08T00:00:00Z,"
	for _, name := range []string{"bags/case-isolated-d5/data/retention.csv", "seals/2/retention.csv"} {
		f.replace(name, line+"2024-06-08T00:00:00.000Z,2031-01-01T00:00:00.000Z,2031-01-01T00:00:00Z,,,,,", line+"unknown,2031-01-01T00:00:00.000Z,unknown,,unknown,,unknown,unknown")
	}
	f.remove("bags/case-isolated-d5/data/metadata/" + id(1, 8) + ".restored.json")
	f.forge("case-isolated-d5", "2")
	if status, says := f.judge(); status != exitSound {
		t.Errorf("status %d:\n%s", status, says)
	}
}

// TestADateThatWasChanged at Genesys Cloud is not a fault of the archive, but of the client.
func TestADateThatWasChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.data.RetentionChanges = []json.RawMessage{[]byte(`{"date":"deleteDate"}`)}
	f.tell()
	if status, says := f.judge(); status != exitViolated || !strings.Contains(says, `a date was changed at Genesys Cloud: {"date":"deleteDate"}`) {
		t.Errorf("status %d:\n%s", status, says)
	}
}
