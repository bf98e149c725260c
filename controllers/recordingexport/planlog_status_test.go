package recordingexport

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// appendEntries appends entries to the plan of a harness's export, without bundles.
func (h *harness) appendEntries(number int, entries ...plan.Entry) {
	h.Helper()
	for i, entry := range entries {
		if _, err := artifacts.Put(h.Context(), h.store, artifacts.EntryKey(number+i), artifacts.Entry{Stamp: processA.stamp(), Entry: entry}); err != nil {
			h.Fatal(err)
		}
	}
}

// longPlan is an archive with many entries of a plan, which are in memory.
type longPlan struct {
	archive.Store
	entries fstest.MapFS
}

func (s longPlan) FS(ctx context.Context) fs.FS {
	return openFunc(func(name string) (fs.File, error) {
		if s.entries[name] != nil {
			return s.entries.Open(name)
		}
		return s.Store.FS(ctx).Open(name)
	})
}

// openFunc is a file system that opens files with a function.
type openFunc func(name string) (fs.File, error)

func (open openFunc) Open(name string) (fs.File, error) { return open(name) }

// entriesWithoutBundles are so many entries of a plan that are in no bundle.
func entriesWithoutBundles(t *testing.T, n int) fstest.MapFS {
	t.Helper()
	store := newPlanStore(t, voidedEntries(n)...)
	for number := 0; number < n; number += artifacts.BundledEntries {
		delete(store.MapFS, artifacts.PlanBundleKey(number))
	}
	return store.MapFS
}

// TestTheStatusOfAPlanThatIsBeingRead stays as it was, and no event is sent, whatever it
// says: a process that starts reads a large plan in several reconciles. Only an export of
// which nothing is said yet tells how far the reading is.
func TestTheStatusOfAPlanThatIsBeingRead(t *testing.T) {
	for name, say := range map[string]func(*v1alpha1.RecordingExport){
		"caught up": func(e *v1alpha1.RecordingExport) {
			conditions.Ready(e, v1alpha1.ReasonCaughtUp, "everything is sealed")
		},
		"stalled": func(e *v1alpha1.RecordingExport) {
			conditions.Stalled(e, v1alpha1.ReasonPermissionMissing, "grant it")
		},
		"nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			export := wholeExport()
			export.Spec.Window.End = nil
			export.Status.ObservedGeneration, export.Status.StartTime = 1, &metav1.Time{Time: first}
			if say != nil {
				say(export)
			}
			h := newHarness(t, export)
			h.store = longPlan{h.store, entriesWithoutBundles(t, 2*maxReads)}
			h.configure(func(c *Config) { c.Intervals.StepTimeout = 0 }) // each pass is waited for
			h.cloud.state = "PENDING"
			before := h.export()
			passes := 0
			for result := h.reconcile(); result.RequeueAfter > 0 && result.RequeueAfter < 2*time.Millisecond; result = h.reconcile() {
				passes++
				got := h.export()
				if diff := cmp.Diff(before, got); say != nil && (diff != "" || h.told()) {
					t.Fatalf("pass %d: an event, or the object is another (-want +got):\n%s", passes, diff)
				}
				if message := conditions.Message(got); say == nil && passes == 1 && message != "reading the plan: 396 entries so far" {
					t.Fatalf("it says %s: %s", conditions.Reason(got), message)
				}
			}
			if log := h.memory.plans.byName[client.ObjectKeyFromObject(export)].log; passes != 2 || log.EntryCount() < 2*maxReads {
				t.Errorf("%d entries were read in %d passes before the last", log.EntryCount(), passes)
			}
			h.reconcileUntil("it is being surveyed", func() bool { return conditions.Reason(h.export()) == v1alpha1.ReasonSurveying })
			if !h.told(v1alpha1.ReasonSurveying) {
				t.Error("there is no event for what changed then")
			}
		})
	}
}

