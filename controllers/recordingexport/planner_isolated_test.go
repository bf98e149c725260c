package recordingexport

import (
	"fmt"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func conversationID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// isolating is a planner over an archive in which a batch of four held
// conversations has finished: the first was read, the second isolated, the third
// and the fourth left when the retry deadline was used up. Of the first, two
// recordings left, too.
func isolating(t *testing.T) planner {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	p := planner{recorder: recorder{processA, store}, export: "case-1", spec: window(0, day)}
	p.spec.MaxConversations = 10
	slice := artifacts.Slice{Lane: slicing.LegalHold, Start: first, End: first.Add(time.Hour), Group: "g"}
	settled := artifacts.Inventory{Inventory: evidence.Inventory{Lane: slicing.LegalHold}}
	for n, m := range []artifacts.Metadata{{}, {Reason: evidence.ReasonMovedToIsolated}, {Reason: evidence.ReasonMovedToIsolated, Late: true}, {Reason: evidence.ReasonMovedToIsolated, Late: true}} {
		m.ConversationID = conversationID(n)
		slice.Conversations = append(slice.Conversations, evidence.Conversation{
			ID: m.ConversationID, Start: first.Add(time.Duration(n) * time.Minute), Held: evidence.HoldAnswer{Held: n%2 == 0, At: first},
		})
		put(t, p, artifacts.MetadataKey("g", m.ConversationID), m)
	}
	for n, reason := range []string{"", evidence.ReasonMovedToIsolated, evidence.ReasonMovedToIsolated, evidence.ReasonRefused} {
		settled.Recordings = append(settled.Recordings, evidence.Recording{ConversationID: conversationID(0), RecordingID: fmt.Sprint("r", n), Reason: reason})
	}
	put(t, p, artifacts.SliceKey("b"), slice)
	put(t, p, artifacts.HoldKey("g"), artifacts.Hold{})
	put(t, p, artifacts.OutcomeKey("b"), settled)
	return p
}

func put[T any](t *testing.T, p planner, key string, value T) {
	t.Helper()
	if _, err := artifacts.Put(t.Context(), p.store, key, value); err != nil {
		t.Fatal(err)
	}
}

// TestConversationsThatAreIsolated get slices of their own, except for those that
// left together when the retry deadline was used up.
func TestConversationsThatAreIsolated(t *testing.T) {
	p := isolating(t)
	cut, err := p.slicesOf(t.Context(), 7, plan.Entry{Isolated: &plan.Isolated{Group: "g", Batch: "b", Day: first}})
	if err != nil || len(cut) != 2 {
		t.Fatalf("%d slices, %v", len(cut), err)
	}
	alone, together := cut[0], cut[1]
	if alone.name != "case-1-isolated-20231001t000000z-d7" || len(alone.Conversations) != 1 || alone.Conversations[0].ID != conversationID(1) || alone.Late {
		t.Errorf("alone: %+v", alone)
	}
	if together.name != "case-1-isolated-20231001t000000z-2-d7" || len(together.Conversations) != 2 || !together.Late {
		t.Errorf("together: %+v", together)
	}
	if alone.Lane != slicing.Isolated || alone.Group == together.Group || !together.Conversations[0].Held.Held || together.Conversations[1].Held.Held {
		t.Errorf("alone %+v, together %+v", alone, together)
	}
}

// TestConversationsWhoseHoldIsUnknown are isolated, each by itself if there was an
// answer about others, together if there was none until the retry deadline was
// used up.
func TestConversationsWhoseHoldIsUnknown(t *testing.T) {
	for late, want := range map[bool]int{false: 2, true: 1} {
		p := isolating(t)
		slice := artifacts.Slice{Lane: slicing.Standard, Start: first, End: first.Add(time.Hour), Group: "h"}
		hold := artifacts.Hold{Late: late}
		for n := range 2 {
			id := conversationID(n)
			slice.Conversations = append(slice.Conversations, evidence.Conversation{ID: id, Start: first})
			hold.Unknown = append(hold.Unknown, genesys.UnknownHold{ConversationID: id, Why: "HTTP 500"})
			put(t, p, artifacts.MetadataKey("h", id), artifacts.Metadata{ConversationID: id})
		}
		put(t, p, artifacts.SliceKey("c"), slice)
		put(t, p, artifacts.HoldKey("h"), hold)
		cut, err := p.slicesOf(t.Context(), 7, plan.Entry{Isolated: &plan.Isolated{Group: "h", Batch: "c", Day: first}})
		if err != nil || len(cut) != want || cut[0].Late != late {
			t.Errorf("retry deadline used up %t: %+v, %v", late, cut, err)
		}
	}
}

// TestRecordingsThatAreIsolated come with their conversation, and nothing else of it.
func TestRecordingsThatAreIsolated(t *testing.T) {
	p := isolating(t)
	cut, err := p.slicesOf(t.Context(), 7, plan.Entry{Isolated: &plan.Isolated{Group: "g", Batch: "b", Day: first, Recordings: true}})
	if err != nil || len(cut) != 1 {
		t.Fatalf("%d slices, %v", len(cut), err)
	}
	c := cut[0].Conversations[0]
	if fmt.Sprint(c.Only) != "[r1 r2]" || !c.Left || c.Retried || c.ID != conversationID(0) || countNamedRecordings(cut[0].Slice) != 2 {
		t.Errorf("%+v", cut[0])
	}
}
