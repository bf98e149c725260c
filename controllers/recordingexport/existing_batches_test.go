package recordingexport

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// batchOf is a finished batch of an export. A later ordinal was created earlier.
func batchOf(t *testing.T, export *v1alpha1.RecordingExport, ordinal int32) *v1alpha1.RecordingExportBatch {
	t.Helper()
	b := batch(ordinal, v1alpha1.LaneStandard, 1, true)
	b.Namespace, b.Spec.ExportRef.Name = export.Namespace, export.Name
	b.CreationTimestamp = metav1.NewTime(first.Add(-time.Duration(ordinal) * time.Minute))
	scheme := newAPI(t).Scheme()
	if err := controllerutil.SetControllerReference(export, &b, scheme); err != nil {
		t.Fatal(err)
	}
	return &b
}

// TestTheOldestBatchesAreDeleted, of those that are finished and counted in the status as it is
// stored. A batch that another export of the same name had is not even listed.
func TestTheOldestBatchesAreDeleted(t *testing.T) {
	s := &subject{export: wholeExport()}
	s.export.Spec.RetainBatches = ptr.To[int32](1)
	s.before.Lanes = []v1alpha1.LaneStatus{{Lane: v1alpha1.LaneStandard, CompletedOrdinals: "0-3"}}
	s.export.Status.Lanes = []v1alpha1.LaneStatus{{Lane: v1alpha1.LaneStandard, CompletedOrdinals: "0-4"}}
	running := batchOf(t, s.export, 3)
	running.Status.Bag = nil
	former := wholeExport()
	former.UID = "uid-0"
	existing := existingBatches{newAPI(t, batchOf(t, s.export, 0), batchOf(t, s.export, 1), batchOf(t, s.export, 2), running, batchOf(t, s.export, 4), batchOf(t, former, 5))}
	left := func() (ordinals []int32) {
		batches, err := existing.list(t.Context(), s.export)
		if err != nil {
			t.Fatal(err)
		}
		for i := range batches {
			ordinals = append(ordinals, batches[i].Spec.Ordinal)
		}
		slices.Sort(ordinals)
		return ordinals
	}
	if got := left(); !slices.Equal(got, []int32{0, 1, 2, 3, 4}) {
		t.Fatalf("listed are %v", got)
	}
	batches, err := existing.list(t.Context(), s.export)
	if err != nil {
		t.Fatal(err)
	}
	if err := existing.prune(t.Context(), s, nil, batches); err != nil {
		t.Fatal(err)
	}
	if got := left(); !slices.Equal(got, []int32{0, 3, 4}) {
		t.Errorf("left are %v", got)
	}
	if err := existing.deleteAll(t.Context(), batches); err != nil || len(left()) != 0 {
		t.Errorf("all are deleted, some of them twice: %v, left are %v", err, left())
	}
}
