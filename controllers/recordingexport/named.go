package recordingexport

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// queryNamed surveys the day of an export that names its conversations: they are looked up,
// together for all days, and each day takes those that started in it. The review of the first
// day accounts for those that are in no day.
func (w *surveyWork) queryNamed(ctx context.Context) error {
	lookup, err := w.lookUpOnce(ctx)
	if err != nil {
		return err
	}
	found, outside := w.takeNamed(lookup)
	survey, err := w.classify(ctx, found)
	if err != nil {
		return err
	}
	if w.isFinal() {
		survey.Outside, survey.NotFound = outside, lookup.Unknown
	}
	_, err = artifacts.Put(ctx, w.store, artifacts.SurveyKey(w.Pass, w.Day), survey)
	return err
}

// takeNamed takes the conversations of the day from a lookup, and returns those that did not
// start in the window, too.
func (w *surveyWork) takeNamed(lookup artifacts.NamedLookup) (found []genesys.Conversation, outside []artifacts.LeftOut) {
	from, to := plan.DayInWindow(w.spec, w.Day)
	w.named = map[string]artifacts.NamedConversation{}
	for _, c := range lookup.Conversations {
		switch {
		case !c.Start.Before(from) && c.Start.Before(to):
			w.named[c.ID] = c
			found = append(found, c.Conversation)
		case !w.isInWindow(c.Conversation):
			outside = append(outside, artifacts.LeftOut{ID: c.ID, Start: c.Start})
		}
	}
	return found, outside
}

// isFinal reports whether this is the survey that accounts for the named conversations that
// are in no day: the review of the first day, which is made once every day was surveyed.
func (w *surveyWork) isFinal() bool {
	return w.Purpose == plan.PurposeReview && w.Day.Equal(plan.StartOfDay(w.spec.Start))
}

func (w *surveyWork) isInWindow(c genesys.Conversation) bool {
	return !c.Start.Before(w.spec.Start) && c.Start.Before(w.spec.End)
}

// lookUpOnce returns the last lookup if it is recent enough for this survey. Otherwise it
// looks up what that one has not settled.
func (w *surveyWork) lookUpOnce(ctx context.Context) (artifacts.NamedLookup, error) {
	last, count, err := w.lastLookup(ctx)
	if err != nil {
		return last, err
	}
	settled, left := w.settledBy(last)
	if count > 0 && (len(left) == 0 || w.isRecent(last)) {
		return last, nil
	}
	found, err := w.lookUp(ctx, left)
	if err != nil {
		return last, err
	}
	next := artifacts.NamedLookup{Stamp: w.stamp(), Conversations: settled, Unknown: unknown(left, found), Final: last.Final || w.isFinal()}
	if last.Final {
		next.Unknown = last.Unknown
	}
	for _, c := range found {
		next.Conversations = append(next.Conversations, artifacts.NamedConversation{Conversation: c, OutOfScope: len(w.scope.Judge(*c.Facts)) > 0})
	}
	return artifacts.Put(ctx, w.store, artifacts.NamedLookupKey(count), next)
}

// lastLookup returns the last lookup, and how many there are.
func (w *surveyWork) lastLookup(ctx context.Context) (last artifacts.NamedLookup, count int, err error) {
	for {
		next, err := artifacts.Get[artifacts.NamedLookup](ctx, w.store, artifacts.NamedLookupKey(count))
		if errors.Is(err, fs.ErrNotExist) {
			return last, count, nil
		}
		if err != nil {
			return last, count, err
		}
		last, count = next, count+1
	}
}

// settledBy splits the named conversations into those about which a lookup has said all, and
// those that are to be looked up.
func (w *surveyWork) settledBy(last artifacts.NamedLookup) (settled []artifacts.NamedConversation, left []string) {
	done := map[string]bool{}
	for _, c := range last.Conversations {
		hasSettled := !c.End.IsZero() && !c.End.Add(w.settleAfter).After(last.At)
		if hasSettled || !w.isInWindow(c.Conversation) {
			settled, done[strings.ToLower(c.ID)] = append(settled, c), true
		}
	}
	if last.Final {
		for _, id := range last.Unknown {
			done[id] = true
		}
	}
	left = slices.DeleteFunc(slices.Clone(w.scope.Conversations), func(id string) bool { return done[id] })
	return settled, left
}

// isRecent reports whether a lookup was made late enough for this survey.
func (w *surveyWork) isRecent(last artifacts.NamedLookup) bool {
	switch w.Purpose {
	case plan.PurposeFirst:
		_, to := plan.DayInWindow(w.spec, w.Day)
		return !last.At.Before(to.Add(w.settleAfter))
	case plan.PurposeReview:
		return !w.isFinal()
	default:
		return false
	}
}

// lookUp asks for conversations by their ids, and in the final survey searches those that are
// not known by their ids.
func (w *surveyWork) lookUp(ctx context.Context, ids []string) ([]genesys.Conversation, error) {
	var found []genesys.Conversation
	for group := range slices.Chunk(ids, genesys.MaxLookUp) {
		some, err := w.lookUpGroup(ctx, group)
		if err != nil {
			return nil, err
		}
		found = append(found, withIDs(some, group)...)
	}
	missing := unknown(ids, found)
	if !w.isFinal() || len(missing) == 0 {
		return found, nil
	}
	more, err := w.search(ctx, missing)
	return append(found, more...), err
}

// lookUpGroup asks for a few conversations. If the group is refused, none is known by its id:
// the search in the final survey may find them.
func (w *surveyWork) lookUpGroup(ctx context.Context, ids []string) ([]genesys.Conversation, error) {
	found, err := transfer.Retry(ctx, w.retrier, func(failures int) ([]genesys.Conversation, error) {
		return w.cloud.LookUp(ctx, ids, genesys.Timeout(failures))
	})
	if kind := genesys.KindOf(err); kind == genesys.KindInvalid || kind == genesys.KindNotFound {
		return nil, nil
	}
	return found, err
}

// withIDs returns those of the conversations that have one of these ids, each once.
func withIDs(conversations []genesys.Conversation, ids []string) []genesys.Conversation {
	var out []genesys.Conversation
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	for _, c := range conversations {
		if id := strings.ToLower(c.ID); wanted[id] {
			out, wanted[id] = append(out, c), false
		}
	}
	return out
}

// unknown returns the ids of which there is no conversation.
func unknown(ids []string, found []genesys.Conversation) []string {
	known := map[string]bool{}
	for _, c := range found {
		known[strings.ToLower(c.ID)] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return known[id] })
}
