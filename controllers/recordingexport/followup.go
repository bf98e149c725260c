package recordingexport

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// ledTo returns what a finished batch of the plan has led to that the plan does not
// hold yet, nil if nothing. What concerns all batches of a group comes before what
// cuts one of them in two, so that the whole of it still tells what left.
func (b *book) ledTo(batch *v1alpha1.RecordingExportBatch) *artifacts.Entry {
	place, _ := b.place(batch)
	group, at, status := b.slices[place].Group, b.sliceDay[place], batch.Status
	conversations, recordings := isolatedOf(group, batch.Name, false), isolatedOf(group, batch.Name, true)
	conversations.Day, recordings.Day = at, at
	switch {
	case status.Moved > 0 && !b.moved[group]:
		return &artifacts.Entry{Moved: &artifacts.Moved{Group: group, Batch: batch.Name, Day: at}}
	case status.Isolated.Conversations > 0 && !b.isolated[isolatedKey(conversations)]:
		return &artifacts.Entry{Isolated: &conversations}
	case status.Split && !b.halved[batch.Name]:
		return &artifacts.Entry{Halved: &artifacts.Halved{Batch: batch.Name, Day: at}}
	case status.Isolated.Recordings > 0 && !status.Split && !b.isolated[isolatedKey(recordings)]:
		return &artifacts.Entry{Isolated: &recordings}
	default:
		return nil
	}
}

func isolatedOf(group, batch string, recordings bool) artifacts.Isolated {
	return artifacts.Isolated{Group: group, Batch: batch, Recordings: recordings}
}

// grow takes into the plan what finished batches have led to.
func (r *Reconciler) grow(_ context.Context, s *scope) (outcome.Outcome, error) {
	for i := range s.batches {
		batch := &s.batches[i]
		place, planned := s.book.place(batch)
		if !planned || !batch.IsFinished() || s.counted.Contains(place) {
			continue
		}
		if entry := s.book.ledTo(batch); entry != nil {
			return r.enter(s, *entry), nil
		}
	}
	return outcome.Done(), nil
}

// enter has the pool append an entry to the plan.
func (r *Reconciler) enter(s *scope, entry artifacts.Entry) outcome.Outcome {
	p, number := r.planner(s), len(s.book.entries)
	return r.do(s, loop.Task{
		Key: fmt.Sprintf("plan/%d", number), Reason: v1alpha1.ReasonPlanning, Message: "planning batches for newly found conversations",
		Work: func(ctx context.Context, _ transfer.Try) error { return p.enter(ctx, number, entry) },
	})
}
