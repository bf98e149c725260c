package recordingexport

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// planner writes an export's plan. What slices an entry leads to follows from
// the entry and from artifacts that were there before it, so that whoever finds
// an entry without its slices, after a crash, can write them as they would have
// been.
type planner struct {
	store  archive.Store
	export string
	spec   slicing.Spec
	stamp  func() artifacts.Stamp
}

// cutSlice is a slice with its name.
type cutSlice struct {
	name string
	artifacts.Slice
}

// enter appends an entry to the plan as its given number. If another process has
// written that entry in the meantime it counts, and this one is decided anew.
func (p planner) enter(ctx context.Context, number int, entry artifacts.Entry) error {
	cut, err := p.cut(ctx, number, entry)
	if err != nil {
		return err
	}
	entry.Stamp = p.stamp()
	for _, s := range cut {
		entry.Slices = append(entry.Slices, artifacts.PlannedSlice{
			Name: s.name, Group: s.Group, Lane: s.Lane, Start: s.Start, End: s.End, Conversations: len(s.Conversations),
			Recordings: namedIn(s.Slice),
		})
	}
	stored, err := artifacts.Put(ctx, p.store, artifacts.EntryKey(number), entry)
	if err != nil || stored.Stamp != entry.Stamp {
		return err
	}
	return p.put(ctx, cut)
}

// restore writes the slices of an entry whose writer ended before it could.
func (p planner) restore(ctx context.Context, number int, entry artifacts.Entry) error {
	cut, err := p.cut(ctx, number, entry)
	if err != nil {
		return err
	}
	return p.put(ctx, cut)
}

func (p planner) put(ctx context.Context, cut []cutSlice) error {
	for _, s := range cut {
		s.Stamp = p.stamp()
		if _, err := artifacts.Put(ctx, p.store, artifacts.SliceKey(s.name), s.Slice); err != nil {
			return err
		}
	}
	return nil
}

// cut returns the slices that an entry leads to.
func (p planner) cut(ctx context.Context, number int, entry artifacts.Entry) ([]cutSlice, error) {
	switch {
	case entry.Surveyed != nil:
		return p.cutSurvey(ctx, number, *entry.Surveyed)
	case entry.Moved != nil:
		return p.cutMoved(ctx, number, *entry.Moved)
	case entry.Halved != nil:
		return p.cutHalves(ctx, number, *entry.Halved)
	case entry.Isolated != nil:
		return p.cutIsolated(ctx, number, *entry.Isolated)
	case entry.Retried != nil:
		return p.cutRetry(ctx, number, *entry.Retried)
	default:
		return nil, nil
	}
}

// cutSurvey cuts the conversations that became known with a survey.
func (p planner) cutSurvey(ctx context.Context, number int, s artifacts.Surveyed) ([]cutSlice, error) {
	if s.Purpose != artifacts.First {
		survey, err := artifacts.Get[artifacts.Survey](ctx, p.store, artifacts.SurveyKey(s.Pass, s.Day))
		if err != nil {
			return nil, err
		}
		return p.split(number, survey.Conversations, []artifacts.Survey{survey})
	}
	surveys, err := p.firstSurveys(ctx, s.Day)
	if err != nil {
		return nil, err
	}
	return p.split(0, known(p.spec, s.Day, surveys), surveys)
}

// firstSurveys reads the first surveys of the days that parts known with a day
// may draw on, the day's own last.
func (p planner) firstSurveys(ctx context.Context, today time.Time) ([]artifacts.Survey, error) {
	from, _ := span(p.spec, today)
	begin, _, _ := p.spec.Part(from)
	var surveys []artifacts.Survey
	for at := begin.UTC().Truncate(day); !at.After(today); at = at.Add(day) {
		survey, err := artifacts.Get[artifacts.Survey](ctx, p.store, artifacts.SurveyKey(0, at))
		if err != nil {
			return nil, err
		}
		surveys = append(surveys, survey)
	}
	return surveys, nil
}

