package recordingexport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// maxStalled is how many stalled batches there may be before no more are made.
const maxStalled = 50

// runBatches deletes old batches, and makes new ones as long as their lane has room.
func (r *Reconciler) runBatches(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if err := r.prune(ctx, s); err != nil {
		return outcome.Outcome{}, err
	}
	stalled := stalledAmong(s.batches)
	if len(stalled) <= maxStalled {
		if err := r.create(ctx, s); err != nil {
			return outcome.Outcome{}, err
		}
	}
	return progressOf(s, stalled), nil
}

// progressOf says how the batches stand.
func progressOf(s *scope, stalled []string) outcome.Outcome {
	left := len(s.book.slices) - s.counted.Len()
	switch {
	case left == 0:
		return outcome.Done()
	case len(stalled) > maxStalled:
		return outcome.Stall(v1alpha1.ReasonTooManyStalled, fmt.Sprintf(
			"mend what stalls the batches; no more are started: %s", stalled[0]), 0)
	case len(stalled) == left:
		return outcome.Stall(v1alpha1.ReasonBatchesStalled, fmt.Sprintf("mend what stalls the last batches: %s", stalled[0]), 0)
	case len(stalled) > 0:
		return outcome.Wait(v1alpha1.ReasonBatchesRunning, "batches are at work, and some are stalled: "+stalled[0], 0)
	default:
		return outcome.Wait(v1alpha1.ReasonBatchesRunning, "batches are at work", 0)
	}
}

// fold counts finished batches, each once: a batch is counted in the same write
// of the status that notes its ordinal, and only once the plan holds what it has
// led to, so that it can be deleted from then on.
func (b *book) fold(status *v1alpha1.RecordingExportStatus, batches []v1alpha1.RecordingExportBatch) (slicing.Ordinals, error) {
	counted, err := slicing.ParseOrdinals(status.Batches.CompletedOrdinals)
	if err != nil {
		return counted, fmt.Errorf("status.batches.completedOrdinals: %w", err)
	}
	for i := range batches {
		batch := &batches[i]
		ordinal := int(batch.Spec.Ordinal)
		if !batch.IsFinished() || counted.Contains(ordinal) || ordinal >= len(b.slices) || b.ledTo(batch) != nil {
			continue
		}
		counted = counted.With(ordinal)
		if batch.Status.Bag != nil {
			laneOf(status, batch.Spec.Lane).add(batch)
		}
	}
	status.Batches.CompletedOrdinals = counted.String()
	status.Batches.Completed = int32(counted.Len()) //nolint:gosec // ordinals are int32
	return counted, nil
}

// ledTo returns what a finished batch has led to that the plan does not hold yet,
// nil if nothing.
func (b *book) ledTo(batch *v1alpha1.RecordingExportBatch) *artifacts.Entry {
	ordinal := int(batch.Spec.Ordinal)
	group, at := b.slices[ordinal].Group, b.sliceDay[ordinal]
	switch {
	case batch.Status.Moved > 0 && !b.moved[group]:
		return &artifacts.Entry{Moved: &artifacts.Moved{Group: group, Batch: batch.Name, Day: at}}
	case batch.Status.Split && !b.halved[batch.Name]:
		return &artifacts.Entry{Halved: &artifacts.Halved{Batch: batch.Name, Day: at}}
	default:
		return nil
	}
}

// grow takes into the plan what finished batches have led to.
func (r *Reconciler) grow(_ context.Context, s *scope) (outcome.Outcome, error) {
	for i := range s.batches {
		batch := &s.batches[i]
		if !batch.IsFinished() || s.counted.Contains(int(batch.Spec.Ordinal)) || int(batch.Spec.Ordinal) >= len(s.book.slices) {
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
		Key: fmt.Sprintf("plan/%d", number), Reason: v1alpha1.ReasonPlanning, Message: "making slices of what became known",
		Work: func(ctx context.Context, _ int) error { return p.enter(ctx, number, entry) },
	})
}

