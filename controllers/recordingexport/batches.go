package recordingexport

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// batchStep deletes old batches, and creates new ones as long as their lane has capacity, and the
// namespace of the destination has.
type batchStep struct {
	client   client.Client
	existing existingBatches
	planning planning
}

// Reconcile is satisfied once every batch is finished and counted.
func (b *batchStep) Reconcile(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	if err := b.existing.prune(ctx, s.subject, s.plan.Log, s.batches); err != nil {
		return outcome.Outcome{}, err
	}
	stalled := stalledAmong(s.batches)
	if len(stalled) <= maxStalled && !s.namespaceIsFull() {
		if err := b.createNext(ctx, s); err != nil {
			return outcome.Outcome{}, err
		}
	}
	return progressOf(s, stalled), nil
}

// namespaceIsFull reports whether the namespace takes as much as it may of the volume that the
// destination shares with others.
func (s *references) namespaceIsFull() bool {
	return conditions.IsStalledBy(&s.destination, v1alpha1.ReasonNamespaceFull)
}

// createNext creates the next batches of each lane that has capacity.
func (b *batchStep) createNext(ctx context.Context, s *loaded) error {
	capacity := capacityOf(s.export.Spec, s.batches)
	created := map[plan.SliceID]bool{}
	for i := range s.batches {
		if batch := &s.batches[i]; isPlanned(s.plan, batch) {
			created[sliceOf(batch)] = true
		}
	}
	var failed []error
	for _, lane := range slicing.AllLanes {
		for id := range s.plan.SlicesWithout(s.counted, lane) {
			if capacity[v1alpha1.Lane(lane)] <= 0 {
				break
			}
			if created[id] {
				continue
			}
			capacity[v1alpha1.Lane(lane)]--
			failed = append(failed, b.createBatch(ctx, s, id))
		}
	}
	return errors.Join(failed...)
}

const (
	// maxIsolated is how many batches of the lane Isolated are processed at a time:
	// each has one conversation that mostly waits for its next attempt.
	maxIsolated = 200
	// maxWaiting is how many batches of a lane that only retry do not count towards its
	// capacity, so that others can show whether the items are bad.
	maxWaiting = 10
)

// capacityOf is how many more batches each lane may process at a time. A stalled batch
// takes no place, but one that was cancelled with its export does: it resumes by
// itself.
func capacityOf(spec v1alpha1.RecordingExportSpec, batches []v1alpha1.RecordingExportBatch) map[v1alpha1.Lane]int {
	capacity, waiting := map[v1alpha1.Lane]int{v1alpha1.LaneIsolated: maxIsolated}, map[v1alpha1.Lane]int{}
	for _, lane := range []v1alpha1.Lane{v1alpha1.LaneStandard, v1alpha1.LaneLegalHold, v1alpha1.LaneLegalHoldScreen} {
		capacity[lane] = 2 * exportspec.Parallelism(spec, lane)
	}
	for i := range batches {
		batch := &batches[i]
		lane, reason := batch.Spec.Lane, conditions.Reason(batch)
		switch {
		case batch.IsFinished(), conditions.IsStalled(batch) && reason != v1alpha1.ReasonCancelled:
		case lane != v1alpha1.LaneIsolated && waits(reason) && waiting[lane] < maxWaiting:
			waiting[lane]++
		default:
			capacity[lane]--
		}
	}
	return capacity
}

// waits reports whether a batch with this reason waits for nothing but items that fail.
func waits(reason string) bool {
	return reason == v1alpha1.ReasonMetadataRetrying || reason == v1alpha1.ReasonRecordingsPending
}

// createBatch creates the batch of a slice. If this export has one already, that is success.
func (b *batchStep) createBatch(ctx context.Context, s *loaded, id plan.SliceID) error {
	slice := s.plan.SliceAt(id)
	if err := b.ensureSlice(ctx, s, id, slice.Name); err != nil {
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
			Ordinal:   int32(id.Ordinal), Conversations: int32(slice.Conversations), //nolint:gosec // bounded by the window and by slicing
		},
	}
	if err := controllerutil.SetControllerReference(export, batch, b.client.Scheme()); err != nil {
		return err
	}
	err := b.client.Create(ctx, batch)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	stored := &v1alpha1.RecordingExportBatch{}
	if err := b.client.Get(ctx, client.ObjectKeyFromObject(batch), stored); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !metav1.IsControlledBy(stored, export) {
		return fmt.Errorf("batch %s already exists but export %s does not own it: delete it, or wait until it is gone", batch.Name, export.Name)
	}
	return nil
}

// ensureSlice stores a slice's conversations if they are not: whoever wrote the entry of
// the plan may have ended before.
func (b *batchStep) ensureSlice(ctx context.Context, s *loaded, id plan.SliceID, name string) error {
	there, err := artifacts.Exists(ctx, s.store, artifacts.SliceKey(name))
	if err != nil || there {
		return err
	}
	entry := s.plan.EntryAt(s.plan.EntryWith(id))
	return b.planning.planner(s).rewriteSlices(ctx, entry.Number, entry.Entry)
}
