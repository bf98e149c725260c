package recordingexportbatch

import (
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
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
		switch {
		case m.Reason == evidence.ReasonMovedToIsolated:
			add(m.Stamp, "ConversationIsolated", map[string]string{"conversation": c.ID, "detail": m.Detail})
		case m.Reason != "":
			add(m.Stamp, "MetadataUnreadable", map[string]string{"conversation": c.ID, "reason": m.Reason, "detail": m.Detail})
		default:
			add(m.Stamp, "MetadataReceived", map[string]string{"conversation": c.ID, "correlationId": m.CorrelationID})
		}
	}
	if r.hold.Asked {
		add(r.hold.Stamp, "HoldChecked", map[string]string{"held": strconv.Itoa(len(r.hold.Held)), "unknown": strconv.Itoa(len(r.hold.Unknown))})
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
	return append(append(events, r.departures(settled)...), drifts(settled)...)
}

// departures tell of each recording that is not requested any more: that it left
// for a batch of the lane Isolated, or was refused to the end.
func (r record) departures(settled evidence.Inventory) []evidence.Event {
	aside := make(map[genesys.RecordingRef]artifacts.SetAside, len(r.aside))
	for _, a := range r.aside {
		aside[a.RecordingRef] = a
	}
	var events []evidence.Event
	for _, line := range settled.Recordings {
		note, noted := aside[line.Ref()]
		if !noted {
			note.Stamp = r.inventoried
		}
		kind := "RecordingRefused"
		if line.Moved() {
			kind = "RecordingIsolated"
		}
		if noted || line.Moved() {
			events = append(events, evidence.Event{Time: note.At, Type: kind, Actor: note.By, Details: map[string]string{
				"conversation": line.ConversationID, "recording": line.RecordingID, "detail": line.Detail,
			}})
		}
	}
	return events
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
