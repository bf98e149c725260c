package recordingexportbatch

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// restoring is work that may ask nobody: what it decides, it decides by itself.
func restoring(t *testing.T) *restorationWork {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return &restorationWork{
		recorder: recorder{process{clocktesting.NewFakeClock(time.Unix(0, 0)), "test"}, store},
		slice:    artifacts.Slice{Lane: slicing.Isolated, Group: "g"},
	}
}

func TestWhatBecomesOfAnArchivedRecording(t *testing.T) {
	const waits = "waits"
	tests := map[string]struct {
		state     genesys.FileState
		attempted bool
		refused   string
		left      *int
		// want is a reason, empty if it is back, and late what it is past the deadline.
		want, late string
	}{
		"back":                             {state: genesys.FileRestored},
		"available":                        {state: genesys.FileAvailable},
		"on its way":                       {state: genesys.FileRestoring, want: waits, late: evidence.ReasonNotRestored},
		"asked for, but still archived":    {state: genesys.FileArchived, attempted: true, left: ptr.To(5), want: waits, late: evidence.ReasonNotRestored},
		"refused":                          {state: genesys.FileArchived, attempted: true, refused: "R", want: "R", late: "R"},
		"nothing is left of the quota":     {state: genesys.FileArchived, left: ptr.To(0), want: evidence.ReasonRestorationQuota, late: evidence.ReasonNotRestored},
		"deleted meanwhile":                {state: genesys.FileDeleted, want: evidence.ReasonNotRestored, late: evidence.ReasonNotRestored},
		"not listed any more":              {want: evidence.ReasonNotRestored, late: evidence.ReasonNotRestored},
		"a state that nobody has heard of": {state: "NEW", want: evidence.ReasonNotRestored, late: evidence.ReasonNotRestored},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := restoring(t)
			if tt.attempted {
				w.put(t, artifacts.AttemptKey(w.slice, ref(1)), artifacts.RestorationAttempt{RecordingRef: ref(1)})
			}
			if tt.refused != "" {
				w.put(t, artifacts.RefusalKey(w.slice, ref(1)), artifacts.RestorationRefusal{RestorationEnd: artifacts.RestorationEnd{RecordingRef: ref(1), Reason: tt.refused}})
			}
			metadata := genesys.Metadata{RestorationsLeft: tt.left, Recordings: []genesys.Recording{{ID: "other", FileState: genesys.FileAvailable}}}
			if tt.state != "" {
				metadata.Recordings = append(metadata.Recordings, genesys.Recording{ID: "1", FileState: tt.state})
			}
			for _, want := range []string{tt.want, tt.late} {
				got := waits
				end, err := w.recordingEnd(t.Context(), ref(1), &metadata)
				if end != nil {
					got = end.Reason
				}
				if got != want || err != nil {
					t.Errorf("late %v: %q, %v; want %q", w.last, got, err, want)
				}
				w.last = true
			}
		})
	}
}

func (w *restorationWork) put(t *testing.T, key string, value any) {
	t.Helper()
	if _, err := artifacts.Put(t.Context(), w.store, key, value); err != nil {
		t.Fatal(err)
	}
}

// TestAConversationThatCannotBeLookedAt delays no batch forever.
func TestAConversationThatCannotBeLookedAt(t *testing.T) {
	for kind, tt := range map[genesys.Kind]struct{ returned, waits, waitsLate bool }{
		genesys.KindThrottled:    {returned: true},
		genesys.KindUnauthorized: {returned: true},
		genesys.KindForbidden:    {returned: true},
		genesys.KindTimeout:      {waits: true},
		genesys.KindTransient:    {waits: true},
		genesys.KindMalformed:    {waits: true},
		genesys.KindNotFound:     {},
	} {
		w := restoring(t)
		failed := &genesys.Error{Kind: kind}
		c := archivedConversation{"c", refs(2)}
		for _, waits := range []bool{tt.waits, false} {
			sum := &restoringError{}
			err := w.handleReadFailure(t.Context(), c, failed, sum)
			if errors.Is(err, failed) != tt.returned || (sum.pending == 2) != waits {
				t.Errorf("%s, late %v: %v, %+v", kind, w.last, err, sum)
			}
			w.last = true
		}
		ended, err := readEndedRestorations(t.Context(), w.store, w.slice)
		if err != nil || (len(ended) == 1) == tt.returned {
			t.Errorf("%s: %d conversations have ended, %v", kind, len(ended), err)
		}
	}
}

