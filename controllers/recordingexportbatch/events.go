package recordingexportbatch

import (
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// custodyEvents returns the custody log of a batch, made from what was recorded about it.
func (r batchRecord) custodyEvents(settled evidence.Inventory) []evidence.Event {
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
	events = append(events, r.eventsOfRestorations()...)
	for _, request := range r.requests {
		add(request.Stamp, "RecordingsRequested", map[string]string{
			"request": request.Ticket.ID, "recordings": strconv.Itoa(len(request.Refs)), "try": strconv.Itoa(request.Round + 1),
		})
	}
	events = append(events, r.bulk.events()...)
	for _, f := range r.files {
		if f.IsReferenced() {
			events = append(events, evidence.ReferencedEvent(f.File, f.By))
			continue
		}
		add(f.Stamp, "RecordingStored", storedDetails(f))
	}
	return append(append(events, r.departureEvents(settled)...), holdChangeEvents(settled)...)
}

// departureEvents returns an event for each recording that is no longer requested: it moved to
// a batch of the lane Isolated, or was refused until the deadline.
func (r batchRecord) departureEvents(settled evidence.Inventory) []evidence.Event {
	aside := make(map[genesys.RecordingRef]artifacts.SetAside, len(r.setAside))
	for _, a := range r.setAside {
		aside[a.RecordingRef] = a
	}
	var events []evidence.Event
	for _, recording := range settled.Recordings {
		note, noted := aside[recording.Ref()]
		if !noted {
			note.Stamp = r.inventoried
		}
		kind := "RecordingRefused"
		if recording.MovedToIsolated() {
			kind = "RecordingIsolated"
		}
		if noted || recording.MovedToIsolated() {
			events = append(events, evidence.Event{Time: note.At, Type: kind, Actor: note.By, Details: map[string]string{
				"conversation": recording.ConversationID, "recording": recording.RecordingID, "detail": recording.Detail,
			}})
		}
	}
	return events
}

func storedDetails(f artifacts.StoredFile) map[string]string {
	details := map[string]string{"path": f.Path, "sha256": f.SHA256, "bytes": strconv.FormatInt(f.Size, 10), "request": f.RequestID}
	if f.Adopted {
		details["adopted"] = "true"
	}
	if from := f.CopiedFrom; from != nil {
		details["copiedFrom"], details["etag"] = from.Location, from.ETag
		if from.Encryption != "" {
			details["encryption"] = from.Encryption
		}
	}
	return details
}

// holdChangeEvents returns an event for each conversation whose legal hold differed between
// the survey and the transfer. It says whether the conversation moved to another lane.
func holdChangeEvents(settled evidence.Inventory) []evidence.Event {
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
