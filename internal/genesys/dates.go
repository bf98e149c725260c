package genesys

import (
	"strings"
	"time"
)

// Retention is the dates that say how long a recording is kept, exactly as Genesys
// Cloud wrote them (RecordingMetadata in the Platform API), each of at most 100
// bytes. One that is empty was not there, which is different from any date: sent
// back without it, the recording would lose it.
type Retention struct {
	// ArchiveDate is when the recording goes, or went, to the archive, or returns to
	// it after a restoration.
	ArchiveDate   string `json:"archiveDate,omitempty"`
	ArchiveMedium string `json:"archiveMedium,omitempty"`
	// DeleteDate is when it is deleted.
	DeleteDate string `json:"deleteDate,omitempty"`
	// ExportDate is when a bulk job wants it exported, ExportedDate when it was.
	ExportDate   string `json:"exportDate,omitempty"`
	ExportedDate string `json:"exportedDate,omitempty"`
}

// The names of the dates of a Retention, as the Platform API has them.
const (
	ArchiveDate  = "archiveDate"
	DeleteDate   = "deleteDate"
	ExportDate   = "exportDate"
	ExportedDate = "exportedDate"
)

// DateNames are the names of the dates of a Retention, in a fixed order.
var DateNames = []string{ArchiveDate, DeleteDate, ExportDate, ExportedDate}

// dates are the dates by name, in a fixed order. The archive's medium is not a date.
func (r Retention) dates() [4]struct{ name, text string } {
	return [4]struct{ name, text string }{
		{ArchiveDate, r.ArchiveDate}, {DeleteDate, r.DeleteDate}, {ExportDate, r.ExportDate}, {ExportedDate, r.ExportedDate},
	}
}

// Date returns the date of a name, empty if it is not there.
func (r Retention) Date(name string) string {
	for _, date := range r.dates() {
		if date.name == name {
			return date.text
		}
	}
	return ""
}

// Differences returns the names of the dates that are not the same instant in both,
// whatever their spelling, in the order archiveDate, deleteDate, exportDate,
// exportedDate. One that is there in one of them only is different; those that
// cannot be read are different unless they are the same text.
func (r Retention) Differences(other Retention) []string {
	var names []string
	others := other.dates()
	for i, date := range r.dates() {
		if !sameDate(date.text, others[i].text) {
			names = append(names, date.name)
		}
	}
	return names
}

// Equal reports whether all dates are the same instants.
func (r Retention) Equal(other Retention) bool { return len(r.Differences(other)) == 0 }

// Unreadable returns the names of the dates that are there and cannot be read.
func (r Retention) Unreadable() []string {
	var names []string
	for _, date := range r.dates() {
		if _, ok := ParseDate(date.text); !ok && date.text != "" {
			names = append(names, date.name)
		}
	}
	return names
}

func sameDate(a, b string) bool {
	at, okA := ParseDate(a)
	bt, okB := ParseDate(b)
	if okA && okB {
		return at.Equal(bt)
	}
	return !okA && !okB && strings.TrimSpace(a) == strings.TrimSpace(b)
}

// ParseDate reads a date as Genesys Cloud writes it, with any of the zones Z, +0000
// and +00:00, and whether it is one. Year 1, which stands for no date, is none.
func ParseDate(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil && !t.IsZero() {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// restoredFor is how long a restored recording stays before it returns to the
// archive: long enough to fetch it however long the queue is, and no longer,
// because storage outside the archive costs more.
const restoredFor = 7 * 24 * time.Hour

// LaterArchiveDate returns the archive date that restores an archived recording:
// 7 days after now and after the present archive date, whichever is later, in
// whole milliseconds. If the recording is to be deleted between now and then, it is the
// delete date instead: nothing may be archived, and so kept, for longer. Should the delete
// date be the present archive date as well, it is halfway between now and then,
// because a date that does not change restores nothing.
func LaterArchiveDate(before Retention, now time.Time) time.Time {
	until := now
	archived, _ := ParseDate(before.ArchiveDate)
	if archived.After(until) {
		until = archived
	}
	until = until.Add(restoredFor).UTC().Truncate(time.Millisecond)
	deleted, ok := ParseDate(before.DeleteDate)
	switch {
	case !ok || !deleted.After(now) || deleted.After(until):
		return until
	case deleted.Equal(archived):
		return now.Add(deleted.Sub(now) / 2).UTC()
	default:
		return deleted
	}
}
