package recordingexport

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// searchWidth is how much of a window one analytics job searches. Genesys Cloud does not
// document its limit: if it refuses the width, it is halved.
const searchWidth = 31 * day

// search looks for named conversations that are not known by their ids, with analytics jobs
// over the window: these know older conversations. Nothing is unknown before both have
// answered, and before the data of the window are complete.
func (w *surveyWork) search(ctx context.Context, ids []string) ([]genesys.Conversation, error) {
	failed, err := w.checkFailedJobs(ctx)
	if err != nil {
		return nil, err
	}
	available, err := w.cloud.DataAvailability(ctx)
	if err != nil {
		return nil, err
	}
	if until := w.spec.End.Add(w.settleAfter); available.Before(until) {
		return nil, &unsettledError{until, available, w.clock.Now()}
	}
	if err := w.endOwnJob(ctx); err != nil { // after a restart, it may be that of another part
		return nil, err
	}
	found, err := w.searchParts(ctx, ids)
	if err == nil && failed {
		err = w.store.Remove(ctx, artifacts.FailedJobFolder(w.Pass, w.Day))
	}
	return found, err
}

// searchParts searches the window part by part.
func (w *surveyWork) searchParts(ctx context.Context, ids []string) ([]genesys.Conversation, error) {
	var found []genesys.Conversation
	for from, width := w.spec.Start, searchWidth; from.Before(w.spec.End); {
		to := earlierOf(from.Add(width), w.spec.End)
		some, err := w.searchPart(ctx, from, to, ids)
		if genesys.KindOf(err) == genesys.KindInvalid && width > day {
			width = max(width/2, day)
			continue
		}
		if err != nil {
			return nil, err
		}
		found, from = append(found, withIDs(some, unknown(ids, found))...), to
	}
	return found, nil
}

// searchPart searches a part of the window, and ends the job that did.
func (w *surveyWork) searchPart(ctx context.Context, from, to time.Time, ids []string) ([]genesys.Conversation, error) {
	found, _, err := w.askAnalytics(ctx, genesys.SurveyQuery{From: from, To: to, Scope: genesys.Scope{Conversations: ids}})
	if err != nil {
		return nil, err
	}
	return found, w.endOwnJob(ctx)
}

func earlierOf(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