// laneStatus is the account of a lane.
type laneStatus v1alpha1.LaneStatus

// add adds what a batch holds. What it accounts for anew was unavailable before.
func (l *laneStatus) add(batch *v1alpha1.RecordingExportBatch) {
	l.Batches++
	l.Gaps += gapsOf(batch)
	l.Bytes += batch.Status.Bytes
	addCounts(&l.Recordings, recordingsOf(batch))
}

// recordingsOf counts what a batch adds to the export's recordings. What it
// accounts for anew was unavailable, and is until it is there.
func recordingsOf(batch *v1alpha1.RecordingExportBatch) v1alpha1.RecordingCounts {
	counts, again := batch.Status.Recordings, batch.Status.Replaces.Recordings
	counts.Total -= again
	if !batch.IsFinished() {
		again = min(again, counts.Exported)
	}
	counts.Unavailable -= again
	return counts
}

// gapsOf counts what a batch adds to the export's gaps.
func gapsOf(batch *v1alpha1.RecordingExportBatch) int64 {
	again := batch.Status.Replaces
	if !batch.IsFinished() {
		return batch.Status.Gaps - min(again.Recordings, batch.Status.Recordings.Exported)
	}
	return batch.Status.Gaps - again.Recordings - again.Conversations
}

// laneOf returns the account of a lane, which it adds if there is none.
func laneOf(status *v1alpha1.RecordingExportStatus, lane v1alpha1.Lane) *laneStatus {
	for i := range status.Lanes {
		if status.Lanes[i].Lane == lane {
			return (*laneStatus)(&status.Lanes[i])
		}
	}
	status.Lanes = append(status.Lanes, v1alpha1.LaneStatus{Lane: lane})
	slices.SortFunc(status.Lanes, func(a, b v1alpha1.LaneStatus) int {
		return cmp.Compare(slices.Index(lanes, a.Lane), slices.Index(lanes, b.Lane))
	})
	return laneOf(status, lane)
}

// lanes in the order in which they are shown.
var lanes = []v1alpha1.Lane{v1alpha1.LaneStandard, v1alpha1.LaneLegalHold, v1alpha1.LaneLegalHoldScreen}

func addCounts(sum *v1alpha1.RecordingCounts, more v1alpha1.RecordingCounts) {
	sum.Total += more.Total
	sum.Exported += more.Exported
	sum.Excluded += more.Excluded
	sum.Unavailable += more.Unavailable
}

// stalledAmong says of each stalled batch what it needs.
func stalledAmong(batches []v1alpha1.RecordingExportBatch) []string {
	var stalled []string
	for i := range batches {
		if conditions.IsStalled(&batches[i]) {
			stalled = append(stalled, batches[i].Name+": "+conditions.Message(&batches[i]))
		}
	}
	slices.Sort(stalled)
	return stalled
}

// create makes the next batches of each lane that has room. A stalled batch does
// not take any, but one that was cancelled with its export does: it goes on by itself.
func (r *Reconciler) create(ctx context.Context, s *scope) error {
	room := map[v1alpha1.Lane]int{}
	for _, lane := range lanes {
		room[lane] = 2 * exportspec.Parallelism(s.export.Spec, lane)
	}
	there := map[int]bool{}
	for i := range s.batches {
		batch := &s.batches[i]
		there[int(batch.Spec.Ordinal)] = true
		if !batch.IsFinished() && (!conditions.IsStalled(batch) || conditions.Reason(batch) == v1alpha1.ReasonCancelled) {
			room[batch.Spec.Lane]--
		}
	}
	var failed []error
	for ordinal, slice := range s.book.slices {
		lane := v1alpha1.Lane(slice.Lane)
		if room[lane] <= 0 || there[ordinal] || s.counted.Contains(ordinal) {
			continue
		}
		room[lane]--
		failed = append(failed, r.createBatch(ctx, s, ordinal, slice))
	}
	return errors.Join(failed...)
}

