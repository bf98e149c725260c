package evidence

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Where it is listed which recordings were asked to be restored: in a bag and in a
// seal, each only if there are any.
const (
	RetentionTable = "data/retention.csv"
	retentionTable = "retention.csv"
)

// NotReadAgain stands for dates that were not read after a restoration, and for the
// names of those that changed: nothing is known of either.
const NotReadAgain = "unknown"

// Restoration is a recording that was asked to be restored from Genesys Cloud's
// archive, with the dates that say how long it is kept. The request is to change the
// archive date, and nothing else.
type Restoration struct {
	genesys.RecordingRef
	// Before is its dates as they were read just before the request, Asked the archive
	// date that was requested.
	Before genesys.Retention
	Asked  time.Time
	// After is its dates as they were read last, after the request; nil if they were not
	// read again.
	After *genesys.Retention
}

// DatesBefore are the dates before the request, as evidence shows them.
func (r Restoration) DatesBefore() genesys.Retention { return shownDates(r.Before) }

// DatesAfter are the dates afterwards, as evidence shows them; each is NotReadAgain
// if they were not read again.
func (r Restoration) DatesAfter() genesys.Retention {
	if r.After == nil {
		return genesys.Retention{ArchiveDate: NotReadAgain, DeleteDate: NotReadAgain, ExportDate: NotReadAgain, ExportedDate: NotReadAgain}
	}
	return shownDates(*r.After)
}

// shownDates makes dates, which are as Genesys Cloud wrote them, fit to be shown.
func shownDates(r genesys.Retention) genesys.Retention {
	show := func(date string) string { return cell(Printable(date, longestDate)) }
	return genesys.Retention{
		ArchiveDate: show(r.ArchiveDate), DeleteDate: show(r.DeleteDate), ExportDate: show(r.ExportDate), ExportedDate: show(r.ExportedDate),
	}
}

// longestDate bounds a date that is shown, in runes: no less than what is kept of one.
const longestDate = 100

// Changed returns the names of the dates that are not the same instants afterwards,
// except for the archive date, which was to change. There are none if the dates were
// not read again, which does not mean that none changed.
func (r Restoration) Changed() []string {
	if r.After == nil {
		return nil
	}
	return slices.DeleteFunc(r.DatesBefore().Differences(r.DatesAfter()), func(name string) bool { return name == genesys.ArchiveDate })
}

// changedCell is what a table says of the dates that changed.
func (r Restoration) changedCell() string {
	if r.After == nil {
		return NotReadAgain
	}
	return strings.Join(r.Changed(), " ")
}

var retentionColumns = []string{
	"conversation_id", "recording_id", "archive_date_before", "archive_date_asked", "archive_date_after", "delete_date_before", "delete_date_after",
	"export_date_before", "export_date_after", "exported_date_before", "exported_date_after", "changed",
}

// WriteRetention writes retention.csv of a bag.
func WriteRetention(w io.Writer, restorations []Restoration) error {
	return writeTable(w, retentionColumns, len(restorations), func(i int) []string {
		r := restorations[i]
		before, after := r.DatesBefore(), r.DatesAfter()
		return []string{
			r.ConversationID, r.RecordingID, before.ArchiveDate, stamp(r.Asked), after.ArchiveDate, before.DeleteDate, after.DeleteDate,
			before.ExportDate, after.ExportDate, before.ExportedDate, after.ExportedDate, r.changedCell(),
		}
	})
}

// ReadRetention reads what WriteRetention writes.
func ReadRetention(r io.Reader) iter.Seq2[Restoration, error] {
	return readTable(r, retentionColumns, func(row []string) (Restoration, error) {
		asked, err := time.Parse(time.RFC3339Nano, row[3])
		out := Restoration{
			RecordingRef: genesys.RecordingRef{ConversationID: row[0], RecordingID: row[1]}, Asked: asked,
			Before: genesys.Retention{ArchiveDate: row[2], DeleteDate: row[5], ExportDate: row[7], ExportedDate: row[9]},
		}
		if row[11] != NotReadAgain {
			out.After = &genesys.Retention{ArchiveDate: row[4], DeleteDate: row[6], ExportDate: row[8], ExportedDate: row[10]}
		}
		return out, err
	})
}

// writeRetention lists the recordings of all bags that were asked to be restored.
func (s Seal) writeRetention(w io.Writer, root fs.FS, bags []sealedBag) error {
	table := csv.NewWriter(w)
	err := table.Write(append(slices.Clone(retentionColumns), "bag"))
	as := func(r io.Reader) iter.Seq2[[]string, error] {
		return readTable(r, retentionColumns, func(row []string) ([]string, error) { return row, nil })
	}
	for _, bag := range bags {
		if bag.Restorations == 0 {
			continue
		}
		err = errors.Join(err, eachRow(root, BagFolder(bag.Name)+"/"+RetentionTable, as, func(row []string) error {
			return table.Write(append(slices.Clone(row), bag.Name))
		}))
	}
	table.Flush()
	return errors.Join(err, table.Error())
}

// restored reports whether recordings of any bag were asked to be restored.
func restored(bags []sealedBag) bool {
	return slices.ContainsFunc(bags, func(b sealedBag) bool { return b.Restorations > 0 })
}

// countRestorations counts the recordings that were to be restored, if there are any.
func (s *Summary) countRestorations(bag fs.FS) error {
	err := eachRow(bag, RetentionTable, ReadRetention, func(r Restoration) error {
		s.Restorations++
		if len(r.Changed()) > 0 {
			s.RetentionChanged = append(s.RetentionChanged, r)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
