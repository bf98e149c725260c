package evidence

import (
	"errors"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Restorations is what became of the dates of recordings that were asked to be
// restored.
type Restorations struct {
	// Asked counts the recordings, Changed those of which another date than the archive
	// date was another one afterwards, and Unknown those whose dates were not read again.
	Asked, Changed, Unknown int64
	// Listed are the first of those with changed dates.
	Listed []ChangedRetention
}

// ChangedRetention is a recording with dates that changed while it was restored.
type ChangedRetention struct {
	Restoration
	Bag string
}

// readRetention reads which recordings were asked to be restored, as far as any were.
func (r *findingsReader) readRetention() error {
	for number := 1; number <= r.seals; number++ {
		err := eachCell(r.root, SealFolder(number)+"/"+retentionTable, func(row map[string]string) error {
			r.retention(row)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (r *findingsReader) retention(row map[string]string) {
	of := &r.Restorations
	of.Asked++
	switch changed := row["changed"]; changed {
	case "":
	case NotReadAgain:
		of.Unknown++
	default:
		of.Changed++
		if len(of.Listed) < MostListed {
			of.Listed = append(of.Listed, changedRetention(row))
		}
	}
}

func changedRetention(row map[string]string) ChangedRetention {
	dates := func(when string) genesys.Retention {
		return genesys.Retention{
			ArchiveDate: row["archive_date_"+when], DeleteDate: row["delete_date_"+when],
			ExportDate: row["export_date_"+when], ExportedDate: row["exported_date_"+when],
		}
	}
	after := dates("after")
	return ChangedRetention{
		Restoration: Restoration{
			RecordingRef: genesys.RecordingRef{ConversationID: row["conversation_id"], RecordingID: row["recording_id"]},
			Before:       dates("before"), Asked: instant(row["archive_date_asked"]), After: &after,
		},
		Bag: row["bag"],
	}
}