// createBatch makes the batch of a slice. That it is there already is success if
// it is this export's.
func (r *Reconciler) createBatch(ctx context.Context, s *scope, ordinal int, slice artifacts.PlannedSlice) error {
	if err := r.stored(ctx, s, ordinal, slice.Name); err != nil {
		return err
	}
	export := s.export
	batch := &v1alpha1.RecordingExportBatch{
		ObjectMeta: metav1.ObjectMeta{
			Name: slice.Name, Namespace: export.Namespace, Labels: map[string]string{
				v1alpha1.LabelExport: export.Name, v1alpha1.LabelLane: strings.ToLower(string(slice.Lane)),
			},
		},
		Spec: v1alpha1.RecordingExportBatchSpec{
			ExportRef: v1alpha1.LocalReference{Name: export.Name},
			Lane:      v1alpha1.Lane(slice.Lane),
			Window:    v1alpha1.Window{Start: metav1.NewTime(slice.Start), End: metav1.NewTime(slice.End)},
			Ordinal:   int32(ordinal), Conversations: int32(slice.Conversations), //nolint:gosec // bounded by the window and by slicing
		},
	}
	if err := controllerutil.SetControllerReference(export, batch, r.Client.Scheme()); err != nil {
		return err
	}
	err := r.Client.Create(ctx, batch)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	stored := &v1alpha1.RecordingExportBatch{}
	if err := r.Client.Get(ctx, client.ObjectKeyFromObject(batch), stored); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !metav1.IsControlledBy(stored, export) {
		return fmt.Errorf("batch %s is there already and not of export %s: delete it, or wait until it is gone", batch.Name, export.Name)
	}
	return nil
}

// stored sees to it that a slice's conversations are stored: whoever wrote the
// entry of the plan may have ended before.
func (r *Reconciler) stored(ctx context.Context, s *scope, ordinal int, name string) error {
	there, err := artifacts.Exists(ctx, s.store, artifacts.SliceKey(name))
	if err != nil || there {
		return err
	}
	number := s.book.entryOf(ordinal)
	return r.planner(s).restore(ctx, number, s.book.entries[number])
}

// prune deletes the oldest finished batches beyond those to be kept, but only
// ones whose account has been written to the export's status.
func (r *Reconciler) prune(ctx context.Context, s *scope) error {
	counted, err := slicing.ParseOrdinals(s.before.Batches.CompletedOrdinals)
	if err != nil {
		return err
	}
	var finished []*v1alpha1.RecordingExportBatch
	for i := range s.batches {
		if batch := &s.batches[i]; s.book.rests(batch, counted) && batch.DeletionTimestamp.IsZero() {
			finished = append(finished, batch)
		}
	}
	slices.SortFunc(finished, func(a, b *v1alpha1.RecordingExportBatch) int { return cmp.Compare(a.Spec.Ordinal, b.Spec.Ordinal) })
	excess := max(0, len(finished)-exportspec.RetainBatches(s.export.Spec))
	for _, batch := range finished[:excess] {
		if err := client.IgnoreNotFound(r.Client.Delete(ctx, batch)); err != nil {
			return err
		}
	}
	return nil
}

// rests tells whether nothing depends on a batch any more: it is counted, and so
// are its halves if it was cut in two.
func (b *book) rests(batch *v1alpha1.RecordingExportBatch, counted slicing.Ordinals) bool {
	if !batch.IsFinished() || !counted.Contains(int(batch.Spec.Ordinal)) {
		return false
	}
	if b == nil {
		return true
	}
	for i, entry := range b.entries {
		if entry.Halved == nil || entry.Halved.Batch != batch.Name {
			continue
		}
		for n := range entry.Slices {
			if !counted.Contains(b.firsts[i] + n) {
				return false
			}
		}
	}
	return true
}
