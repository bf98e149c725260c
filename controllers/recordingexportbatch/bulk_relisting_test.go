package recordingexportbatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// addLate has a recording of a conversation become known after the inventory was taken.
func (w *bulkWorld) addLate(n int) genesys.RecordingRef {
	if w.late == nil {
		w.late = map[string][]genesys.Recording{}
	}
	ref := genesys.RecordingRef{ConversationID: conversationID(n), RecordingID: fmt.Sprintf("e0000000-0000-4000-8000-%012d", n)}
	w.late[ref.ConversationID] = append(w.late[ref.ConversationID], genesys.Recording{ID: ref.RecordingID, Medium: genesys.Call, FileState: genesys.FileAvailable})
	return ref
}

// wanted are the recordings that the batch transfers in the end.
func (w *bulkWorld) wanted() []genesys.RecordingRef {
	w.t.Helper()
	contents, err := readCurrentContents(w.t.Context(), w.batch.resolvedBatch)
	if err != nil {
		w.t.Fatal(err)
	}
	return contents.inventory.Wanted()
}

// TestLateRecordingsAreExported: a job that finds more than is listed is cancelled, the conversations
// are listed again, and another job exports what became known, too.
func TestLateRecordingsAreExported(t *testing.T) {
	w := newBulkWorld(t, 4)
	late := w.addLate(2)
	waits := strings.Join(w.run(), "\n")
	if w.created != 2 || w.cancelled[w.jobs[0].ID] == 0 || w.executed[w.jobs[0].ID] != 0 || w.executed[w.jobs[1].ID] != 1 {
		t.Errorf("%d jobs created, executed %v, cancelled %v", w.created, w.executed, w.cancelled)
	}
	if len(w.files()) != 5 || len(w.files()[late]) != 1 || !slices.Contains(w.wanted(), late) || len(w.wanted()) != 5 {
		t.Errorf("%d recordings, wanted %v", len(w.files()), w.wanted())
	}
	done := w.record().done
	for _, told := range []string{waits, done.Detail} {
		if !strings.Contains(told, "the job found 5 recordings, the inventory lists 4; the operator has listed the conversations again and found 1 new recording") {
			t.Error(told)
		}
	}
	if want := []string{artifacts.RelistedName(late.ConversationID, 0)}; !slices.Equal(done.Relisted, want) || w.listed != 4 {
		t.Errorf("listed again: %v, in %d calls", done.Relisted, w.listed)
	}
}

// TestWhatIsNeverListedIsReported: a job that keeps finding more than is listed is never executed, and
// the part gets only so many jobs.
func TestWhatIsNeverListedIsReported(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.addLate(0)
	w.unlisted = true
	w.run()
	if w.created != maxMismatches || len(w.executed) != 0 || len(w.cancelled) != maxMismatches || len(w.wanted()) != 2 || len(w.left()) != 0 {
		t.Errorf("%d jobs created, executed %v, cancelled %v, wanted %v, left %v", w.created, w.executed, w.cancelled, w.wanted(), w.left())
	}
	if detail := w.record().done.Detail; !strings.Contains(detail, "the job found 3 recordings, the inventory lists 2") || !strings.Contains(detail, "found 0 new recordings") {
		t.Error(detail)
	}
}

// TestNoListingTakesRecordingsAway: a later listing that lacks a recording of the earlier one is not used, so
// the recording stays in the account.
func TestNoListingTakesRecordingsAway(t *testing.T) {
	w := newBulkWorld(t, 2)
	late := w.addLate(0)
	w.forgotten = map[string]bool{late.ConversationID: true}
	w.run()
	if wanted := w.wanted(); len(w.executed) != 0 || len(wanted) != 2 || slices.Contains(wanted, late) {
		t.Errorf("executed %v, wanted %v", w.executed, wanted)
	}
	if detail := w.record().done.Detail; !strings.Contains(detail, "it does not use the later listing of 1 conversation") {
		t.Error(detail)
	}
}

// TestADifferenceThatDisappears: the next job finds what is listed, and is executed.
func TestADifferenceThatDisappears(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.more = 1
	for len(w.cancelled) == 0 {
		if err := w.work().export(t.Context(), transfer.Try{}); err == nil {
			t.Fatal("it ended")
		}
		w.clock.Step(1e9)
	}
	w.more = 0
	w.run()
	if w.created != 2 || w.executed[w.jobs[0].ID] != 0 || w.executed[w.jobs[1].ID] != 1 || len(w.files()) != 2 {
		t.Errorf("%d jobs created, executed %v, %d recordings", w.created, w.executed, len(w.files()))
	}
}