// known lists the conversations of the window parts of which this day is the last.
func known(spec slicing.Spec, today time.Time, surveys []artifacts.Survey) []slicing.Conversation {
	var out []slicing.Conversation
	for _, survey := range surveys {
		for _, c := range survey.Conversations {
			if _, end, _ := spec.Part(c.Start); end.Add(-1).UTC().Truncate(day).Equal(today) {
				out = append(out, c)
			}
		}
	}
	return out
}

func (p planner) split(delta int, conversations []slicing.Conversation, surveys []artifacts.Survey) ([]cutSlice, error) {
	cut, err := slicing.Split(p.spec, delta, conversations)
	if err != nil {
		return nil, err
	}
	return p.named(cut, func(c slicing.Conversation) evidence.HoldAnswer {
		return evidence.HoldAnswer{Held: c.Held, At: heldAt(surveys, c.Start)}
	}), nil
}

// named gives slices the form that is stored.
func (p planner) named(cut []slicing.Slice, held func(slicing.Conversation) evidence.HoldAnswer) []cutSlice {
	out := make([]cutSlice, len(cut))
	for i, s := range cut {
		out[i] = cutSlice{s.Name(p.export), artifacts.Slice{
			Lane: s.Lane, Start: s.Start, End: s.End, Group: s.Group(), Conversations: make([]evidence.Conversation, len(s.Conversations)),
		}}
		for j, c := range s.Conversations {
			out[i].Conversations[j] = evidence.Conversation{ID: c.ID, Start: c.Start, Held: held(c)}
		}
	}
	return out
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

// cutMoved cuts the conversations that left the slices of a group because their
// hold changed. They stay where they come now: nothing is moved twice.
func (p planner) cutMoved(ctx context.Context, number int, m artifacts.Moved) ([]cutSlice, error) {
	slice, err := artifacts.Get[artifacts.Slice](ctx, p.store, artifacts.SliceKey(m.Batch))
	if err != nil {
		return nil, err
	}
	hold, err := artifacts.Get[artifacts.Hold](ctx, p.store, artifacts.HoldKey(m.Group))
	if err != nil {
		return nil, err
	}
	left, late, err := p.leftConversations(ctx, slice)
	if err != nil {
		return nil, err
	}
	isolated := map[string]bool{}
	for _, c := range append(left, late...) {
		isolated[c.ID] = true
	}
	var moved []slicing.Conversation
	for _, c := range hold.Answer(slice.Conversations) {
		if c.Drifted() && !isolated[c.ID] {
			moved = append(moved, slicing.Conversation{ID: c.ID, Start: c.Start, Held: c.HeldLater.Held})
		}
	}
	cut, err := slicing.Split(p.spec, number, moved)
	if err != nil {
		return nil, err
	}
	out := p.named(cut, func(c slicing.Conversation) evidence.HoldAnswer {
		return evidence.HoldAnswer{Held: c.Held, At: hold.At}
	})
	for i := range out {
		out[i].Stay = true
	}
	return out, nil
}

// cutHalves cuts a batch in two. Its halves share what is known of its group.
func (p planner) cutHalves(ctx context.Context, number int, h artifacts.Halved) ([]cutSlice, error) {
	whole, err := artifacts.Get[artifacts.Slice](ctx, p.store, artifacts.SliceKey(h.Batch))
	if err != nil {
		return nil, err
	}
	middle := len(whole.Conversations) / 2
	var out []cutSlice
	for piece, part := range [][]evidence.Conversation{whole.Conversations[:middle], whole.Conversations[middle:]} {
		shape := slicing.Slice{Lane: whole.Lane, Start: whole.Start, End: whole.End, Piece: piece, Delta: number}
		half := whole
		half.Conversations = part
		out = append(out, cutSlice{shape.Name(p.export), half})
	}
	return out, nil
}
