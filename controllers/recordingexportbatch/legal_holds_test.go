package recordingexportbatch

import (
	"context"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestAConversationWhoseHoldIsUnknownLeaves: it is isolated. Its batch accounts for
// none of its recordings, but tells how many the metadata in its bag lists.
func TestAConversationWhoseHoldIsUnknownLeaves(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	recordings := []genesys.Recording{{ID: "6a1f0c3e-0000-4000-8000-000000000001", Medium: genesys.Call, FileState: genesys.FileAvailable}}
	known := artifacts.Metadata{ConversationID: "c", Recordings: recordings, Body: []byte("[]")}
	if _, err := artifacts.Put(t.Context(), store, artifacts.MetadataKey("g", known.ConversationID), known); err != nil {
		t.Fatal(err)
	}
	conversations := []evidence.Conversation{{ID: known.ConversationID}}
	hold := artifacts.Hold{Unknown: []genesys.UnknownHold{{ConversationID: known.ConversationID, Why: "HTTP 500"}}}
	policy := evidence.Policy{Slicing: slicing.Spec{Screen: true, Other: true}, Media: []genesys.Medium{genesys.Call}}
	for lane, want := range map[slicing.Lane]evidence.Conversation{
		slicing.Standard: {Recordings: 1, Disposition: evidence.Excluded, Reason: evidence.ReasonMovedToIsolated},
		slicing.Isolated: {Recordings: 1, Disposition: evidence.Exported, Home: true},
	} {
		metadata, err := readMetadata(t.Context(), store, artifacts.Slice{Lane: lane, Group: "g", Conversations: conversations}, hold)
		if err != nil {
			t.Fatal(err)
		}
		inventory := evidence.TakeInventory(policy, lane, conversations, metadata)
		got := inventory.Conversations[0]
		if got.Recordings != want.Recordings || got.Disposition != want.Disposition || got.Reason != want.Reason || got.Home != want.Home {
			t.Errorf("%s: %+v, want %+v", lane, got, want)
		}
		if stays := len(inventory.Wanted()) == 1; stays != want.Home {
			t.Errorf("%s: %v is transferred", lane, inventory.Wanted())
		}
	}
}

// unheld tells of a call in each conversation, but not whether it is under legal hold.
type unheld struct{ kind genesys.Kind }

func (unheld) RecordingMetadata(context.Context, string, time.Duration) (genesys.Metadata, error) {
	return genesys.Metadata{Recordings: []genesys.Recording{
		{ID: "6a1f0c3e-0000-4000-8000-000000000001", Medium: genesys.Call, FileState: genesys.FileAvailable},
	}}, nil
}

func (u unheld) Protected(context.Context, []string, time.Duration) ([]string, error) {
	return nil, &genesys.Error{Op: "read deletion protection", Kind: u.kind}
}

// TestAHoldThatNobodyAnswersAbout keeps no batch forever: once the deadline is used up its
// conversation leaves for the lane Isolated, and there the survey's answer applies. A
// permission that is missing is waited for, but not in the lane Isolated.
func TestAHoldThatNobodyAnswersAbout(t *testing.T) {
	tests := map[string]struct {
		lane slicing.Lane
		kind genesys.Kind
		// spends tells whether waiting uses up the deadline.
		spends bool
	}{
		"in a lane":                    {slicing.LegalHold, genesys.KindTransient, true},
		"refused, in a lane":           {slicing.Standard, genesys.KindInvalid, true},
		"isolated":                     {slicing.Isolated, genesys.KindTransient, true},
		"forbidden, in a lane":         {slicing.Standard, genesys.KindForbidden, false},
		"forbidden for what is apart":  {slicing.Isolated, genesys.KindForbidden, true},
		"throttled, whatever the lane": {slicing.Isolated, genesys.KindThrottled, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store, err := archive.OpenDirectory(t.TempDir(), "case-1")
			if err != nil {
				t.Fatal(err)
			}
			now := clocktesting.NewFakeClock(time.Unix(0, 0))
			w := &metadataWork{
				recorder: recorder{process{now, "test"}, store}, cloud: unheld{tt.kind}, requests: newRoute(now),
				slice:  artifacts.Slice{Lane: tt.lane, Group: "g", Conversations: []evidence.Conversation{{ID: "c", Held: evidence.HoldAnswer{Held: tt.lane == slicing.LegalHold}}}},
				policy: evidence.Policy{Slicing: slicing.Spec{Screen: true, Other: true}, Media: []genesys.Medium{genesys.Call}},
			}
			err = w.fetchAll(t.Context(), transfer.Try{})
			if pause := transfer.DefaultRetryPolicy().Backoff(err, 0); pause.UsesDeadline != tt.spends {
				t.Errorf("%v: uses up the deadline: %t", err, pause.UsesDeadline)
			}
			if !tt.spends {
				return
			}
			if err := w.fetchAll(t.Context(), transfer.Try{Last: true}); err != nil {
				t.Fatal(err)
			}
			hold, err := artifacts.Get[artifacts.Hold](t.Context(), store, artifacts.HoldKey("g"))
			if err != nil || len(hold.Unknown) != 1 || !hold.Late {
				t.Errorf("once the deadline is used up: %+v, %v", hold, err)
			}
		})
	}
}

