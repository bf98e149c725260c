package specimen

import (
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// asked are conversations with the answers about their legal holds before transfer:
// those that no test gives are the answers of the survey.
func (a *Archive) asked(conversations []evidence.Conversation) []evidence.Conversation {
	all := slices.Clone(conversations)
	for i := range all {
		if all[i].HeldLater.At.IsZero() {
			all[i].HeldLater = evidence.HoldAnswer{Held: all[i].Held.Held, At: a.at(4)}
		}
	}
	return all
}

// countRestored has the recordings transferred that were restored.
func countRestored(inventory evidence.Inventory, bag string) {
	for i := range inventory.Recordings {
		r := &inventory.Recordings[i]
		if slices.ContainsFunc(restorations[bag], func(of evidence.Restoration) bool { return of.RecordingRef == r.Ref() }) {
			r.Disposition, r.Reason, r.Detail = evidence.Wanted, "", ""
		}
	}
}

// story tells what happened to a bag, beside the files that came and the recordings
// that were restored.
func (a *Archive) story(settled evidence.Inventory, wanted int) []evidence.Event {
	var events []evidence.Event
	tell := func(at time.Time, kind string, details map[string]string) {
		events = append(events, evidence.Event{Time: at, Type: kind, Actor: "specimen", Details: details})
	}
	tell(a.at(2), "SliceAssigned", map[string]string{"conversations": strconv.Itoa(len(settled.Conversations))})
	held := 0
	for _, c := range settled.Conversations {
		if c.HeldLater.Held {
			held++
		}
		if c.Isolated() {
			tell(a.at(3), "ConversationIsolated", map[string]string{"conversation": c.ID, "detail": c.Detail})
		} else {
			tell(a.at(3), "MetadataReceived", map[string]string{"conversation": c.ID, "correlationId": ID(905)})
		}
		if c.Drifted() {
			tell(c.HeldLater.At, "HoldChanged", map[string]string{
				"conversation": c.ID, "held": strconv.FormatBool(c.HeldLater.Held), "surveyedAt": c.Held.At.Format(time.RFC3339Nano), "moved": strconv.FormatBool(c.Moved()),
			})
		}
	}
	tell(a.at(4), "HoldChecked", map[string]string{"held": strconv.Itoa(held), "unknown": "0"})
	tell(a.at(7), "WorkBegun", nil)
	requested := map[string]string{"request": ID(903), "recordings": strconv.Itoa(wanted), "try": "1"}
	tell(a.at(7), "RecordingsRequested", requested)
	if a.Buckets != "" { // a bulk job brought the recordings there
		requested["bulkJobPart"] = "0-9"
		numbers := strconv.Itoa(wanted)
		tell(a.at(7), "BulkJobExecutionRequested", map[string]string{
			"request": ID(903), "conversations": "9", "recordings": numbers, "skipped": "0", "listed": numbers, "available": numbers,
		})
		tell(a.at(9), "BulkJobEnded", map[string]string{"request": ID(903), "outcome": "Fulfilled", "state": "FULFILLED", "recordings": numbers})
	}
	for _, r := range settled.Recordings {
		if r.MovedToIsolated() {
			tell(a.at(9), "RecordingIsolated", of(r.Ref(), "detail", r.Detail))
		}
	}
	tell(a.at(10), "BagSealed", nil)
	return events
}

// of are details about a recording.
func of(ref genesys.RecordingRef, more ...string) map[string]string {
	details := map[string]string{"conversation": ref.ConversationID, "recording": ref.RecordingID}
	for i := 0; i < len(more); i += 2 {
		details[more[i]] = more[i+1]
	}
	return details
}
