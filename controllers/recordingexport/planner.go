package recordingexport

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// planner writes the entries of an export's plan, and the slices that they lead to. What
// slices an entry leads to follows from the entry and from artifacts that were there before
// it, so that whoever finds an entry without its slices, after a crash, can write them as
// they would have been. What entry comes next is decided by package plan.
type planner struct {
	recorder
	export string
	spec   slicing.Spec
}

// namedSlice is a slice with its name.
type namedSlice struct {
	name string
	artifacts.Slice
}

// appendEntry appends an entry to the plan as its given number. If another process has
// written that entry in the meantime, that one is kept, and nothing is written here. Before
// the first entry of a bundle, the bundle of those before is written.
func (p planner) appendEntry(ctx context.Context, number int, entry plan.Entry) error {
	if number > 0 && number%artifacts.BundledEntries == 0 {
		if err := artifacts.PutPlanBundle(ctx, p.store, p.stamp(), number-artifacts.BundledEntries); err != nil {
			return err
		}
	}
	slices, err := p.slicesOf(ctx, number, entry)
	if err != nil {
		return err
	}
	for _, s := range slices {
		entry.Slices = append(entry.Slices, plan.Slice{
			Name: s.name, Group: s.Group, Lane: s.Lane, Start: s.Start, End: s.End, Conversations: len(s.Conversations),
			Recordings: countNamedRecordings(s.Slice),
		})
	}
	stamp := p.stamp()
	stored, err := artifacts.Put(ctx, p.store, artifacts.EntryKey(number), artifacts.Entry{Stamp: stamp, Entry: entry})
	if err != nil || stored.Stamp != stamp {
		return err
	}
	return p.writeSlices(ctx, slices)
}

// rewriteSlices writes the slices of an entry whose writer ended before it could.
func (p planner) rewriteSlices(ctx context.Context, number int, entry plan.Entry) error {
	slices, err := p.slicesOf(ctx, number, entry)
	if err != nil {
		return err
	}
	return p.writeSlices(ctx, slices)
}

func (p planner) writeSlices(ctx context.Context, slices []namedSlice) error {
	for _, s := range slices {
		s.Stamp = p.stamp()
		if _, err := artifacts.Put(ctx, p.store, artifacts.SliceKey(s.name), s.Slice); err != nil {
			return err
		}
	}
	return nil
}

// slicesOf returns the slices that an entry leads to.
func (p planner) slicesOf(ctx context.Context, number int, entry plan.Entry) ([]namedSlice, error) {
	switch {
	case entry.Surveyed != nil:
		return p.slicesOfSurvey(ctx, number, *entry.Surveyed)
	case entry.Moved != nil:
		return p.slicesOfMoved(ctx, number, *entry.Moved)
	case entry.Halved != nil:
		return p.slicesOfHalved(ctx, number, *entry.Halved)
	case entry.Isolated != nil:
		return p.slicesOfIsolated(ctx, number, *entry.Isolated)
	case entry.Retried != nil:
		return p.slicesOfRetry(ctx, number, *entry.Retried)
	default:
		return nil, nil
	}
}

// slicesOfSurvey splits the conversations that became known with a survey.
func (p planner) slicesOfSurvey(ctx context.Context, number int, s plan.Surveyed) ([]namedSlice, error) {
	if s.Purpose != plan.PurposeFirst {
		survey, err := artifacts.Get[artifacts.Survey](ctx, p.store, artifacts.SurveyKey(s.Pass, s.Day))
		if err != nil {
			return nil, err
		}
		return p.split(number, survey.Conversations, []artifacts.Survey{survey})
	}
	surveys, err := p.readFirstSurveys(ctx, s.Day)
	if err != nil {
		return nil, err
	}
	return p.split(0, conversationsKnownWith(p.spec, s.Day, surveys), surveys)
}

