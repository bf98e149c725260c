package recordingexportbatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// restorationRecord is what was recorded about the restorations of a slice's conversations.
type restorationRecord struct {
	attempts []artifacts.RestorationAttempt
	refusals []artifacts.RestorationRefusal
	ended    []artifacts.Restoration
}

// readRestorations reads the record. The halves of a batch share its folders: what is about
// conversations of the other half is left out.
func readRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice) (r restorationRecord, err error) {
	if r.attempts, err = artifacts.All[artifacts.RestorationAttempt](ctx, store, artifacts.AttemptFolder(slice)); err != nil {
		return r, err
	}
	if r.refusals, err = artifacts.All[artifacts.RestorationRefusal](ctx, store, artifacts.RefusalFolder(slice)); err != nil {
		return r, err
	}
	if r.ended, err = readEndedRestorations(ctx, store, slice); err != nil {
		return r, err
	}
	mine := map[string]bool{}
	for _, c := range slice.Conversations {
		mine[c.ID] = true
	}
	r.attempts = slices.DeleteFunc(r.attempts, func(a artifacts.RestorationAttempt) bool { return !mine[a.ConversationID] })
	r.refusals = slices.DeleteFunc(r.refusals, func(a artifacts.RestorationRefusal) bool { return !mine[a.ConversationID] })
	r.ended = slices.DeleteFunc(r.ended, func(e artifacts.Restoration) bool { return !mine[e.ConversationID] })
	return r, nil
}

// endBody returns the metadata of a conversation as received when its restoration ended, nil
// if there was none.
func (r restorationRecord) endBody(conversationID string) []byte {
	for _, end := range r.ended {
		if end.ConversationID == conversationID {
			return end.Body
		}
	}
	return nil
}

// dates returns the recordings whose restoration was requested, with their dates before and
// after.
func (r restorationRecord) dates() []evidence.Restoration {
	after := map[genesys.RecordingRef]*genesys.Retention{}
	for _, end := range r.ended {
		for _, became := range end.Recordings {
			after[became.RecordingRef] = became.After
		}
	}
	out := make([]evidence.Restoration, len(r.attempts))
	for i, attempt := range r.attempts {
		out[i] = evidence.Restoration{RecordingRef: attempt.RecordingRef, Before: attempt.Before, Asked: attempt.Until, After: after[attempt.RecordingRef]}
	}
	return out
}

// restorationEvents collects events about restorations.
type restorationEvents struct {
	list []evidence.Event
	// requested are the recordings whose restoration was requested.
	requested map[genesys.RecordingRef]evidence.Restoration
}

// eventsOfRestorations returns an event for each restoration that was requested, for how it ended, and for
// changed dates. A date that is absent is left out.
func (r restorationRecord) eventsOfRestorations() []evidence.Event {
	events := restorationEvents{requested: map[genesys.RecordingRef]evidence.Restoration{}}
	for _, restoration := range r.dates() {
		events.requested[restoration.RecordingRef] = restoration
	}
	for _, attempt := range r.attempts {
		asked := events.requested[attempt.RecordingRef]
		events.addEvent(attempt.Stamp, "RestorationRequested", attempt.RecordingRef,
			append(dateDetails(asked.DatesBefore(), "Before"), "archiveDateAsked", asked.Asked.Format(time.RFC3339Nano))...)
	}
	for _, refusal := range r.refusals {
		events.addEvent(refusal.Stamp, "RestorationRefused", refusal.RecordingRef, "reason", refusal.Reason, "detail", refusal.Detail)
	}
	for _, end := range r.ended {
		for _, became := range end.Recordings {
			events.addEnd(end, became)
		}
	}
	return events.list
}

func (e *restorationEvents) addEvent(at artifacts.Stamp, kind string, ref genesys.RecordingRef, more ...string) {
	details := map[string]string{"conversation": ref.ConversationID, "recording": ref.RecordingID}
	for i := 0; i+1 < len(more); i += 2 {
		details[more[i]] = more[i+1]
	}
	e.list = append(e.list, evidence.Event{Time: at.At, Type: kind, Actor: at.By, Details: details})
}

// addEnd adds how the restoration of one recording ended.
func (e *restorationEvents) addEnd(end artifacts.Restoration, became artifacts.RestorationEnd) {
	asked, isAsked := e.requested[became.RecordingRef]
	var after []string
	if isAsked {
		after = dateDetailsAfter(asked)
	}
	if became.Reason == "" {
		e.addEvent(end.Stamp, "RecordingRestored", became.RecordingRef, append(after, "correlationId", end.CorrelationID)...)
	} else {
		e.addEvent(end.Stamp, "RecordingNotRestored", became.RecordingRef, append(after, "reason", became.Reason, "detail", became.Detail)...)
	}
	if names := asked.Changed(); len(names) > 0 {
		e.addEvent(artifacts.Stamp{At: end.At, By: "Genesys Cloud"}, "RetentionChanged", became.RecordingRef, dateChangeDetails(asked, names)...)
	}
}

// dateDetails returns the dates as details of an event.
func dateDetails(dates genesys.Retention, suffix string) (details []string) {
	for _, name := range genesys.DateNames {
		if date := dates.Date(name); date != "" {
			details = append(details, name+suffix, date)
		}
	}
	return details
}

// dateDetailsAfter returns the dates after the restoration, or says that they are unknown.
func dateDetailsAfter(r evidence.Restoration) []string {
	if r.After == nil {
		return []string{"datesAfter", evidence.NotReadAgain}
	}
	return dateDetails(r.DatesAfter(), "After")
}

// dateChangeDetails returns the names of the dates that changed, and each date before and
// after.
func dateChangeDetails(r evidence.Restoration, names []string) []string {
	details := []string{"dates", strings.Join(names, " ")}
	for _, name := range names {
		details = append(details, name+"Before", r.DatesBefore().Date(name), name+"After", r.DatesAfter().Date(name))
	}
	return details
}
