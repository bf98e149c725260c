package recordingexport

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTheFinalizerOfBulkJobs is set while a batch of an export with bulk jobs is not finished, and for
// no other export. Without it batches create no job.
func TestTheFinalizerOfBulkJobs(t *testing.T) {
	finished, unfinished := v1alpha1.RecordingExportBatch{}, v1alpha1.RecordingExportBatch{}
	finished.Status.Bag = &v1alpha1.BagStatus{}
	tests := map[string]struct {
		mode    string
		batches []v1alpha1.RecordingExportBatch
		set     bool
	}{
		"a batch is not finished": {v1alpha1.DeliveryBulkJob, []v1alpha1.RecordingExportBatch{finished, unfinished}, true},
		"all are finished":        {v1alpha1.DeliveryBulkJob, []v1alpha1.RecordingExportBatch{finished}, false},
		"there is none":           {v1alpha1.DeliveryBulkJob, nil, false},
		"an export of downloads":  {v1alpha1.DeliveryDownload, []v1alpha1.RecordingExportBatch{unfinished}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, wholeExport())
			export := wholeExport()
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(export), export); err != nil {
				t.Fatal(err)
			}
			export.Spec.Delivery.Mode = tt.mode
			guard := bulkGuard{finalizers{api}, jobEnding{pool: stoppedPool(t), memories: &exportMemories{}}}
			s := &loaded{claimed: &claimed{clients: &clients{references: &references{subject: &subject{export: export}}}}, batches: tt.batches}
			out, err := guard.Reconcile(t.Context(), s)
			if err != nil || !out.IsDone() || guard.finalizers.isSet(export) != tt.set {
				t.Errorf("%v, %v, finalizers %v", out, err, export.Finalizers)
			}
		})
	}
}
