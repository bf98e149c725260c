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
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// maxStalled is how many stalled batches there may be before no more are made.
const maxStalled = 50

// runBatches counts the batches that have finished, deletes old ones, and makes
// new ones as long as their lane has room.
func (r *Reconciler) runBatches(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if err := r.prune(ctx, s); err != nil {
		return outcome.Outcome{}, err
	}
	counted, err := fold(&s.export.Status, s.batches)
	if err != nil {
		return outcome.Outcome{}, err
	}
	stalled := stalledAmong(s.batches)
	if len(stalled) <= maxStalled {
		if err := r.create(ctx, s, counted); err != nil {
			return outcome.Outcome{}, err
		}
	}
	return progressOf(s, counted, stalled), nil
}

// progressOf says how the batches stand.
func progressOf(s *scope, counted slicing.Ordinals, stalled []string) outcome.Outcome {
	left := len(s.book.slices) - counted.Len()
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
// of the status that notes its ordinal.
func fold(status *v1alpha1.RecordingExportStatus, batches []v1alpha1.RecordingExportBatch) (slicing.Ordinals, error) {
	counted, err := slicing.ParseOrdinals(status.Batches.CompletedOrdinals)
	if err != nil {
		return counted, fmt.Errorf("status.batches.completedOrdinals: %w", err)
	}
	for _, batch := range batches {
		if batch.Status.Bag == nil || counted.Contains(int(batch.Spec.Ordinal)) {
			continue
		}
		counted = counted.With(int(batch.Spec.Ordinal))
		lane := laneOf(status, batch.Spec.Lane)
		lane.Batches++
		lane.Gaps += batch.Status.Gaps
		lane.Bytes += batch.Status.Bytes
		addCounts(&lane.Recordings, batch.Status.Recordings)
	}
	status.Batches.CompletedOrdinals = counted.String()
	status.Batches.Completed = int32(counted.Len()) //nolint:gosec // ordinals are int32
	return counted, nil
}

// laneOf returns the account of a lane, which it adds if there is none.
func laneOf(status *v1alpha1.RecordingExportStatus, lane v1alpha1.Lane) *v1alpha1.LaneStatus {
	for i := range status.Lanes {
		if status.Lanes[i].Lane == lane {
			return &status.Lanes[i]
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
// not take any.
func (r *Reconciler) create(ctx context.Context, s *scope, counted slicing.Ordinals) error {
	room := map[v1alpha1.Lane]int{}
	for _, lane := range lanes {
		room[lane] = 2 * exportspec.Parallelism(s.export.Spec, lane)
	}
	there := map[int]bool{}
	for i := range s.batches {
		batch := &s.batches[i]
		there[int(batch.Spec.Ordinal)] = true
		if batch.Status.Bag == nil && !conditions.IsStalled(batch) {
			room[batch.Spec.Lane]--
		}
	}
	var failed []error
	for ordinal, slice := range s.book.slices {
		lane := v1alpha1.Lane(slice.Lane)
		if room[lane] <= 0 || there[ordinal] || counted.Contains(ordinal) {
			continue
		}
		room[lane]--
		failed = append(failed, r.createBatch(ctx, s.export, ordinal, slice))
	}
	return errors.Join(failed...)
}

// createBatch makes the batch of a slice. That it is there already is success if
// it is this export's.
func (r *Reconciler) createBatch(ctx context.Context, export *v1alpha1.RecordingExport, ordinal int, slice artifacts.PlannedSlice) error {
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

// prune deletes the oldest finished batches beyond those to be kept, but only
// ones whose account has been written to the export's status.
func (r *Reconciler) prune(ctx context.Context, s *scope) error {
	counted, err := slicing.ParseOrdinals(s.export.Status.Batches.CompletedOrdinals)
	if err != nil {
		return err
	}
	var finished []*v1alpha1.RecordingExportBatch
	for i := range s.batches {
		if batch := &s.batches[i]; batch.Status.Bag != nil && counted.Contains(int(batch.Spec.Ordinal)) && batch.DeletionTimestamp.IsZero() {
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
