package recordingexport

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// classify puts what was found into the lists of a survey, and asks which of the
// conversations are under legal hold. What an earlier survey has settled is left out.
func (w *surveyWork) classify(ctx context.Context, found []genesys.Conversation) (artifacts.Survey, error) {
	survey := artifacts.Survey{Stamp: w.stamp(), Day: w.Day, Pass: w.Pass, Purpose: w.Purpose}
	before, err := w.earlierSurveys(ctx)
	if err != nil {
		return survey, err
	}
	var ended []genesys.Conversation
	for _, c := range union(found, before.deferred) {
		hasEnded := !c.End.IsZero() && !c.End.Add(w.settleAfter).After(survey.At)
		isInScope := w.isInScope(c, before)
		switch {
		case c.Start.Before(w.spec.Start):
			survey.Before = append(survey.Before, c.ID)
		case before.settled[c.ID], before.settled[printableID(c.ID)]:
		case before.open[c.ID]:
			if w.Purpose == plan.PurposeRetry && hasEnded {
				ended = append(ended, reopen(&survey, c, isInScope)...)
			}
		case !genesys.ValidID(c.ID):
			survey.Refused = append(survey.Refused, printableID(c.ID))
		case !isInScope && w.isOutForGood(c, hasEnded, survey.At):
			survey.OutOfScope = append(survey.OutOfScope, artifacts.LeftOut{ID: c.ID, Start: c.Start})
		case hasEnded:
			ended = append(ended, c)
		case survey.At.Before(w.openUntil(c)):
			survey.Deferred = append(survey.Deferred, c)
			if !isInScope {
				survey.Undecided = append(survey.Undecided, c.ID)
			}
		default:
			survey.Open = append(survey.Open, c)
		}
	}
	survey.HeldAt = w.clock.Now().UTC()
	return survey, w.classifyHolds(ctx, &survey, ended, before.ids)
}

// reopen takes in a conversation that was listed as open and has ended since. It returns the conversation if
// it is in scope.
func reopen(survey *artifacts.Survey, c genesys.Conversation, isInScope bool) []genesys.Conversation {
	survey.Reopened = append(survey.Reopened, c.ID)
	if isInScope {
		return []genesys.Conversation{c}
	}
	survey.OutOfScope = append(survey.OutOfScope, artifacts.LeftOut{ID: c.ID, Start: c.Start})
	return nil
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

// openUntil is when a conversation that has not ended and settled is listed as
// open: openDeadline after its start, but one that has ended is always waited for.
func (w *surveyWork) openUntil(c genesys.Conversation) time.Time {
	if !c.End.IsZero() {
		return c.End.Add(w.settleAfter)
	}
	return c.Start.Add(w.openDeadline)
}

// nextQueryTime is when the first of the deferred conversations is worth asking for:
// when it settles, or now and then while it has not ended, but in time.
func (w *surveyWork) nextQueryTime(survey artifacts.Survey) time.Time {
	var first time.Time
	for _, c := range survey.Deferred {
		at := w.openUntil(c)
		if again := survey.At.Add(max(w.intervals.Reask, min(w.settleAfter, day))); c.End.IsZero() && again.Before(at) {
			at = again
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// holdDeadline is how long the legal holds of a survey are asked for before a few
// conversations without an answer are planned as what keeps them in the export. They are
// asked about again before transfer.
const holdDeadline = 15 * time.Minute

// queryHolds asks for legal holds. How long there has been no answer is counted from the
// first query that failed, whichever process made it.
func (w *surveyWork) queryHolds(ctx context.Context, ids []string) (genesys.Holds, error) {
	key, last := artifacts.HoldTroubleKey(w.Pass, w.Day), false
	trouble, err := artifacts.Get[artifacts.Trouble](ctx, w.store, key)
	switch {
	case err == nil:
		last = !w.clock.Now().Before(trouble.At.Add(holdDeadline))
	case !errors.Is(err, fs.ErrNotExist):
		return genesys.Holds{}, err
	}
	answer, failed := w.retrier.LegalHolds(ctx, w.cloud.Protected, ids, last)
	if failed == nil || !genesys.AboutItem(failed) {
		return answer, failed
	}
	_, err = artifacts.Put(ctx, w.store, key, artifacts.Trouble{Stamp: w.stamp(), Why: failed.Error()})
	return answer, cmp.Or(err, failed)
}

// classifyHolds asks which of the conversations that have ended are under legal hold;
// at a review it asks again for all that were known before, too.
func (w *surveyWork) classifyHolds(ctx context.Context, survey *artifacts.Survey, ended []genesys.Conversation, before []string) error {
	slices.SortFunc(ended, func(a, b genesys.Conversation) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	var ids []string
	if w.Purpose == plan.PurposeReview {
		ids = append(ids, before...)
	}
	for _, c := range ended {
		ids = append(ids, c.ID)
	}
	answer, err := w.queryHolds(ctx, ids)
	if err != nil {
		return err
	}
	survey.HoldsUnknown = answer.Unknown
	held := make(map[string]bool, len(answer.Held))
	for _, id := range answer.Held {
		held[id] = true
	}
	for _, unknown := range answer.Unknown {
		held[unknown.ConversationID] = w.spec.Scope != slicing.Exclude
	}
	survey.Conversations = make([]slicing.Conversation, len(ended))
	for i, c := range ended {
		survey.Conversations[i] = slicing.Conversation{ID: c.ID, Start: c.Start, Held: held[c.ID]}
	}
	if w.Purpose == plan.PurposeReview {
		survey.Held = answer.Held
	}
	return nil
}

// earlier is what the surveys of a day before have found.
type earlier struct {
	// settled and open are the conversations that they have settled, and those
	// that they have listed as open, by id.
	settled, open map[string]bool
	// ids are those of the settled ones that are in the plan.
	ids []string
	// deferred is what the last of them has deferred.
	deferred []genesys.Conversation
	// undecided are those of the deferred ones that were not in scope so far.
	undecided map[string]bool
}

// earlierSurveys reads the earlier surveys of the day.
func (w *surveyWork) earlierSurveys(ctx context.Context) (earlier, error) {
	e := earlier{settled: map[string]bool{}, open: map[string]bool{}}
	for pass := range w.Pass {
		survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(pass, w.Day))
		if err != nil {
			return e, err
		}
		e.addSurvey(survey)
	}
	return e, nil
}

func (e *earlier) addSurvey(survey artifacts.Survey) {
	e.deferred, e.undecided = survey.Deferred, map[string]bool{}
	for _, id := range survey.Undecided {
		e.undecided[id] = true
	}
	for _, c := range survey.OutOfScope {
		e.settled[c.ID] = true
		delete(e.open, c.ID)
	}
	for _, c := range survey.Conversations {
		e.settled[c.ID] = true
		e.ids = append(e.ids, c.ID)
		delete(e.open, c.ID)
	}
	for _, c := range survey.Open {
		e.open[c.ID] = true
	}
	for _, id := range survey.Refused {
		e.settled[id] = true
	}
}
