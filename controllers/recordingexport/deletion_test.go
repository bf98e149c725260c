package recordingexport

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// withJob is a harness around an export that has an analytics job at Genesys Cloud.
func withJob(t *testing.T) *harness {
	t.Helper()
	export := wholeExport()
	export.Finalizers = []string{v1alpha1.Finalizer}
	h := newHarness(t, export)
	job := artifacts.AnalyticsJob{Job: genesys.Ticket{ID: id(1), ClientID: "client"}}
	if _, err := artifacts.Put(t.Context(), h.store, artifacts.JobKey(0, first), job); err != nil {
		t.Fatal(err)
	}
	return h
}

// expectNoJob fails if the analytics job was not ended, or is still recorded.
func (h *harness) expectNoJob() {
	h.Helper()
	there, err := artifacts.Exists(h.Context(), h.store, artifacts.JobKey(0, first))
	if err != nil || there || len(h.cloud.endedJobs()) != 1 {
		h.Errorf("the job is recorded: %t, %v; ended are %v", there, err, h.cloud.endedJobs())
	}
}

func TestADeletedExportEndsItsJob(t *testing.T) {
	h := withJob(t)
	h.remove(wholeExport())
	h.reconcileUntil("the export is gone", func() bool { return h.export() == nil })
	h.expectNoJob()
	if h.told("AnalyticsJobLeft") {
		t.Error("it is said that the job was left")
	}
}

// TestADeletedExportGoesWhateverHangs: no evaluation waits for what hangs, and ten minutes
// after the deletion the export goes.
func TestADeletedExportGoesWhateverHangs(t *testing.T) {
	for name, hang := range map[string]func(*harness) (until chan struct{}){
		"the archive": func(h *harness) chan struct{} {
			store := newHangingStore(h.store)
			h.store = store
			return store.until
		},
		"Genesys Cloud": func(h *harness) chan struct{} {
			h.cloud.hangs = make(chan struct{})
			return h.cloud.hangs
		},
		"work of the export": func(h *harness) chan struct{} {
			until, begun := make(chan struct{}), make(chan struct{})
			h.worker.Pools[Pool].Do(transfer.Job{
				Key: workPrefix(client.ObjectKeyFromObject(newExport())) + "survey/", Owner: "test", Wake: func() {},
				Work: func(context.Context, transfer.Try) error {
					close(begun)
					<-until
					return nil
				},
			})
			<-begun
			return until
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := withJob(t)
			until := hang(h)
			t.Cleanup(func() { close(until) })
			h.remove(wholeExport())
			h.now.SetTime(h.export().DeletionTimestamp.Time)
			for range 3 {
				if result := h.reconcile(); result.RequeueAfter <= 0 || result.RequeueAfter > h.intervals.ForcedDeletion {
					t.Errorf("reconciled again after %v", result.RequeueAfter)
				}
			}
			h.now.Step(h.intervals.ForcedDeletion - time.Second)
			if result := h.reconcile(); h.export() == nil || result.RequeueAfter > time.Second {
				t.Fatalf("a second before its time, the export is %v, reconciled again after %v", h.export(), result.RequeueAfter)
			}
			h.now.Step(time.Second)
			h.reconcile()
			if h.export() != nil {
				t.Error("the export is still there")
			}
			if !h.told("AnalyticsJobLeft", "may be left") {
				t.Error("nobody is told that the job may be left")
			}
		})
	}
}

// TestASuspendedExportDoesNotWaitForWhatHangs, nor does a cancelled one; it says what
// is still to be done, and ends its job once it can.
func TestASuspendedExportDoesNotWaitForWhatHangs(t *testing.T) {
	for reason, stop := range map[string]func(*v1alpha1.RecordingExport){
		v1alpha1.ReasonSuspended: func(e *v1alpha1.RecordingExport) { e.Spec.Suspend = true },
		v1alpha1.ReasonCancelled: func(e *v1alpha1.RecordingExport) {
			e.Annotations = map[string]string{v1alpha1.AnnotationCancel: "now"}
		},
	} {
		t.Run(reason, func(t *testing.T) {
			h := withJob(t)
			h.cloud.hangs = make(chan struct{})
			h.change(stop)
			for range 3 {
				if h.reconcile().RequeueAfter <= 0 {
					t.Error("it is not reconciled again")
				}
			}
			export := h.export()
			if conditions.Reason(export) != reason || !strings.Contains(conditions.Message(export), "its jobs at Genesys Cloud are not ended") || len(export.Finalizers) != 1 {
				t.Errorf("%s: %s, finalizers %v", conditions.Reason(export), conditions.Message(export), export.Finalizers)
			}
			close(h.cloud.hangs)
			h.reconcileUntil("the finalizer is gone", func() bool { return len(h.export().Finalizers) == 0 })
			h.expectNoJob()
			if h.reconcile().RequeueAfter != 0 {
				t.Error("it is reconciled again")
			}
		})
	}
}

