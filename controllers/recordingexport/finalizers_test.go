package recordingexport

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTheFinalizer is written at once, and without the status, which is written at the end of the
// evaluation. It is not written over a change that the evaluation has not seen.
func TestTheFinalizer(t *testing.T) {
	api := newAPI(t, wholeExport())
	stored := func() *v1alpha1.RecordingExport {
		export := &v1alpha1.RecordingExport{}
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(newExport()), export); err != nil {
			t.Fatal(err)
		}
		return export
	}
	f, export := finalizers{api}, stored()
	export.Status.Progress = "1/2"
	for range 2 {
		if err := f.setOn(t.Context(), export); err != nil || !f.isSet(export) || !f.isSet(stored()) {
			t.Fatalf("%v; finalizers %v", err, export.Finalizers)
		}
	}
	if export.Status.Progress != "1/2" || stored().Status.Progress != "" {
		t.Errorf("the progress is %q, stored is %q", export.Status.Progress, stored().Status.Progress)
	}
	outdated := stored()
	if err := f.removeFrom(t.Context(), export); err != nil || f.isSet(export) || f.isSet(stored()) {
		t.Fatalf("%v; finalizers %v", err, export.Finalizers)
	}
	if err := f.removeFrom(t.Context(), outdated); !apierrors.IsConflict(err) {
		t.Errorf("of an export that has changed: %v", err)
	}
}