// readFirstSurveys reads the first surveys of a day and of the days before it that the part
// of the window touches in which the day begins. The day's own comes last.
func (p planner) readFirstSurveys(ctx context.Context, today time.Time) ([]artifacts.Survey, error) {
	from, _ := plan.DayInWindow(p.spec, today)
	begin, _, _ := p.spec.Part(from)
	var surveys []artifacts.Survey
	for at := plan.StartOfDay(begin); !at.After(today); at = at.Add(day) {
		survey, err := artifacts.Get[artifacts.Survey](ctx, p.store, artifacts.SurveyKey(0, at))
		if err != nil {
			return nil, err
		}
		surveys = append(surveys, survey)
	}
	return surveys, nil
}

// conversationsKnownWith lists the conversations of the parts of the window whose last day
// this is.
func conversationsKnownWith(spec slicing.Spec, today time.Time, surveys []artifacts.Survey) []slicing.Conversation {
	var out []slicing.Conversation
	for _, survey := range surveys {
		for _, c := range survey.Conversations {
			if _, end, _ := spec.Part(c.Start); plan.StartOfDay(end.Add(-1)).Equal(today) {
				out = append(out, c)
			}
		}
	}
	return out
}

func (p planner) split(delta int, conversations []slicing.Conversation, surveys []artifacts.Survey) ([]namedSlice, error) {
	slices, err := slicing.Split(p.spec, delta, conversations)
	if err != nil {
		return nil, err
	}
	return p.named(slices, func(c slicing.Conversation) evidence.HoldAnswer {
		return evidence.HoldAnswer{Held: c.Held, At: heldAt(surveys, c.Start)}
	}), nil
}

// named gives slices their names, and the form that is stored.
func (p planner) named(slices []slicing.Slice, held func(slicing.Conversation) evidence.HoldAnswer) []namedSlice {
	out := make([]namedSlice, len(slices))
	for i, s := range slices {
		out[i] = namedSlice{s.Name(p.export), artifacts.Slice{
			Lane: s.Lane, Start: s.Start, End: s.End, Group: s.Group(), Conversations: make([]evidence.Conversation, len(s.Conversations)),
		}}
		for j, c := range s.Conversations {
			out[i].Conversations[j] = evidence.Conversation{ID: c.ID, Start: c.Start, Held: held(c)}
		}
	}
	return out
}

// heldAt is when the legal holds of the day of an instant were asked for.
func heldAt(surveys []artifacts.Survey, at time.Time) time.Time {
	for _, survey := range surveys {
		if survey.Day.Equal(plan.StartOfDay(at)) {
			return survey.HeldAt
		}
	}
	return time.Time{}
}

// slicesOfMoved splits the conversations that left the slices of a group because their
// legal hold changed. They stay in the lane that they come to: nothing is moved twice.
func (p planner) slicesOfMoved(ctx context.Context, number int, m plan.Moved) ([]namedSlice, error) {
	slice, err := artifacts.Get[artifacts.Slice](ctx, p.store, artifacts.SliceKey(m.Batch))
	if err != nil {
		return nil, err
	}
	hold, err := artifacts.Get[artifacts.Hold](ctx, p.store, artifacts.HoldKey(m.Group))
	if err != nil {
		return nil, err
	}
	left, late, err := p.isolatedConversations(ctx, slice)
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
	slices, err := slicing.Split(p.spec, number, moved)
	if err != nil {
		return nil, err
	}
	out := p.named(slices, func(c slicing.Conversation) evidence.HoldAnswer {
		return evidence.HoldAnswer{Held: c.Held, At: hold.At}
	})
	for i := range out {
		out[i].Stay = true
	}
	return out, nil
}

// slicesOfHalved cuts a batch in two. Its halves share what is known of its group.
func (p planner) slicesOfHalved(ctx context.Context, number int, h plan.Halved) ([]namedSlice, error) {
	whole, err := artifacts.Get[artifacts.Slice](ctx, p.store, artifacts.SliceKey(h.Batch))
	if err != nil {
		return nil, err
	}
	middle := len(whole.Conversations) / 2
	var out []namedSlice
	for piece, part := range [][]evidence.Conversation{whole.Conversations[:middle], whole.Conversations[middle:]} {
		shape := slicing.Slice{Lane: whole.Lane, Start: whole.Start, End: whole.End, Piece: piece, Delta: number}
		half := whole
		half.Conversations = part
		out = append(out, namedSlice{shape.Name(p.export), half})
	}
	return out, nil
}
