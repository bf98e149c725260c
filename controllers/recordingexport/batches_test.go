package recordingexport

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestCapacityOfLanes: batches that wait for items that fail take no place of others, a
// few of them; stalled ones take none; cancelled ones do.
func TestCapacityOfLanes(t *testing.T) {
	of := func(lane v1alpha1.Lane, reason string, n int) []v1alpha1.RecordingExportBatch {
		var all []v1alpha1.RecordingExportBatch
		for range n {
			b := batch(0, lane, 0, false)
			mark(&b, reason)
			all = append(all, b)
		}
		return all
	}
	tests := map[string]struct {
		batches []v1alpha1.RecordingExportBatch
		lane    v1alpha1.Lane
		want    int
	}{
		"nothing runs":                {nil, "Standard", 8},
		"running":                     {of("Standard", v1alpha1.ReasonTransferring, 3), "Standard", 5},
		"in another lane":             {of("LegalHold", v1alpha1.ReasonTransferring, 3), "Standard", 8},
		"waiting for bad items":       {of("LegalHoldScreen", v1alpha1.ReasonMetadataRetrying, 2), "LegalHoldScreen", 2},
		"too many wait for bad items": {of("LegalHoldScreen", v1alpha1.ReasonMetadataRetrying, maxWaiting+1), "LegalHoldScreen", 1},
		"stalled":                     {of("LegalHold", v1alpha1.ReasonPermissionMissing, 3), "LegalHold", 4},
		"cancelled":                   {of("LegalHold", v1alpha1.ReasonCancelled, 3), "LegalHold", 1},
		"isolated":                    {of("Isolated", v1alpha1.ReasonMetadataRetrying, 3), "Isolated", maxIsolated - 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := capacityOf(newExport().Spec, tt.batches)[tt.lane]; got != tt.want {
				t.Errorf("capacity for %d, want %d", got, tt.want)
			}
		})
	}
}

// created is what the API server has got from a batchStep: the names of the batches, in the
// order in which they came.
type created struct {
	*batchStep
	names []string
}

// newBatchStep is a step whose API server has objects. before is called before a batch is
// created, which it may refuse.
func newBatchStep(t *testing.T, before func(name string) error, objects ...client.Object) *created {
	t.Helper()
	c := &created{}
	api := interceptor.NewClient(newAPI(t, objects...), interceptor.Funcs{
		Create: func(ctx context.Context, api client.WithWatch, obj client.Object, options ...client.CreateOption) error {
			if err := before(obj.GetName()); err != nil {
				return err
			}
			c.names = append(c.names, obj.GetName())
			return api.Create(ctx, obj, options...)
		},
	})
	c.batchStep = &batchStep{client: api, existing: existingBatches{api}, planning: planning{processA, stoppedPool(t)}}
	return c
}

func allow(string) error { return nil }

// plannedBatches is an export of so many conversations, each with a slice of its own, and as
// many of them under legal hold. Its plan and its slices are stored.
func plannedBatches(t *testing.T, conversations, held int) *loaded {
	t.Helper()
	spec := window(0, day)
	spec.MaxConversations = 1
	s := loadedFor(wholeExport(), logOf(t, spec))
	s.store = newStore(t)
	survey := artifacts.Survey{Day: first}
	for n := range conversations {
		survey.Conversations = append(survey.Conversations, slicing.Conversation{ID: id(n), Start: first.Add(time.Duration(n) * time.Second), Held: n < held})
	}
	p := planning{process: processA}.planner(s)
	put(t, p, artifacts.SurveyKey(0, first), survey)
	if err := p.appendEntry(t.Context(), 0, surveyedDay(1, 0, plan.PurposeFirst)); err != nil {
		t.Fatal(err)
	}
	if complete, err := readEntries(t.Context(), s.store, s.plan.Log); err != nil || !complete {
		t.Fatalf("the plan: %t, %v", complete, err)
	}
	return s
}

// namesIn are the names of the slices of a lane with the ordinals from first up to last.
func (s *loaded) namesIn(lane slicing.Lane, first, last int) []string {
	var names []string
	for ordinal := first; ordinal <= last; ordinal++ {
		names = append(names, s.plan.SliceAt(plan.SliceID{Lane: lane, Ordinal: ordinal}).Name)
	}
	return names
}

// batchAt is the batch of a slice, as it runs.
func (s *loaded) batchAt(lane slicing.Lane, ordinal int) v1alpha1.RecordingExportBatch {
	b := batch(int32(ordinal), v1alpha1.Lane(lane), 0, false)
	b.Name = s.namesIn(lane, ordinal, ordinal)[0]
	mark(&b, v1alpha1.ReasonTransferring)
	return b
}

