package specimen

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// restorations are the recordings that were restored, by their bags. The delete date
// of recording 64 changed meanwhile.
var restorations = map[string][]evidence.Restoration{
	IsolatedOnes: {restored(64, "2032-10-01T00:00:00.000Z")}, IsolatedAgain: {restored(63, "2033-10-01T00:00:00Z")},
}

// restored is a recording of conversation 6 that was restored, with the delete date
// that it had afterwards.
func restored(n int, deleted string) evidence.Restoration {
	return evidence.Restoration{
		RecordingRef: genesys.RecordingRef{ConversationID: ID(6), RecordingID: ID(n)},
		Before:       genesys.Retention{ArchiveDate: "2023-10-02T00:00:00.000+0000", DeleteDate: "2033-10-01T00:00:00.000+0000"},
		Asked:        Day.AddDate(0, 0, 10),
		After:        &genesys.Retention{ArchiveDate: "2023-10-11T00:00:00.000Z", DeleteDate: deleted},
	}
}

// addRestored adds to a bag what was restored of it.
func (a *Archive) addRestored(bag *evidence.Bag, name string, known map[string][]genesys.Recording) {
	bag.Restorations = restorations[name]
	bag.Restored = func(id string) []byte {
		for _, r := range bag.Restorations {
			if r.ConversationID == id {
				return answer(known[id], r)
			}
		}
		return nil
	}
	for _, r := range bag.Restorations {
		bag.Events = append(bag.Events,
			evidence.Event{Time: a.at(5), Type: "RestorationRequested", Actor: "specimen", Details: of(r.RecordingRef,
				"archiveDateBefore", r.Before.ArchiveDate, "deleteDateBefore", r.Before.DeleteDate, "archiveDateAsked", r.Asked.Format(time.RFC3339Nano))},
			evidence.Event{Time: a.at(6), Type: "RecordingRestored", Actor: "specimen", Details: of(r.RecordingRef,
				"archiveDateAfter", r.After.ArchiveDate, "deleteDateAfter", r.After.DeleteDate)},
		)
		if names := r.Changed(); len(names) > 0 {
			bag.Events = append(bag.Events, evidence.Event{Time: a.at(6), Type: "RetentionChanged", Actor: "Genesys Cloud", Details: of(r.RecordingRef, "dates", strings.Join(names, " "))})
		}
	}
}

// answer is what Genesys Cloud says of recordings, one of which was restored.
func answer(recordings []genesys.Recording, of evidence.Restoration) []byte {
	type one struct {
		ID          string `json:"id"`
		Media       string `json:"media"`
		State       string `json:"fileState"`
		ArchiveDate string `json:"archiveDate,omitempty"`
		DeleteDate  string `json:"deleteDate,omitempty"`
	}
	var list []one
	for _, r := range recordings {
		said := one{ID: r.ID, Media: string(r.Medium), State: string(genesys.FileAvailable)}
		if r.ID == of.RecordingID {
			said.ArchiveDate, said.DeleteDate = of.After.ArchiveDate, of.After.DeleteDate
		}
		list = append(list, said)
	}
	content, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	return content
}
