package recordingexport

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// sort puts what was found into the lists of a survey, and asks which of the
// conversations are under legal hold. What an earlier round has settled is left out.
func (w *surveyWork) sort(ctx context.Context, found []genesys.Conversation) (artifacts.Survey, error) {
	survey := artifacts.Survey{Stamp: w.stamp(), Day: w.day, Round: w.round}
	settled, deferred, err := w.earlier(ctx)
	if err != nil {
		return survey, err
	}
	var ended []genesys.Conversation
	for _, c := range union(found, deferred) {
		switch {
		case settled[c.ID], settled[printableID(c.ID)]:
		case !genesys.ValidID(c.ID):
			survey.Refused = append(survey.Refused, printableID(c.ID))
		case !c.End.IsZero() && !c.End.Add(w.settleAfter).After(survey.At):
			ended = append(ended, c)
		case survey.At.Before(w.giveUp(c)):
			survey.Deferred = append(survey.Deferred, c)
		default:
			survey.Open = append(survey.Open, c)
		}
	}
	survey.HeldAt = w.clock.Now().UTC()
	survey.Conversations, err = w.askHolds(ctx, ended)
	return survey, err
}

// union is what was found, and those deferred before that were not found again:
// a conversation that Genesys Cloud once listed is never dropped.
func union(found, deferred []genesys.Conversation) []genesys.Conversation {
	known := make(map[string]bool, len(found))
	for _, c := range found {
		known[c.ID] = true
	}
	for _, c := range deferred {
		if !known[c.ID] {
			found = append(found, c)
		}
	}
	return found
}

// printableID is an id that is none, fit to be shown: quoted and cut short.
func printableID(id string) string {
	if len(id) > 80 {
		id = id[:80]
	}
	return strconv.QuoteToASCII(id)
}

// giveUp is when a conversation that has not ended and settled is listed as
// open: openDeadline after its start, but one that has ended is always waited for.
func (w *surveyWork) giveUp(c genesys.Conversation) time.Time {
	if !c.End.IsZero() {
		return c.End.Add(w.settleAfter)
	}
	return c.Start.Add(w.openDeadline)
}

// askAgain is when the first of the deferred conversations is worth asking for:
// when it settles, or now and then while it has not ended, but in time.
func (w *surveyWork) askAgain(survey artifacts.Survey) time.Time {
	var first time.Time
	for _, c := range survey.Deferred {
		at := w.giveUp(c)
		if again := survey.At.Add(max(w.pace.Reask, min(w.settleAfter, day))); c.End.IsZero() && again.Before(at) {
			at = again
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

func (w *surveyWork) askHolds(ctx context.Context, ended []genesys.Conversation) ([]slicing.Conversation, error) {
	slices.SortFunc(ended, func(a, b genesys.Conversation) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	ids := make([]string, len(ended))
	for i, c := range ended {
		ids[i] = c.ID
	}
	answer, err := genesys.Held(ctx, w.cloud.Protected, ids)
	if err != nil {
		return nil, err
	}
	held := make(map[string]bool, len(answer))
	for _, id := range answer {
		held[id] = true
	}
	conversations := make([]slicing.Conversation, len(ended))
	for i, c := range ended {
		conversations[i] = slicing.Conversation{ID: c.ID, Start: c.Start, Held: held[c.ID]}
	}
	return conversations, nil
}

// earlier returns what the rounds before have settled, by id, and what the last
// of them has deferred.
func (w *surveyWork) earlier(ctx context.Context) (settled map[string]bool, deferred []genesys.Conversation, err error) {
	settled = map[string]bool{}
	for number := range w.round {
		survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(number, w.day))
		if err != nil {
			return nil, nil, err
		}
		deferred = survey.Deferred
		for _, c := range survey.Conversations {
			settled[c.ID] = true
		}
		for _, c := range survey.Open {
			settled[c.ID] = true
		}
		for _, id := range survey.Refused {
			settled[id] = true
		}
	}
	return settled, deferred, nil
}