// TestWhichFilesOfABagAreUnderLegalHold: in the lanes Standard and Isolated those of a conversation
// that is under legal hold, and those that prove them. In the hold lanes the store has put all of
// them under legal hold already (TestTheReferencesOfABatch).
func TestWhichFilesOfABagAreUnderLegalHold(t *testing.T) {
	const bag = "bags/b/"
	keys := map[string]string{
		"its recording":              bag + evidence.RecordingPath("held", "r", 1, "mp3"),
		"its metadata":               bag + evidence.MetadataPath("held"),
		"recording of another":       bag + evidence.RecordingPath("free", "r", 1, "mp3"),
		"metadata of another":        bag + evidence.MetadataPath("free"),
		"tag file":                   bag + evidence.BagDeclaration,
		"table":                      bag + evidence.ConversationsTable,
		"its recording, another bag": "bags/bb/" + evidence.RecordingPath("held", "r", 1, "mp3"),
		"artifact":                   artifacts.OutcomeKey("b"),
	}
	needed := []string{"its metadata", "its recording", "table", "tag file"}
	answered := time.Unix(1, 0)
	tests := map[string]struct {
		lane slicing.Lane
		held evidence.Conversation
		want []string
	}{
		"Standard, held":        {slicing.Standard, evidence.Conversation{HeldLater: evidence.HoldAnswer{Held: true, At: answered}}, needed},
		"Isolated, held":        {slicing.Isolated, evidence.Conversation{HeldLater: evidence.HoldAnswer{Held: true, At: answered}}, needed},
		"Isolated, by a survey": {slicing.Isolated, evidence.Conversation{Held: evidence.HoldAnswer{Held: true, At: answered}}, needed},
		"held, but it left":     {slicing.Standard, evidence.Conversation{HeldLater: evidence.HoldAnswer{Held: true, At: answered}, Disposition: evidence.Excluded}, nil},
		"held no more":          {slicing.Isolated, evidence.Conversation{Held: evidence.HoldAnswer{Held: true}, HeldLater: evidence.HoldAnswer{At: answered}}, nil},
		"not held":              {slicing.Standard, evidence.Conversation{}, nil},
		"LegalHold":             {slicing.LegalHold, evidence.Conversation{HeldLater: evidence.HoldAnswer{Held: true, At: answered}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.held.ID = "held"
			inventory := evidence.Inventory{Lane: tt.lane, Conversations: []evidence.Conversation{tt.held, {ID: "free"}}}
			var got []string
			for _, of := range slices.Sorted(maps.Keys(keys)) {
				locking := &lockingStore{Store: openStore(t)}
				if err := heldStore(locking, "b", inventory).Create(t.Context(), keys[of], func(io.Writer) error { return nil }); err != nil {
					t.Fatal(err)
				}
				if locking.held > 0 {
					got = append(got, of)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("under legal hold: %q, want %q", got, tt.want)
			}
		})
	}
}