// TestBatchesAreCreated for slices that have none, in the order of the ordinals, up to the
// capacity of each lane.
func TestBatchesAreCreated(t *testing.T) {
	s := plannedBatches(t, 20, 8)
	s.counted = countedOf(1)
	s.batches = []v1alpha1.RecordingExportBatch{s.batchAt(slicing.Standard, 2), s.batchAt(slicing.LegalHold, 0)}
	b := newBatchStep(t, allow, s.export)
	out, err := b.Reconcile(t.Context(), s)
	if err != nil || out.Reason != v1alpha1.ReasonBatchesInProgress {
		t.Fatalf("%v, %v", out, err)
	}
	want := slices.Concat(
		s.namesIn(slicing.Standard, 1, 1), s.namesIn(slicing.Standard, 3, 8), // 8 at a time: 1 runs
		s.namesIn(slicing.LegalHold, 1, 3), s.namesIn(slicing.LegalHoldScreen, 0, 1), // 4 and 2 at a time
	)
	if diff := cmp.Diff(want, b.names); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	var got v1alpha1.RecordingExportBatch
	if err := b.client.Get(t.Context(), client.ObjectKey{Namespace: "legal", Name: s.namesIn(slicing.LegalHold, 2, 2)[0]}, &got); err != nil {
		t.Fatal(err)
	}
	spec := v1alpha1.RecordingExportBatchSpec{
		ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneLegalHold, Ordinal: 2, Conversations: 1,
		Window: v1alpha1.Window{Start: metav1.NewTime(first), End: metav1.NewTime(first.Add(time.Hour))},
	}
	if !equality.Semantic.DeepEqual(got.Spec, spec) || !metav1.IsControlledBy(&got, s.export) || got.Labels[v1alpha1.LabelExport] != "case-1" || got.Labels[v1alpha1.LabelLane] != "legalhold" {
		t.Errorf("created: %+v", got)
	}
}

// TestNoBatchIsCreated while too many are stalled, or the namespace is full.
func TestNoBatchIsCreated(t *testing.T) {
	for name, change := range map[string]func(*loaded){
		"too many are stalled": func(s *loaded) {
			for range maxStalled + 1 {
				stalled := batch(0, v1alpha1.LaneIsolated, 0, false)
				mark(&stalled, v1alpha1.ReasonPermissionMissing)
				s.batches = append(s.batches, stalled)
			}
		},
		"the namespace is full": func(s *loaded) { conditions.Stalled(&s.destination, v1alpha1.ReasonNamespaceFull, "delete something") },
	} {
		t.Run(name, func(t *testing.T) {
			s := plannedBatches(t, 3, 0)
			change(s)
			b := newBatchStep(t, allow, s.export)
			if out, err := b.Reconcile(t.Context(), s); err != nil || out.State != outcome.Stalled || len(b.names) != 0 {
				t.Errorf("created %v: %v, %v", b.names, out, err)
			}
		})
	}
}

// TestABatchThatExists is success if it is this export's.
func TestABatchThatExists(t *testing.T) {
	for uid, ours := range map[types.UID]bool{"uid-1": true, "uid-0": false} {
		s := plannedBatches(t, 3, 0)
		owner := wholeExport()
		owner.UID = uid
		existing := batchOf(t, owner, 1)
		existing.Name = s.namesIn(slicing.Standard, 1, 1)[0]
		b := newBatchStep(t, allow, s.export, existing)
		_, err := b.Reconcile(t.Context(), s)
		if (err == nil) != ours || err != nil && !strings.Contains(err.Error(), existing.Name) {
			t.Errorf("the batch of the export %s is there: %v", uid, err)
		}
		if diff := cmp.Diff(s.namesIn(slicing.Standard, 0, 2), b.names); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
	}
}

// TestABatchThatCannotBeCreated does not stop the others.
func TestABatchThatCannotBeCreated(t *testing.T) {
	s := plannedBatches(t, 4, 1)
	refused := errors.New("the quota is used up")
	b := newBatchStep(t, func(name string) error {
		if name == s.namesIn(slicing.Standard, 1, 1)[0] {
			return refused
		}
		return nil
	}, s.export)
	if _, err := b.Reconcile(t.Context(), s); !errors.Is(err, refused) {
		t.Errorf("reconcile: %v", err)
	}
	want := slices.Concat(s.namesIn(slicing.Standard, 0, 0), s.namesIn(slicing.Standard, 2, 2), s.namesIn(slicing.LegalHold, 0, 0), s.namesIn(slicing.LegalHoldScreen, 0, 0))
	if diff := cmp.Diff(want, b.names); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
}

// TestASliceThatWasNotWritten is written before its batch is created, as it would have been.
func TestASliceThatWasNotWritten(t *testing.T) {
	s := plannedBatches(t, 2, 0)
	lost := artifacts.SliceKey(s.namesIn(slicing.Standard, 1, 1)[0])
	want, err := artifacts.Get[artifacts.Slice](t.Context(), s.store, lost)
	if err != nil || len(want.Conversations) != 1 {
		t.Fatalf("%+v, %v", want, err)
	}
	if err := s.store.Remove(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	b := newBatchStep(t, func(name string) error {
		_, err := artifacts.Get[artifacts.Slice](t.Context(), s.store, artifacts.SliceKey(name))
		return err
	}, s.export)
	if _, err := b.Reconcile(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	got, err := artifacts.Get[artifacts.Slice](t.Context(), s.store, lost)
	if got.Stamp = want.Stamp; err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v (-want +got):\n%s", err, cmp.Diff(want, got))
	}
}
