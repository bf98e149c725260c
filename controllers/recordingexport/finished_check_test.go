package recordingexport

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// TestAFinishedExportNeedsNothing: whatever may be edited is edited, while what the
// export refers to is gone, and it stays Ready. A retry request wakes it.
func TestAFinishedExportNeedsNothing(t *testing.T) {
	for name, edit := range map[string]func(*v1alpha1.RecordingExport){
		"suspend":       func(e *v1alpha1.RecordingExport) { e.Spec.Suspend = true },
		"lanes":         func(e *v1alpha1.RecordingExport) { e.Spec.Lanes.Standard.Parallelism = 7 },
		"retry":         func(e *v1alpha1.RecordingExport) { e.Spec.Retry.Deadline = &metav1.Duration{Duration: day} },
		"retainBatches": func(e *v1alpha1.RecordingExport) { e.Spec.RetainBatches = ptr.To[int32](1) },
		"cancel": func(e *v1alpha1.RecordingExport) {
			e.Annotations = map[string]string{v1alpha1.AnnotationCancel: "now"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, finished())
			for _, obj := range furniture() {
				h.remove(obj)
			}
			h.change(edit)
			if result := h.reconcile(); result.RequeueAfter != 0 {
				t.Errorf("reconciled again after %v", result.RequeueAfter)
			}
			export := h.export()
			if !conditions.IsReady(export) || conditions.Reason(export) != v1alpha1.ReasonComplete || export.Status.ObservedGeneration != export.Generation {
				t.Errorf("%s: %s, generation %d of %d observed", conditions.Reason(export), conditions.Message(export), export.Status.ObservedGeneration, export.Generation)
			}
			h.change(func(e *v1alpha1.RecordingExport) {
				e.Annotations = map[string]string{v1alpha1.AnnotationRetry: "again"}
			})
			h.reconcile()
			if got := conditions.Reason(h.export()); got != v1alpha1.ReasonDestinationNotFound {
				t.Errorf("after a retry request the reason is %s", got)
			}
		})
	}
}

// TestAFinishedExportEnds unless somebody has requested a retry. Its surplus batches are deleted.
func TestAFinishedExportEnds(t *testing.T) {
	tests := map[string]struct {
		change         func(*subject)
		ended, deleted bool
	}{
		"running":   {func(s *subject) { s.export.Status.CompletionTime = nil }, false, false},
		"no end":    {func(s *subject) { s.export.Spec.Window.End = nil }, false, false},
		"retried":   {func(s *subject) { s.retry = "now" }, false, false},
		"finished":  {func(*subject) {}, true, true},
		"no counts": {func(s *subject) { s.export.Status.Batches.Planned = 0 }, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &subject{export: finished()}
			s.export.Spec.RetainBatches = ptr.To[int32](0)
			s.export.Status.Batches.Planned = 1
			s.before.Lanes = []v1alpha1.LaneStatus{{Lane: v1alpha1.LaneStandard, CompletedOrdinals: "0"}}
			old := batchOf(t, s.export, 0)
			api := newAPI(t, old)
			tt.change(s)
			ended, err := (&finishedCheck{existingBatches{api}}).check(t.Context(), s)
			if err != nil || ended != tt.ended {
				t.Errorf("%v, ended: %t", err, ended)
			}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(old), old); client.IgnoreNotFound(err) != nil || (err != nil) != tt.deleted {
				t.Errorf("the batch: %v", err)
			}
		})
	}
}

// finished is an export that has ended.
func finished() *v1alpha1.RecordingExport {
	export := wholeExport()
	export.Status = v1alpha1.RecordingExportStatus{
		ObservedGeneration: 1, StartTime: &metav1.Time{Time: first}, CompletionTime: &metav1.Time{Time: first.Add(day)},
		Archive: "legal/evidence/case-1", Seal: &v1alpha1.SealStatus{Number: 1, Digest: "d", Until: &metav1.Time{Time: first.Add(day)}},
	}
	conditions.Ready(export, v1alpha1.ReasonComplete, "everything was exported")
	return export
}
