package genesys

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDifferences(t *testing.T) {
	all := Retention{
		ArchiveDate: "2026-01-01T00:00:00.000Z", ArchiveMedium: "CLOUDARCHIVE", DeleteDate: "2027-01-01T00:00:00.000Z",
		ExportDate: "2026-02-01T00:00:00Z", ExportedDate: "2026-02-02T00:00:00Z",
	}
	tests := map[string]struct {
		change func(*Retention)
		want   []string
	}{
		"the same":               {func(*Retention) {}, nil},
		"another spelling":       {func(r *Retention) { r.DeleteDate = "2027-01-01T00:00:00+0000" }, nil},
		"another zone":           {func(r *Retention) { r.DeleteDate = "2027-01-01T03:00:00.000+03:00" }, nil},
		"a millisecond later":    {func(r *Retention) { r.DeleteDate = "2027-01-01T00:00:00.001Z" }, []string{DeleteDate}},
		"removed":                {func(r *Retention) { r.DeleteDate = "" }, []string{DeleteDate}},
		"became unreadable":      {func(r *Retention) { r.DeleteDate = "never" }, []string{DeleteDate}},
		"a later archive date":   {func(r *Retention) { r.ArchiveDate = "2026-01-08T00:00:00.000Z" }, []string{ArchiveDate}},
		"another medium":         {func(r *Retention) { r.ArchiveMedium = "" }, nil},
		"all of them, in order":  {func(r *Retention) { *r = Retention{} }, []string{ArchiveDate, DeleteDate, ExportDate, ExportedDate}},
		"no date but year 1":     {func(r *Retention) { r.ExportDate = "0001-01-01T00:00:00Z" }, []string{ExportDate}},
		"spaces around the same": {func(r *Retention) { r.ExportedDate = " 2026-02-02T00:00:00Z" }, []string{ExportedDate}},
	}
	for name, tt := range tests {
		other := all
		tt.change(&other)
		for _, got := range [][]string{all.Differences(other), other.Differences(all)} {
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", name, got, tt.want)
			}
		}
		if all.Equal(other) != (len(tt.want) == 0) {
			t.Errorf("%s: equal %v", name, all.Equal(other))
		}
	}
	odd := Retention{DeleteDate: "never", ExportDate: "soon"}
	if got := odd.Differences(odd); len(got) != 0 {
		t.Errorf("the same texts differ in %v", got)
	}
	if got, want := odd.Unreadable(), []string{DeleteDate, ExportDate}; !slices.Equal(got, want) {
		t.Errorf("unreadable are %v, want %v", got, want)
	}
	if got := all.Unreadable(); len(got) != 0 {
		t.Errorf("unreadable are %v, want none", got)
	}
}

func TestLaterArchiveDate(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 1, 10, 12, 0, 0, 123_456_789, time.UTC)
	text := func(d time.Duration) string { return now.Add(d).Format("2006-01-02T15:04:05.000-0700") }
	week := now.Add(7 * day).Truncate(time.Millisecond)
	tests := map[string]struct {
		before Retention
		want   time.Time
	}{
		"nothing known":                       {Retention{}, week},
		"archived long ago":                   {Retention{ArchiveDate: text(-90 * day)}, week},
		"to be archived tomorrow":             {Retention{ArchiveDate: text(day)}, now.Truncate(time.Millisecond).Add(8 * day)},
		"deleted much later":                  {Retention{ArchiveDate: text(-day), DeleteDate: text(365 * day)}, week},
		"deleted in two days":                 {Retention{ArchiveDate: text(-day), DeleteDate: text(2 * day)}, now.Truncate(time.Millisecond).Add(2 * day)},
		"due to be deleted already":           {Retention{ArchiveDate: text(-day), DeleteDate: text(-time.Hour)}, week},
		"deleted before it is archived":       {Retention{ArchiveDate: text(3 * day), DeleteDate: text(2 * day)}, now.Truncate(time.Millisecond).Add(2 * day)},
		"unreadable dates":                    {Retention{ArchiveDate: "never", DeleteDate: "soon"}, week},
		"deleted exactly when it is archived": {Retention{ArchiveDate: text(2 * day), DeleteDate: text(2 * day)}, now.Add(now.Truncate(time.Millisecond).Add(2*day).Sub(now) / 2)},
	}
	for name, tt := range tests {
		if got := LaterArchiveDate(tt.before, now); !got.Equal(tt.want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestLaterArchiveDateAlwaysRestores: it is in the future, it is another one, and
// it never outlives the recording.
func TestLaterArchiveDateAlwaysRestores(t *testing.T) {
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	date := rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 4).Draw(t, "absent") == 0 {
			return ""
		}
		offset := rapid.Int64Range(-20*24*3600_000, 20*24*3600_000).Draw(t, "milliseconds")
		layout := rapid.SampledFrom([]string{"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000-0700", time.RFC3339Nano}).Draw(t, "spelling")
		return now.Add(time.Duration(offset) * time.Millisecond).Format(layout)
	})
	rapid.Check(t, func(t *rapid.T) {
		before := Retention{ArchiveDate: date.Draw(t, "archived"), DeleteDate: date.Draw(t, "deleted")}
		until := LaterArchiveDate(before, now)
		archived, _ := ParseDate(before.ArchiveDate)
		deleted, willBe := ParseDate(before.DeleteDate)
		if !until.After(now) || until.Equal(archived) {
			t.Errorf("%+v: until %v", before, until)
		}
		if willBe && deleted.After(now) && until.After(deleted) {
			t.Errorf("%+v: until %v, after it is deleted", before, until)
		}
		// One that is to be deleted exactly when it is archived has no later date to get.
		later := !willBe || !deleted.After(now) || deleted.After(until) && !deleted.Equal(archived)
		if later && !until.After(archived) {
			t.Errorf("%+v: until %v, not later than before", before, until)
		}
	})
}
