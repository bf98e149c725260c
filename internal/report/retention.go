package report

import (
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// restored is what became of the dates of recordings that were restored.
type restored struct {
	Asked amount
	Says  []text
	Rows  []dateRow
	// More recordings with dates that changed are not listed.
	More int64
}

// dateRow is a date of a recording that changed.
type dateRow struct{ Conversation, Recording, Date, Before, After, Bag text }

// dateNames say what each date is for.
var dateNames = map[string]text{
	genesys.ArchiveDate:  "To be archived",
	genesys.DeleteDate:   "To be deleted",
	genesys.ExportDate:   "To be exported by a job of Genesys Cloud",
	genesys.ExportedDate: "Exported by a job of Genesys Cloud",
}

// restorations shows what became of the dates of recordings that were asked to be
// restored, nil if none was.
func restorations(found evidence.Restorations) *restored {
	if found.Asked == 0 {
		return nil
	}
	out := &restored{Asked: amount(found.Asked), Says: restorationsSay(found), More: found.Changed - int64(len(found.Listed))}
	for _, r := range found.Listed {
		for _, name := range r.Changed() {
			out.Rows = append(out.Rows, dateRow{
				clean(r.ConversationID, longName), clean(r.RecordingID, longName), dateNames[name],
				dateOrNone(r.Before.Date(name)), dateOrNone(r.After.Date(name)), clean(r.Bag, longName),
			})
		}
	}
	return out
}

func restorationsSay(found evidence.Restorations) (says []text) {
	if found.Changed > 0 {
		says = append(says, words("Other dates of %s were different afterwards. The archive does not show what changed them.", of(found.Changed, "recording", "recordings")))
	}
	if found.Unknown > 0 {
		says = append(says, words("The dates of %s could not be read afterwards, so it is not known whether they changed.", of(found.Unknown, "recording", "recordings")))
	}
	if len(says) == 0 {
		says = []text{"Afterwards, no other date had changed."}
	}
	return says
}

// dateOrNone is a date as Genesys Cloud wrote it.
func dateOrNone(date string) text {
	if date == "" {
		return "none"
	}
	return clean(date, longName)
}
