package recordingexport

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// plan cuts the window parts that became known with this day into slices. Each
// slice is stored with its conversations before the plan names it.
func (w *surveyWork) plan(ctx context.Context) error {
	surveys, err := w.surveys(ctx)
	if err != nil {
		return err
	}
	cut, err := slicing.Split(w.spec, w.round, known(w.spec, w.days, w.day, surveys))
	if err != nil {
		return err
	}
	today := surveys[len(surveys)-1]
	plan := w.account(today)
	for _, slice := range cut {
		planned := artifacts.PlannedSlice{
			Name: slice.Name(w.export), Lane: slice.Lane, Start: slice.Start, End: slice.End, Conversations: len(slice.Conversations),
		}
		if err := w.putSlice(ctx, planned.Name, slice, surveys); err != nil {
			return err
		}
		plan.Slices = append(plan.Slices, planned)
	}
	_, err = artifacts.Put(ctx, w.store, artifacts.PlanKey(w.round, w.day), plan)
	return err
}

// surveys reads the surveys of this round that parts known with this day may
// draw on, the day's own last.
func (w *surveyWork) surveys(ctx context.Context) ([]artifacts.Survey, error) {
	from, _ := span(w.spec, w.day)
	first, _, _ := w.spec.Part(from)
	var surveys []artifacts.Survey
	for _, d := range w.days {
		if d.After(w.day) || !d.Add(day).After(first) {
			continue
		}
		survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(w.round, d))
		if err != nil {
			return nil, err
		}
		surveys = append(surveys, survey)
	}
	return surveys, nil
}

// known lists the conversations of the window parts that are fully surveyed with
// this day and were not before: of each part, this day is the last that the
// round asks for.
func known(spec slicing.Spec, days []time.Time, today time.Time, surveys []artifacts.Survey) []slicing.Conversation {
	var out []slicing.Conversation
	for _, survey := range surveys {
		for _, c := range survey.Conversations {
			_, end, _ := spec.Part(c.Start)
			if last := lastBefore(days, end); last.Equal(today) {
				out = append(out, c)
			}
		}
	}
	return out
}

// lastBefore is the last day that begins before end. Days ascend.
func lastBefore(days []time.Time, end time.Time) time.Time {
	var last time.Time
	for _, d := range days {
		if d.Before(end) {
			last = d
		}
	}
	return last
}

// account counts what the day's survey found.
func (w *surveyWork) account(survey artifacts.Survey) artifacts.Plan {
	plan := artifacts.Plan{
		Stamp: w.stamp(), Day: w.day, Round: w.round,
		Open: int64(len(survey.Open)), Refused: int64(len(survey.Refused)), Deferred: int64(len(survey.Deferred)),
		AskAgain: w.askAgain(survey),
	}
	plan.Surveyed = int64(len(survey.Conversations)) + plan.Open + plan.Refused
	for _, c := range survey.Conversations {
		if c.Held {
			plan.Held++
		}
		if !w.spec.Scope.Takes(c.Held) {
			plan.Excluded++
		}
	}
	return plan
}

// putSlice stores the conversations of a slice.
func (w *surveyWork) putSlice(ctx context.Context, name string, slice slicing.Slice, surveys []artifacts.Survey) error {
	stored := artifacts.Slice{
		Stamp: w.stamp(), Lane: slice.Lane, Start: slice.Start, End: slice.End, Group: slice.Group(),
		Conversations: make([]evidence.Conversation, len(slice.Conversations)),
	}
	for i, c := range slice.Conversations {
		stored.Conversations[i] = evidence.Conversation{
			ID: c.ID, Start: c.Start, Held: evidence.HoldAnswer{Held: c.Held, At: heldAt(surveys, c.Start)},
		}
	}
	_, err := artifacts.Put(ctx, w.store, artifacts.SliceKey(name), stored)
	return err
}

// heldAt is when the holds of the day of an instant were asked for.
func heldAt(surveys []artifacts.Survey, at time.Time) time.Time {
	for _, survey := range surveys {
		if survey.Day.Equal(at.UTC().Truncate(day)) {
			return survey.HeldAt
		}
	}
	return time.Time{}
}