// TestAJobThatFindsLessIsNotRepeated: its recordings are downloaded at once, and nothing is listed again.
func TestAJobThatFindsLessIsNotRepeated(t *testing.T) {
	w := newBulkWorld(t, 3)
	w.more = -1
	w.run()
	if w.created != 1 || len(w.executed) != 0 || len(w.cancelled) != 1 || w.listed != 0 || len(w.files()) != 0 {
		t.Errorf("%d jobs created, executed %v, cancelled %v, listed %d times", w.created, w.executed, w.cancelled, w.listed)
	}
	if detail := w.record().done.Detail; !strings.HasSuffix(detail, "the job found 2 recordings, the inventory lists 3") {
		t.Error(detail)
	}
}

// share has the conversations of the batch have recordings in two lanes.
func (w *bulkWorld) share() {
	w.batch.export.Spec.MediaTypes = append(w.batch.export.Spec.MediaTypes, v1alpha1.MediumScreen)
	w.batch.batch.Spec.Lane, w.slice.Lane = v1alpha1.LaneLegalHold, "LegalHold"
	for i := range w.slice.Conversations {
		w.slice.Conversations[i].Held.Held = true
	}
	if err := w.store.Remove(w.t.Context(), artifacts.SliceKey("b")); err != nil {
		w.t.Fatal(err)
	}
	putAll(w.t, w.store, map[string]any{artifacts.SliceKey("b"): w.slice})
}

// TestTwoLanesUseTheSameListing: the batch that ends first decides for both. What becomes known later
// is told, and is not in the listing of one lane only.
func TestTwoLanesUseTheSameListing(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.share()
	final := artifacts.RelistedKey("g", artifacts.RelistedName(conversationID(1), 0))
	putAll(t, w.store, map[string]any{final: artifacts.Relisted{ConversationID: conversationID(1)}})
	first, second := w.addLate(0), w.addLate(1)
	w.run()
	if got := w.wanted(); !slices.Contains(got, first) || slices.Contains(got, second) {
		t.Errorf("wanted %v", got)
	}
	if detail := w.record().done.Detail; !strings.Contains(detail, "found 1 new recording; 1 recording came too late for the other lane") {
		t.Error(detail)
	}
	names, err := artifacts.Names(t.Context(), w.store, artifacts.RelistedFolder("g"))
	if want := []string{artifacts.RelistedName(conversationID(0), 0), artifacts.RelistedName(conversationID(0), 1), artifacts.RelistedName(conversationID(1), 0)}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v", names, err)
	}
}

// TestTheOtherLaneTakesInALaterListing: a batch whose own job found no difference uses what the batch
// with the same conversations has listed.
func TestTheOtherLaneTakesInALaterListing(t *testing.T) {
	w := newBulkWorld(t, 2)
	w.share()
	late := w.addLate(1)
	metadata, err := w.RecordingMetadata(t.Context(), conversationID(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	delete(w.late, conversationID(1))
	putAll(t, w.store, map[string]any{artifacts.RelistedKey("g", artifacts.RelistedName(conversationID(1), 0)): artifacts.Relisted{
		ConversationID: conversationID(1), Metadata: &artifacts.Metadata{ConversationID: conversationID(1), Recordings: metadata.Recordings},
	}})
	w.run()
	if w.created != 1 || len(w.executed) != 1 || !slices.Contains(w.wanted(), late) || len(w.wanted()) != 3 {
		t.Errorf("%d jobs created, executed %v, wanted %v", w.created, w.executed, w.wanted())
	}
}

// TestAProcessMayEndWhileItListsAgain: whichever write is its last, late recordings are not lost, and
// no job is executed that found another number than was listed.
func TestAProcessMayEndWhileItListsAgain(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n, crashed := 1, true; crashed; n++ {
			t.Run(fmt.Sprintf("write %d, after it %t", n, after), func(t *testing.T) {
				w := newBulkWorld(t, 3)
				late := []genesys.RecordingRef{w.addLate(0), w.addLate(1)}
				crashed = w.crashAt(n, after)
				w.run()
				for _, ref := range late {
					if !slices.Contains(w.wanted(), ref) {
						t.Errorf("%v is lost, wanted %v", ref, w.wanted())
					}
				}
				if len(w.left()) != 0 || w.executed[w.jobs[0].ID] != 0 && len(w.record().done.Relisted) != 2 {
					t.Errorf("left %v, executed %v", w.left(), w.executed)
				}
			})
		}
	}
}
