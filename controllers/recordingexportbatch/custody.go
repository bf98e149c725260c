package recordingexportbatch

import (
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// events tells the story of a batch from what was noted down about it.
func (r record) events(settled evidence.Inventory) []evidence.Event {
	var events []evidence.Event
	add := func(at artifacts.Stamp, kind string, details map[string]string) {
		events = append(events, evidence.Event{Time: at.At, Type: kind, Actor: at.By, Details: details})
	}
	add(r.slice.Stamp, "SliceAssigned", map[string]string{"conversations": strconv.Itoa(len(r.slice.Conversations))})
	for _, run := range r.runs {
		add(run.Stamp, "WorkBegun", nil)
	}
	for _, c := range r.slice.Conversations {
		m := r.metadata[c.ID]
		if m.Reason != "" {
			add(m.Stamp, "MetadataUnreadable", map[string]string{"conversation": c.ID, "reason": m.Reason})
			continue
		}
		add(m.Stamp, "MetadataReceived", map[string]string{"conversation": c.ID, "correlationId": m.CorrelationID})
	}
	if r.hold.Asked {
		add(r.hold.Stamp, "HoldChecked", map[string]string{"held": strconv.Itoa(len(r.hold.Held))})
	}
	events = append(events, r.restorationRecord.events()...)
	for _, request := range r.requests {
		add(request.Stamp, "RecordingsRequested", map[string]string{
			"request": request.Ticket.ID, "recordings": strconv.Itoa(len(request.Refs)), "try": strconv.Itoa(request.Try + 1),
		})
	}
	for _, f := range r.files {
		add(f.Stamp, "RecordingStored", stored(f))
	}
	return append(events, drifts(settled)...)
}

func stored(f artifacts.StoredFile) map[string]string {
	details := map[string]string{"path": f.Path, "sha256": f.SHA256, "bytes": strconv.FormatInt(f.Size, 10), "request": f.RequestID}
	if f.Adopted {
		details["adopted"] = "true"
	}
	return details
}

// drifts tells of conversations whose legal hold was another before transfer
// than at the survey, and whether they left for another lane.
func drifts(settled evidence.Inventory) []evidence.Event {
	var events []evidence.Event
	for _, c := range settled.Conversations {
		if !c.Drifted() {
			continue
		}
		events = append(events, evidence.Event{
			Time: c.HeldLater.At, Type: "HoldChanged", Actor: "Genesys Cloud", Details: map[string]string{
				"conversation": c.ID, "held": strconv.FormatBool(c.HeldLater.Held),
				"surveyedAt": c.Held.At.UTC().Format(time.RFC3339Nano), "moved": strconv.FormatBool(c.Moved()),
			},
		})
	}
	return events
}
