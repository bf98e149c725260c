package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// restorationRecord is what was noted down about the restorations of a slice.
type restorationRecord struct {
	attempts []artifacts.Attempt
	refusals []artifacts.Refusal
	ended    []artifacts.Restoration
}

func readRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice) (r restorationRecord, err error) {
	if r.attempts, err = artifacts.All[artifacts.Attempt](ctx, store, artifacts.AttemptFolder(slice)); err != nil {
		return r, err
	}
	if r.refusals, err = artifacts.All[artifacts.Refusal](ctx, store, artifacts.RefusalFolder(slice)); err != nil {
		return r, err
	}
	r.ended, err = restorations(ctx, store, slice)
	return r, err
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

// events tell of each restoration that was asked for, and how it ended.
func (r restorationRecord) events() []evidence.Event {
	var events []evidence.Event
	add := func(at artifacts.Stamp, kind string, ref genesys.RecordingRef, more ...string) {
		details := map[string]string{"conversation": ref.ConversationID, "recording": ref.RecordingID}
		for i := 0; i+1 < len(more); i += 2 {
			details[more[i]] = more[i+1]
		}
		events = append(events, evidence.Event{Time: at.At, Type: kind, Actor: at.By, Details: details})
	}
	for _, attempt := range r.attempts {
		add(attempt.Stamp, "RestorationRequested", attempt.RecordingRef)
	}
	for _, refusal := range r.refusals {
		add(refusal.Stamp, "RestorationRefused", refusal.RecordingRef, "reason", refusal.Reason, "detail", refusal.Detail)
	}
	for _, end := range r.ended {
		for _, became := range end.Recordings {
			if became.Reason == "" {
				add(end.Stamp, "RecordingRestored", became.RecordingRef, "correlationId", end.CorrelationID)
				continue
			}
			add(end.Stamp, "RecordingNotRestored", became.RecordingRef, "reason", became.Reason, "detail", became.Detail)
		}
	}
	return events
}