// TestTheLogOfAnExportThatHasEnded is dropped. A retry request has the plan read again: the
// same slices under the same ordinals, and the retries that it has.
func TestTheLogOfAnExportThatHasEnded(t *testing.T) {
	h := newHarness(t, finished())
	h.configure(func(c *Config) { c.Intervals.StepTimeout = 0 }) // each evaluation is waited for
	h.canSeal()
	retried := plan.Entry{Retried: &plan.Retried{Token: "again", Seals: 1}, Slices: []plan.Slice{plannedSlice("third", "g"), laneSlice(slicing.LegalHold, "fourth", "h")}}
	h.appendEntries(0, withSlices(surveyedDay(1, 0, plan.PurposeFirst), 2), surveyedDay(1, 1, plan.PurposeReview),
		plan.Entry{Sealing: &plan.Sealing{Number: 1, Until: first.Add(day), Entries: "0-1"}}, retried)
	name := client.ObjectKeyFromObject(newExport())
	ended := h.memory.plans.logOf(h.export(), exportspec.Slicing(h.export().Spec))
	if _, err := readEntries(t.Context(), h.store, ended); err != nil {
		t.Fatal(err)
	}
	if h.reconcile(); len(h.memory.plans.byName) != 0 {
		t.Errorf("the log is kept: %v", h.memory.plans.byName)
	}
	h.change(func(e *v1alpha1.RecordingExport) {
		e.Annotations = map[string]string{v1alpha1.AnnotationRetry: "again"}
	})
	h.reconcile()
	log := h.memory.plans.byName[name].log
	if log == nil || log == ended || log.EntryCount() != 4 || !log.HasRetry("again") || log.HasRetry("another") || log.SliceCount() != 4 {
		t.Fatalf("the plan that was read again is %+v", log)
	}
	for ordinal, slice := range []string{"0", "1", "third"} {
		id := plan.SliceID{Lane: slicing.Standard, Ordinal: ordinal}
		if !log.HasSlice(id, slice) || log.SliceAt(id) != ended.SliceAt(id) {
			t.Errorf("slice %d is %+v, was %+v", ordinal, log.SliceAt(id), ended.SliceAt(id))
		}
	}
	if !log.HasSlice(plan.SliceID{Lane: slicing.LegalHold}, "fourth") {
		t.Error("the slice of the other lane is another")
	}
}

// TestTheLogIsKeptUntilTheStatusIsWritten: if it is not, the export is evaluated again.
func TestTheLogIsKeptUntilTheStatusIsWritten(t *testing.T) {
	export := finished()
	export.Generation++
	h := newHarness(t, export)
	refuses := true
	h.useClient(interceptor.NewClient(h.api, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, name string, obj client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			if refuses {
				return apierrors.NewConflict(schema.GroupResource{}, obj.GetName(), errors.New("it was changed"))
			}
			return c.SubResource(name).Patch(ctx, obj, patch, options...)
		},
	}))
	log := h.memory.plans.logOf(h.export(), exportspec.Slicing(export.Spec))
	if result := h.reconcile(); result.RequeueAfter <= 0 || h.memory.plans.byName[client.ObjectKeyFromObject(export)].log != log {
		t.Errorf("evaluated again after %v, kept are %v", result.RequeueAfter, h.memory.plans.byName)
	}
	refuses = false
	if h.reconcile(); len(h.memory.plans.byName) != 0 || h.export().Status.ObservedGeneration != export.Generation {
		t.Errorf("kept are %v; generation %d is observed", h.memory.plans.byName, h.export().Status.ObservedGeneration)
	}
}

// TestNothingIsKeptOfAnExportThatIsGone, even if an evaluation that nobody waited for has
// made it again: that wakes the reconciler at its end.
func TestNothingIsKeptOfAnExportThatIsGone(t *testing.T) {
	h := newHarness(t, wholeExport())
	export := h.export()
	h.remove(export)
	for range 2 {
		h.memory.plans.logOf(export, exportspec.Slicing(export.Spec))
		h.memory.memories.memoryOf(export)
		if h.reconcile(); len(h.memory.plans.byName) != 0 || len(h.memory.memories.byName) != 0 {
			t.Errorf("kept are %v and %v", h.memory.plans.byName, h.memory.memories.byName)
		}
	}
}
