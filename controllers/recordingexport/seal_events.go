package recordingexport

import (
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// opening is the first event of a seal's log.
func (w *sealWork) opening() evidence.Event {
	if w.former == nil {
		return evidence.Event{Time: w.record.CreatedAt, Type: "ArchiveBegun", Actor: w.instance}
	}
	return evidence.Event{Time: w.former.Account.SealedAt, Type: "FormerSeal", Actor: w.instance, Details: map[string]string{
		"number": strconv.Itoa(w.former.Account.Number), "sha256": w.former.Digest,
	}}
}

// takeOvers are the events of the take-overs that no former seal tells of.
func (w *sealWork) takeOvers() []evidence.Event {
	var events []evidence.Event
	for _, line := range w.owners[w.toldOwners():] {
		events = append(events, line.TakeOver().Event(line.By))
	}
	return events
}

// toldOwners is how many lines of the log of owners the former seals tell of.
func (w *sealWork) toldOwners() int {
	if w.former == nil {
		return 0
	}
	return min(len(w.former.Account.TakenOver), len(w.owners))
}

// noticedKey is what a destination tells of the last change of its key.
func noticedKey(destination *v1alpha1.ExportDestination, by string) evidence.NoticedKey {
	change := destination.Status.SigningKeyChange
	if change == nil {
		return evidence.NoticedKey{By: by}
	}
	return evidence.NoticedKey{ID: change.To, At: change.Time.Time, By: by}
}

// eventOf is the event of an entry that is not about a survey.
func eventOf(entry plan.Numbered) (evidence.Event, bool) {
	event := evidence.Event{Time: entry.At, Actor: entry.By}
	switch {
	case entry.Moved != nil:
		event.Type, event.Details = "ConversationsMoved", map[string]string{"group": entry.Moved.Group}
	case entry.Halved != nil:
		event.Type, event.Details = "BatchSplit", map[string]string{"batch": entry.Halved.Batch}
	case entry.Isolated != nil && entry.Isolated.Recordings:
		event.Type, event.Details = "RecordingsIsolated", map[string]string{"batch": entry.Isolated.Batch}
	case entry.Isolated != nil:
		event.Type, event.Details = "ConversationsIsolated", map[string]string{"group": entry.Isolated.Group}
	case entry.Retried != nil:
		event.Type, event.Details = "RetryRequested", map[string]string{
			"token": entry.Retried.Token, "seals": strconv.Itoa(entry.Retried.Seals), "days": strconv.Itoa(len(entry.Retried.Days)),
		}
	default:
		return event, false
	}
	return event, true
}

// planned adds to an event of the entry the entry's number, from 0, and how many batches
// it led to. The names of batches that became known after the first survey of their day end
// in that number, so that a verification can compare each with the event that led to it.
func planned(entry plan.Numbered, event evidence.Event) evidence.Event {
	event.Details["entry"], event.Details["batches"] = strconv.Itoa(entry.Number), strconv.Itoa(len(entry.Slices))
	return event
}

// unbatched lists the conversations of a survey that are in no batch, with the reason.
func (w *sealWork) unbatched(survey artifacts.Survey) []evidence.Conversation {
	var out []evidence.Conversation
	for _, c := range survey.Conversations {
		if !w.scope.Takes(c.Held) {
			out = append(out, evidence.Conversation{
				ID: c.ID, Start: c.Start, Held: evidence.HoldAnswer{Held: c.Held, At: survey.HeldAt},
				Disposition: evidence.Excluded, Reason: evidence.ReasonHoldScope,
			})
		}
	}
	for _, c := range survey.OutOfScope {
		out = append(out, evidence.Conversation{
			ID: c.ID, Start: c.Start, Disposition: evidence.Excluded, Reason: evidence.ReasonOutOfScope,
		})
	}
	for _, id := range survey.NotFound {
		out = append(out, evidence.Conversation{ID: id, Disposition: evidence.Unavailable, Reason: evidence.ReasonConversationNotFound})
	}
	for _, c := range survey.Outside {
		out = append(out, evidence.Conversation{
			ID: c.ID, Start: c.Start, Disposition: evidence.Excluded, Reason: evidence.ReasonOutsideWindow,
		})
	}
	for _, c := range survey.Open {
		out = append(out, evidence.Conversation{
			ID: c.ID, Start: c.Start, Disposition: evidence.Unavailable, Reason: evidence.ReasonConversationOpen,
		})
	}
	for _, id := range survey.Refused {
		out = append(out, evidence.Conversation{ID: id, Disposition: evidence.Unavailable, Reason: evidence.ReasonInvalidID})
	}
	return out
}

func surveyEvent(survey artifacts.Survey) evidence.Event {
	event := evidence.Event{
		Time: survey.At, Type: "DaySurveyed", Actor: survey.By, Details: map[string]string{
			"day": survey.Day.Format(time.DateOnly), "purpose": string(survey.Purpose), "analyticsJob": survey.JobID,
			"conversations": strconv.Itoa(len(survey.Conversations)), "deferred": strconv.Itoa(len(survey.Deferred)),
			"open": strconv.Itoa(len(survey.Open)), "refused": strconv.Itoa(len(survey.Refused)),
			"holdsAskedAt": survey.HeldAt.Format(time.RFC3339Nano), "holdsUnknown": strconv.Itoa(len(survey.HoldsUnknown)),
		},
	}
	for name, n := range map[string]int{
		"outOfScope": len(survey.OutOfScope), "notFound": len(survey.NotFound), "outsideWindow": len(survey.Outside),
	} {
		if n > 0 {
			event.Details[name] = strconv.Itoa(n)
		}
	}
	return event
}