// TestAnExportEndsOnlyWithItsLastStep: while a batch cannot be deleted, it has no completion
// time, after which nobody would remove its finalizer.
func TestAnExportEndsOnlyWithItsLastStep(t *testing.T) {
	export := wholeExport()
	export.Spec.RetainBatches = ptr.To[int32](0)
	export.Status.Lanes = []v1alpha1.LaneStatus{{Lane: v1alpha1.LaneStandard, CompletedOrdinals: "0"}}
	h := newHarness(t, export)
	h.canSeal()
	counted := batch(0, v1alpha1.LaneStandard, 1, true)
	counted.Name, counted.Namespace, counted.Spec.ExportRef.Name = "counted", export.Namespace, export.Name
	status := counted.Status
	if err := errors.Join(controllerutil.SetControllerReference(export, &counted, h.api.Scheme()), h.api.Create(t.Context(), &counted)); err != nil {
		t.Fatal(err)
	}
	counted.Status = status
	if err := h.api.Status().Update(t.Context(), &counted); err != nil {
		t.Fatal(err)
	}
	refuses := true
	h.useClient(interceptor.NewClient(h.api, interceptor.Funcs{
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, options ...client.DeleteOption) error {
			if refuses {
				return errors.New("the API server is busy")
			}
			return c.Delete(ctx, obj, options...)
		},
	}))
	h.reconcileUntil("it is sealed", func() bool { h.now.Step(time.Second); return h.export().Status.Seal != nil })
	for range 2 {
		h.reconcile()
		if got := h.export(); got.Status.CompletionTime != nil || len(got.Finalizers) != 1 || !strings.Contains(conditions.Message(got), "busy") {
			t.Fatalf("completed at %v, finalizers %v: %s", got.Status.CompletionTime, got.Finalizers, conditions.Message(got))
		}
	}
	refuses = false
	h.reconcileUntil("it has ended", func() bool { return h.export().Status.CompletionTime != nil })
	if got := h.export(); len(got.Finalizers) != 0 || conditions.Reason(got) != v1alpha1.ReasonComplete {
		t.Errorf("finalizers %v, %s: %s", got.Finalizers, conditions.Reason(got), conditions.Message(got))
	}
}

// TestAnArchiveThatHangs: the reconciler is not delayed, says what it waits for, and
// continues once the archive answers. Meanwhile the export can be deleted, and created again.
func TestAnArchiveThatHangs(t *testing.T) {
	for name, deleted := range map[string]bool{"continued": false, "deleted": true} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, wholeExport())
			store := newHangingStore(h.store)
			h.store = store
			h.reconcileNoLongerThan(store.entered)
			for range 2 {
				if result := h.reconcile(); result.RequeueAfter < h.intervals.Retry {
					t.Errorf("reconciled again after %v", result.RequeueAfter)
				}
			}
			if n := len(store.entered); n != 0 {
				t.Errorf("%d more evaluations wait for the archive", n)
			}
			export := h.export()
			if conditions.Reason(export) != v1alpha1.ReasonDestinationUnavailable || !strings.Contains(conditions.Message(export), `"evidence"`) {
				t.Errorf("%s: %s", conditions.Reason(export), conditions.Message(export))
			}
			if deleted {
				h.remove(export)
				h.reconcile()
				if h.export() != nil {
					t.Error("the export is still there")
				}
				another := wholeExport()
				another.UID = "uid-2"
				if err := h.api.Create(h.Context(), another); err != nil {
					t.Fatal(err)
				}
				h.reconcile()
			}
			close(store.until)
			h.reconcileUntil("it is surveyed", func() bool { return h.cloud.jobs() > 0 })
		})
	}
}
