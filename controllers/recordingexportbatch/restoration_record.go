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

// restorationRecord is what was noted down about the restorations of a slice's
// conversations.
type restorationRecord struct {
	attempts []artifacts.Attempt
	refusals []artifacts.Refusal
	ended    []artifacts.Restoration
}

// readRestorations reads what was noted down. The halves of a batch share it: what
// is about the conversations of the other half is left out.
func readRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice) (r restorationRecord, err error) {
	if r.attempts, err = artifacts.All[artifacts.Attempt](ctx, store, artifacts.AttemptFolder(slice)); err != nil {
		return r, err
	}
	if r.refusals, err = artifacts.All[artifacts.Refusal](ctx, store, artifacts.RefusalFolder(slice)); err != nil {
		return r, err
	}
	if r.ended, err = restorations(ctx, store, slice); err != nil {
		return r, err
	}
	mine := map[string]bool{}
	for _, c := range slice.Conversations {
		mine[c.ID] = true
	}
	r.attempts = slices.DeleteFunc(r.attempts, func(a artifacts.Attempt) bool { return !mine[a.ConversationID] })
	r.refusals = slices.DeleteFunc(r.refusals, func(a artifacts.Refusal) bool { return !mine[a.ConversationID] })
	r.ended = slices.DeleteFunc(r.ended, func(e artifacts.Restoration) bool { return !mine[e.ConversationID] })
	return r, nil
}

// body is the metadata of a conversation as received when its restoration ended,
// nil if there was none.
func (r restorationRecord) body(conversationID string) []byte {
	for _, end := range r.ended {
		if end.ConversationID == conversationID {
			return end.Body
		}
	}
	return nil
}

// retention lists the recordings that were asked to be restored, with their dates.
func (r restorationRecord) retention() []evidence.Restoration {
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
	// known are the recordings that were asked to be restored.
	known map[genesys.RecordingRef]evidence.Restoration
}

// events tell of each restoration that was asked for, how it ended, and of the dates
// of the recording before and afterwards. A date that is not there is not named.
func (r restorationRecord) events() []evidence.Event {
	events := restorationEvents{known: map[genesys.RecordingRef]evidence.Restoration{}}
	for _, restoration := range r.retention() {
		events.known[restoration.RecordingRef] = restoration
	}
	for _, attempt := range r.attempts {
		asked := events.known[attempt.RecordingRef]
		events.add(attempt.Stamp, "RestorationRequested", attempt.RecordingRef,
			append(dates(asked.DatesBefore(), "Before"), "archiveDateAsked", asked.Asked.Format(time.RFC3339Nano))...)
	}
	for _, refusal := range r.refusals {
		events.add(refusal.Stamp, "RestorationRefused", refusal.RecordingRef, "reason", refusal.Reason, "detail", refusal.Detail)
	}
	for _, end := range r.ended {
		for _, became := range end.Recordings {
			events.end(end, became)
		}
	}
	return events.list
}

func (e *restorationEvents) add(at artifacts.Stamp, kind string, ref genesys.RecordingRef, more ...string) {
	details := map[string]string{"conversation": ref.ConversationID, "recording": ref.RecordingID}
	for i := 0; i+1 < len(more); i += 2 {
		details[more[i]] = more[i+1]
	}
	e.list = append(e.list, evidence.Event{Time: at.At, Type: kind, Actor: at.By, Details: details})
}

// end tells how it ended for one recording.
func (e *restorationEvents) end(end artifacts.Restoration, became artifacts.Restored) {
	asked, isAsked := e.known[became.RecordingRef]
	var after []string
	if isAsked {
		after = datesAfter(asked)
	}
	if became.Reason == "" {
		e.add(end.Stamp, "RecordingRestored", became.RecordingRef, append(after, "correlationId", end.CorrelationID)...)
	} else {
		e.add(end.Stamp, "RecordingNotRestored", became.RecordingRef, append(after, "reason", became.Reason, "detail", became.Detail)...)
	}
	if names := asked.Changed(); len(names) > 0 {
		e.add(artifacts.Stamp{At: end.At, By: "Genesys Cloud"}, "RetentionChanged", became.RecordingRef, retentionChange(asked, names)...)
	}
}

// dates are details of an event that tell of dates.
func dates(of genesys.Retention, suffix string) (details []string) {
	for _, name := range genesys.DateNames {
		if date := of.Date(name); date != "" {
			details = append(details, name+suffix, date)
		}
	}
	return details
}

// datesAfter tell what dates a recording had afterwards, or that this is not known.
func datesAfter(r evidence.Restoration) []string {
	if r.After == nil {
		return []string{"datesAfter", evidence.NotReadAgain}
	}
	return dates(r.DatesAfter(), "After")
}

// retentionChange names the dates that changed, each as it was and as it is.
func retentionChange(r evidence.Restoration, names []string) []string {
	details := []string{"dates", strings.Join(names, " ")}
	for _, name := range names {
		details = append(details, name+"Before", r.DatesBefore().Date(name), name+"After", r.DatesAfter().Date(name))
	}
	return details
}