func TestTheInventoryAfterRestorations(t *testing.T) {
	w := restoring(t)
	line := func(n int, d evidence.Disposition, reason, detail string) evidence.Recording {
		return evidence.Recording{ConversationID: "c", RecordingID: ref(n).RecordingID, Disposition: d, Reason: reason, Detail: detail}
	}
	inventory := evidence.Inventory{Recordings: []evidence.Recording{
		line(1, evidence.Unavailable, evidence.ReasonArchived, ""),
		line(2, evidence.Unavailable, evidence.ReasonNotReady, "RESTORING"),
		line(3, evidence.Unavailable, evidence.ReasonArchived, ""),
		line(4, evidence.Unavailable, evidence.ReasonNotReady, "UPLOADING"),
		line(5, evidence.Wanted, "", ""),
	}}
	left := stillArchived(inventory, nil)
	if diff := cmp.Diff([]archivedConversation{{"c", refs(3)}}, left, cmp.AllowUnexported(archivedConversation{})); diff != "" {
		t.Errorf("in the archive (-want +got):\n%s", diff)
	}
	end := artifacts.Restoration{ConversationID: "c", Recordings: []artifacts.RestorationEnd{
		{RecordingRef: ref(1)}, {RecordingRef: ref(2)}, notRestored(ref(3), "late"), {RecordingRef: ref(4)}, notRestored(ref(5), "odd"),
	}}
	if left := stillArchived(inventory, []artifacts.Restoration{end}); len(left) != 0 {
		t.Errorf("%v are left although they have ended", left)
	}
	if err := w.recordEnd(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	if err := applyRestorations(t.Context(), w.store, w.slice, &inventory); err != nil {
		t.Fatal(err)
	}
	want := []evidence.Recording{
		line(1, evidence.Wanted, "", ""), line(2, evidence.Wanted, "", ""), line(3, evidence.Unavailable, evidence.ReasonNotRestored, "late"),
		line(4, evidence.Unavailable, evidence.ReasonNotReady, "UPLOADING"), line(5, evidence.Wanted, "", ""),
	}
	if diff := cmp.Diff(want, inventory.Recordings); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
}

func TestRestoringSaysHowMany(t *testing.T) {
	sum := &restoringError{pending: 2}
	sum.addEnded([]artifacts.RestorationEnd{{}, {}, notRestored(ref(1), "")})
	out := outcome.Of(sum, time.Minute)
	if want := "restoring 5 archived recordings: 2 restored, 1 failed, 2 pending"; out.Message != want || out.State != outcome.Waiting {
		t.Errorf("%v, want %q", out, want)
	}
}

// TestWhenRestorationsAreWaitedFor: while any is pending.
func TestWhenRestorationsAreWaitedFor(t *testing.T) {
	for _, pending := range []bool{true, false} {
		b := &connectedBatch{loadedBatch: loadedAs(openStore(t))}
		b.batch.Spec.Lane, b.state.restorationPending = v1alpha1.LaneIsolated, pending
		pool := transfer.NewPool(transfer.Capacity{}, clocktesting.NewFakeClock(time.Unix(0, 0)), DefaultIntervals().Backoff)
		step := &restorationStep{work: batchWork{&loop.Worker{Pools: transfer.Pools{string(v1alpha1.LaneIsolated): pool}}, &stateCache{}}}
		out, err := step.Reconcile(t.Context(), b)
		if err != nil || out.IsDone() == pending || pending && out.Reason != v1alpha1.ReasonRestoringArchived {
			t.Errorf("pending %t: %v, %v", pending, out, err)
		}
		if pool.Busy(b.keyPrefix()+"b/restoration") != pending {
			t.Errorf("pending %t: work was started: %t", pending, !pending)
		}
	}
}
