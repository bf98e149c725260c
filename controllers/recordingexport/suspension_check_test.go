package recordingexport

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestWhatStopsAnExport: its own work ends, and its finalizer goes once its analytics jobs have
// ended.
func TestWhatStopsAnExport(t *testing.T) {
	tests := map[string]struct {
		change  func(*v1alpha1.RecordingExport)
		state   outcome.State
		message string
	}{
		"nothing":   {func(*v1alpha1.RecordingExport) {}, outcome.Satisfied, ""},
		"suspended": {func(e *v1alpha1.RecordingExport) { e.Spec.Suspend = true }, outcome.Waiting, "spec.suspend"},
		"suspended, has ended": {func(e *v1alpha1.RecordingExport) {
			e.Spec.Suspend, e.Status.CompletionTime = true, &metav1.Time{Time: first}
		}, outcome.Satisfied, ""},
		"cancelled":            {func(e *v1alpha1.RecordingExport) { e.Status.Cancelled = true }, outcome.Stalled, "kubectl annotate rex case-1"},
		"suspended, cancelled": {func(e *v1alpha1.RecordingExport) { e.Spec.Suspend, e.Status.Cancelled = true, true }, outcome.Stalled, "was cancelled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			export := wholeExport()
			export.Finalizers = []string{v1alpha1.Finalizer}
			api := newAPI(t, export)
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(export), export); err != nil {
				t.Fatal(err)
			}
			tt.change(export)
			s, pool, memories := &subject{export: export}, stoppedPool(t), &exportMemories{}
			pool.start(s, loop.Task{Key: "plan/0", Work: func(context.Context, transfer.Try) error { return nil }})
			memories.memoryOf(export).setJobsEnded(true)
			check := &suspensionCheck{pool, finalizers{api}, jobEnding{memories: memories}}
			out, err := check.Reconcile(t.Context(), s)
			if err != nil || out.State != tt.state || !strings.Contains(out.Message, tt.message) {
				t.Errorf("%v, %v", out, err)
			}
			if out.IsDone() != check.finalizers.isSet(export) {
				t.Errorf("finalizers %v", export.Finalizers)
			}
			if out.IsDone() != pool.isBusy(s.name()) {
				testenv.Eventually(t, "its work has ended", func() bool { return !pool.isBusy(s.name()) })
			}
		})
	}
}
