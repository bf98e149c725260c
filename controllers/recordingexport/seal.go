package recordingexport

import (
	"context"
	"io"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// seal draws up the account of the export and seals it.
func (r *Reconciler) seal(_ context.Context, s *scope) (outcome.Outcome, error) {
	work := &sealWork{
		store: s.store, now: r.Clock.Now, actor: r.Actor, record: s.record, rounds: s.book.rounds, slices: s.book.slices,
		scope: func(held bool) bool { return s.book.spec.Scope.Takes(held) },
	}
	return r.do(s, loop.Task{
		Key: "seal", Work: work.run, Reason: v1alpha1.ReasonSealing, Message: "drawing up and sealing the account",
	}), nil
}

// sealWork seals an export all of whose batches have finished.
type sealWork struct {
	store  archive.Store
	now    func() time.Time
	actor  string
	record evidence.ExportRecord
	rounds []round
	slices []artifacts.PlannedSlice
	scope  func(held bool) bool
}

func (w *sealWork) run(ctx context.Context, _ int) error {
	at := w.now().UTC()
	seal := evidence.Seal{Number: 1, Record: w.record, At: at}
	seal.Events = append(seal.Events, evidence.Event{Time: w.record.CreatedAt, Type: "ArchiveBegun", Actor: w.actor})
	if err := w.addSurveys(ctx, &seal); err != nil {
		return err
	}
	for _, slice := range w.slices {
		seal.Bags = append(seal.Bags, evidence.BagRef{Name: slice.Name, Lane: slice.Lane, Start: slice.Start, End: slice.End})
	}
	seal.Events = append(seal.Events, evidence.Event{Time: at, Type: "ExportSealed", Actor: w.actor})
	create := func(ctx context.Context, path string, write func(io.Writer) error) error {
		return w.store.Create(ctx, path, write)
	}
	if _, _, err := seal.Write(ctx, w.store.FS(ctx), create); err != nil {
		return err
	}
	return w.store.Remove(ctx, archive.WorkPrefix+"tmp")
}

// addSurveys tells the seal what every survey found, and lists the conversations
// that are in no batch.
func (w *sealWork) addSurveys(ctx context.Context, seal *evidence.Seal) error {
	for number, round := range w.rounds {
		for _, at := range round.days {
			survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(number, at))
			if err != nil {
				return err
			}
			seal.Surveyed += int64(len(survey.Conversations) + len(survey.Open) + len(survey.Refused))
			seal.Unbatched = append(seal.Unbatched, w.unbatched(survey)...)
			seal.Events = append(seal.Events, surveyed(survey))
		}
	}
	return nil
}

// unbatched lists the conversations of a survey that are in no batch, with the reason.
func (w *sealWork) unbatched(survey artifacts.Survey) []evidence.Conversation {
	var out []evidence.Conversation
	for _, c := range survey.Conversations {
		if !w.scope(c.Held) {
			out = append(out, evidence.Conversation{
				ID: c.ID, Start: c.Start, Held: evidence.HoldAnswer{Held: c.Held, At: survey.HeldAt},
				Disposition: evidence.Excluded, Reason: evidence.ReasonHoldScope,
			})
		}
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

func surveyed(survey artifacts.Survey) evidence.Event {
	return evidence.Event{
		Time: survey.At, Type: "DaySurveyed", Actor: survey.By, Details: map[string]string{
			"day": survey.Day.Format(time.DateOnly), "analyticsJob": survey.JobID,
			"conversations": count(len(survey.Conversations)), "deferred": count(len(survey.Deferred)),
			"open": count(len(survey.Open)), "refused": count(len(survey.Refused)),
			"holdsAskedAt": survey.HeldAt.Format(time.RFC3339Nano),
		},
	}
}
